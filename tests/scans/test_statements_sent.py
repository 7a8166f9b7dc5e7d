"""How many statements a check-in sends, of its whole request: a guard against a careless query, not a measure of time.

What counts tries is left out: it is a unit of work of its own, and Redis does it where there is one.
"""

from __future__ import annotations

from app.codes.kinds import station
from app.kernel.db import db, transaction
from tests import make as everyone
from tests.codes import make as codes
from tests.rewards.test_statements_sent import sent
from tests.rules import make as rules
from tests.scans.test_scanning import HERE, client_of, scan

# the key of the request, guesses, the station with its region; the check-in; grounds; counters; accounts
ASKED = 7
WHO = 1  # calls
# the first of the day, the fact; counters; the accounts' lock, entries, transaction, award; the answer to the key: on
# PostgreSQL in one message with the COMMIT
WRITTEN = 8
CODE = 2  # the handle with its rider, the session it opens
NEW_WALLET = 1
AGREES = 2  # who uses the location for the first time says yes by it: the answer, and at hand on the person


def poster() -> int:
    return WHO + ASKED + (0 if db.engine.dialect.name == "postgresql" else WRITTEN)


def asked_by(call) -> list[str]:
    with sent() as seen:
        status, told = call()
    assert (status, told["outcome"]) == (200, "done")
    assert told["points"] > 0
    return [each for each in seen if "limit_windows" not in each]


def test_a_check_in_is_so_many_statements_and_no_more_for_the_tenth(app, clock):
    made = rules.scene()
    with transaction():
        here = everyone.station()
        manager = everyone.actor(everyone.staff("station-manager", station_id=here.id, name="站长"))
        rider = everyone.actor(made.rider)
        phone = codes.phone(rider)
    on_the_wall = station.make(here.short_code)
    scan(client_of(app, rider), on_the_wall, **HERE)  # fills what a process keeps, and opens the wallet
    for _ in range(3):
        clock.advance(days=1)
        by_rider = client_of(app, rider)
        seen = asked_by(lambda by=by_rider: scan(by, on_the_wall, **HERE))
        assert len(seen) == poster(), "\n".join(seen)
        clock.advance(days=1)
        by_station = client_of(app, manager)
        seen = asked_by(lambda by=by_station: scan(by, phone.code(), station_id=str(here.id)))
        assert len(seen) == poster() + CODE, "\n".join(seen)


def test_a_first_check_in_also_opens_the_wallet_and_says_yes_to_the_location(app, clock):
    made = rules.scene()
    with transaction():
        here = everyone.station()
        riders = [everyone.actor(made.rider), everyone.actor(everyone.rider("李师傅"))]
    first, second = (client_of(app, each) for each in riders)
    on_the_wall = station.make(here.short_code)
    scan(first, on_the_wall, **HERE)
    assert len(asked_by(lambda: scan(second, on_the_wall, **HERE))) == poster() + NEW_WALLET + AGREES
