"""Holds: reserve, then capture, release or expire, and never again anything else."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app.identity.actors import SYSTEM
from app.kernel import clock as clocks
from app.kernel import events
from app.kernel.db import session, transaction
from app.kernel.ids import new_id
from app.ledger import holds
from app.ledger.accounts import settlement_of
from app.ledger.errors import HoldEnded, HoldNotFound, PointsShort, SourceUsedDifferently
from app.ledger.events import HoldExpired
from app.ledger.models import Hold
from app.ledger.queries import Balance, balance_of
from app.ledger.verify import verify
from tests.crossing import crossed
from tests.ledger import make


def test_it_reserves_points(app):
    with transaction():
        person_id = make.rich(100)
        made = make.held(person_id, 60)
        assert made.state == "held"
        assert balance_of(person_id) == Balance(usable=40, pending=0, held=60)
        assert verify() == []


def test_it_reserves_the_same_source_once(app):
    with transaction():
        person_id = make.rich(100)
        first = make.held(person_id, 60, source="voucher:1")
        assert make.held(person_id, 60, source="voucher:1").id == first.id
        assert balance_of(person_id).held == 60
        with pytest.raises(SourceUsedDifferently):
            make.held(person_id, 10, source="voucher:1")
        with pytest.raises(SourceUsedDifferently):
            make.held(make.rich(100), 60, source="voucher:1")


def test_it_reserves_no_more_than_is_usable(app):
    with transaction():
        person_id = make.rich(100)
        make.held(person_id, 60)
        with pytest.raises(PointsShort) as short:
            make.held(person_id, 41)
        assert short.value.facts == {"short_by": 1, "usable": 40}
        make.held(person_id, 40)
        with pytest.raises(PointsShort) as short:
            make.held(new_id(), 3)
        assert short.value.facts == {"short_by": 3, "usable": 0}


def test_it_captures_all(app):
    with transaction():
        person_id, shop = make.rich(100), settlement_of(new_id())
        made = make.held(person_id, 60)
        spent = capture(made, shop)
        assert (made.state, made.captured_points, made.transaction_id) == ("captured", 60, spent.id)
        assert balance_of(person_id) == Balance(usable=40, pending=0, held=0)
        assert shop.balance == 60
    with transaction():
        assert verify() == []


def test_it_captures_a_part_and_the_rest_is_usable_again(app):
    with transaction():
        person_id, shop = make.rich(100), settlement_of(new_id())
        capture(make.held(person_id, 60), shop, points=25)
        assert balance_of(person_id) == Balance(usable=75, pending=0, held=0)
        assert verify() == []


@pytest.mark.parametrize("points", [0, -1, 61])
def test_it_captures_no_more_than_is_held_and_no_nothing(app, points):
    with transaction():
        made = make.held(make.rich(100), 60)
        with pytest.raises(ValueError, match="a capture takes"):
            capture(made, settlement_of(new_id()), points=points)


def test_it_captures_once(app):
    with transaction():
        person_id, shop = make.rich(100), settlement_of(new_id())
        made = make.held(person_id, 60)
        first = capture(made, shop, source="scan:1")
        assert capture(made, shop, source="scan:1").id == first.id
        assert balance_of(person_id).usable == 40
        with pytest.raises(HoldEnded):
            capture(made, shop, source="scan:2")
        with pytest.raises(SourceUsedDifferently):
            capture(made, settlement_of(new_id()), source="scan:1")
        with pytest.raises(SourceUsedDifferently):
            capture(make.held(person_id, 10), shop, source="scan:1")
        assert verify() == []


def test_it_gives_points_back(app):
    with transaction():
        person_id = make.rich(100)
        made = make.held(person_id, 60)
        assert release(made).state == "released"
        assert balance_of(person_id) == Balance(usable=100, pending=0, held=0)
        assert release(made).state == "released"
        with pytest.raises(HoldEnded):
            capture(made, settlement_of(new_id()))


def test_it_does_not_give_back_what_was_spent(app):
    with transaction():
        made = make.held(make.rich(100), 60)
        capture(made, settlement_of(new_id()))
        with pytest.raises(HoldEnded) as ended:
            release(made)
        assert ended.value.facts == {"state": "captured"}


def test_it_knows_no_other_holds(app):
    with transaction(), pytest.raises(HoldNotFound):
        holds.release(new_id(), source="x", by=SYSTEM, at=clocks.now())


def test_it_expires_what_is_over_and_says_so(app, clock):
    heard = []
    events.wire([(HoldExpired, heard.append)])
    with transaction():
        person_id = make.rich(100)
        made = make.held(person_id, 60, source="voucher:1")
        make.held(person_id, 10, expires_at=clock.at + timedelta(days=2))
    clock.advance(days=1)
    with transaction():
        with pytest.raises(HoldEnded):
            capture(made, settlement_of(new_id()))
        assert holds.expire_due(at=clock.at) == [made.id]
        assert holds.expire_due(at=clock.at) == []
        assert balance_of(person_id) == Balance(usable=90, pending=0, held=10)
        assert verify() == []
        assert (release(made).state, balance_of(person_id).usable) == ("expired", 90)  # they are back already
    assert [(each.source, each.person_id, each.points) for each in heard] == [("voucher:1", person_id, 60)]


def test_a_batch_ends_first_what_was_over_first(app, clock):
    with transaction():
        person_id = make.rich(100)
        ends = [make.held(person_id, 5, expires_at=clock() + timedelta(hours=hours)).id for hours in (2, 1)]
    at = clock.advance(hours=3)
    with transaction():
        assert [holds.expire_due(at=at, limit=1) for _ in range(2)] == [[ends[1]], [ends[0]]]


def test_it_needs_few_statements(app, statements):
    with transaction():
        person_id, shop = make.rich(100), settlement_of(new_id())
        statements.clear()
        made = make.held(person_id, 60)
        assert len(statements) == 1, statements
        statements.clear()
        capture(made, shop)
        assert len(statements) == 3, statements


@pytest.mark.parametrize(
    "change",
    [
        {"state": "held", "ended_at": None, "end_source": None},
        {"state": "released"},
        {"points": 1},
    ],
)
def test_the_database_refuses_to_change_an_ended_hold(app, change):
    with transaction():
        made = make.held(make.rich(100), 60)
        release(made)
    with pytest.raises(IntegrityError, match="an ended hold never changes"), transaction():
        session.execute(sa.update(Hold).where(Hold.id == made.id).values(change))


@pytest.mark.usefixtures("owned")
def test_the_database_refuses_anything_but_the_end_of_a_hold(app):
    with transaction():
        made = make.held(make.rich(100), 60)
    for change in (
        {"points": 1},
        {"source": "other"},
        {"state": "released", "ended_at": clocks.now(), "points": 1},
    ):
        with pytest.raises(IntegrityError, match="of a hold only its end"), transaction():
            session.execute(sa.update(Hold).where(Hold.id == made.id).values(change))
    with pytest.raises(IntegrityError, match="a hold is never deleted|fk_lot_holds"), transaction():
        session.execute(sa.delete(Hold))


def test_the_database_lets_no_hold_begin_at_its_end(app):
    with transaction():
        made = make.held(make.rich(100), 60, source="voucher:1")
        values = {"id": new_id(), "account_id": made.account_id, "points": 5, "state": "released"}
        values |= {
            "source": "odd",
            "expires_at": clocks.now(),
            "made_at": clocks.now(),
            "ended_at": clocks.now(),
        }
    with pytest.raises(IntegrityError, match="a hold begins held"), transaction():
        session.execute(sa.insert(Hold).values(values))
    for known in ({"id": made.id}, {"source": "voucher:1"}):
        with pytest.raises(IntegrityError, match="(?i)a hold begins held and once|unique"), transaction():
            again = sa.insert(Hold).values(values | {"state": "held", "ended_at": None} | known)
            session.execute(again.prefix_with("OR REPLACE", dialect="sqlite"))


def capture(made, account, *, source=None, points=None):
    return holds.capture(
        made.id,
        to_account_id=account.id,
        source=source or make.source("scan"),
        points=points,
        by=SYSTEM,
        at=clocks.now(),
    )


def release(made):
    return holds.release(made.id, source=make.source("cancel"), by=SYSTEM, at=clocks.now())


def test_of_two_who_want_the_last_points_the_second_is_told_how_many_are_missing(app):
    with transaction():
        person_id = make.rich(100)
    both = crossed(lambda: make.held(person_id, 60), lambda: make.held(person_id, 60))
    assert both.then == "points-short"


def test_whoever_sweeps_leaves_a_hold_that_is_being_captured(app, clock):
    heard = []
    events.wire([(HoldExpired, heard.append)])
    with transaction():
        made, shop = make.held(make.rich(100), 60), settlement_of(new_id())
    at = clock.advance(days=1)
    in_time = at - timedelta(seconds=1)
    both = crossed(
        lambda: holds.capture(made.id, to_account_id=shop.id, source="scan", by=SYSTEM, at=in_time).kind,
        lambda: holds.expire_due(at=at),
    )
    assert (both.first, both.then, both.waited, heard) == ("capture", [], False, [])


def test_whoever_sweeps_passes_over_no_hold_of_a_wallet_that_is_being_filled(app, clock):
    with transaction():
        person_id = make.rich(100)
        over = make.held(person_id, 5).id
    at = clock.advance(days=2)
    both = crossed(lambda: make.give(person_id, 5), lambda: holds.expire_due(at=at))
    assert both.then == [over]
