"""What cheats got out of it: usable, redeemed, redeemed at most, and by which scheme."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest

from app.identity.actors import SYSTEM
from app.kernel.db import transaction
from app.ledger.accounts import redemption_account
from app.ledger.holds import capture
from simulator import takings
from simulator.takings import Credit, Takings, made_up_and_spent
from tests.ledger import make as ledger
from tests.simulator.unguarded import Books, unguarded


def redeemed(clock, person_id, points):
    hold_id, shop = ledger.held(person_id, points).id, redemption_account().id
    capture(hold_id, to_account_id=shop, source=ledger.source("end"), by=SYSTEM, at=clock())


def test_of_what_was_made_up_no_more_is_redeemed_than_was_given_or_than_was_spent(app, clock, monkeypatch):
    with transaction():
        spends_all, spends_little, saves = (ledger.rich(50) for _ in range(3))
        redeemed(clock, spends_all, 50)
        redeemed(clock, spends_little, 5)
        earned = [Credit("", 20, False), Credit("split", 30, False)]
        credited = dict.fromkeys((spends_all, spends_little, saves), earned)
        monkeypatch.setattr(Takings, "_credits", lambda _self, _states, _chosen: credited)
        paid = Takings().paid()
    assert (paid.redeemed_by_fraud, paid.redeemed_at_most) == (30, 35)
    assert (paid.to_fraud, paid.by_scheme) == (90, {"split": 90})


@pytest.fixture
def books(monkeypatch) -> Iterator[Books]:
    with unguarded() as found:
        monkeypatch.setattr(takings, "session", found.session)
        yield found


CHEAT, FIRST, SECOND, THIRD = (UUID(int=number) for number in range(1, 5))
AT = datetime(2026, 11, 24, 6, tzinfo=UTC)


def given(fact_id, points):
    """An award that was paid out."""
    words = {"id": fact_id, "fact_id": fact_id, "person_id": CHEAT, "points": points}
    return words | {"state": "active", "funded_at": AT}


def test_of_the_reports_of_one_matter_the_best_is_honest_and_the_others_are_made_up(books):
    books.put({"awards": [given(FIRST, 5), given(SECOND, 15), given(THIRD, 2)]})
    found = Takings(splits=[[FIRST, SECOND, THIRD]])
    assert found.gains("active") == {CHEAT: {"split": 7}}
    assert (found.paid().to_fraud, found.paid().issued) == (7, 22)


@pytest.mark.parametrize(("settled_at", "to_fraud"), [(None, 10), (AT, 30)])
def test_what_a_doubt_has_set_aside_is_of_no_use_until_it_is_settled(books, settled_at, to_fraud):
    doubts = {"id": FIRST, "settled_at": settled_at}, {"id": SECOND, "settled_at": None}
    books.put(
        {
            "awards": [given(FIRST, 30), given(SECOND, 40)],
            "doubts": [each | {"fact_id": each["id"]} for each in doubts],
            "doubt_holds": [{"doubt_id": FIRST, "points": 20}, {"doubt_id": SECOND, "points": 40}],
        }
    )
    paid = Takings(facts={FIRST: "relay"}).paid()  # the other doubt is of an honest fact
    assert (paid.to_fraud, paid.issued, paid.by_scheme) == (to_fraud, 70, {"relay": 30})


HONEST, MADE_UP, TAKEN_BACK = Credit("", 10, False), Credit("relay", 10, False), Credit("relay", 10, True)


@pytest.mark.parametrize(
    ("credited", "spent", "made_up"),
    [
        ([HONEST, MADE_UP], 10, 0),
        ([MADE_UP, HONEST], 7, 7),
        ([HONEST, MADE_UP, HONEST], 15, 5),
        ([TAKEN_BACK, HONEST], 10, 0),  # it was not there any more
        ([TAKEN_BACK, HONEST], 13, 3),  # unless more was spent than there is: then it was there in time
        ([MADE_UP], 25, 10),  # the rest came from elsewhere
        ([], 5, 0),
    ],
)
def test_what_was_given_first_is_spent_first(credited, spent, made_up):
    assert made_up_and_spent(credited, spent) == made_up
