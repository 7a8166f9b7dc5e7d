"""What expires first is spent first, and what comes back goes where it came from."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app.identity.actors import SYSTEM
from app.kernel import clock as clocks
from app.kernel.db import session, transaction
from app.kernel.ids import new_id
from app.ledger import holds, posting
from app.ledger.accounts import settlement_of, wallet_of
from app.ledger.lot_guards import GRACE_DAYS
from app.ledger.models import NEVER, Entry, LedgerTransaction, Lot, LotHold, LotMove
from app.ledger.posting import Leg
from app.ledger.verify import verify
from tests.ledger import make

TODAY = date(2026, 11, 24)
SOON, LATER = date(2026, 12, 1), date(2027, 1, 1)


@pytest.fixture
def person(app):
    """20 points that never expire, 10 that run out late, 10 soon: given in this order."""
    with transaction():
        person_id = new_id()
        for points, day in ((20, None), (10, LATER), (10, SOON)):
            make.give_until(person_id, points, day)
    with transaction():
        yield person_id
        session.expire_all()
        assert verify() == []


def spend(person_id, points, source="shop", **leg):
    legs = [Leg(wallet_of(person_id).id, -points, **leg), Leg(settlement_of(new_id()).id, points)]
    return posting.post(kind="gift", source=source, legs=legs, words=make.WORDS, by=SYSTEM, at=clocks.now())


def give_back(person_id, points, source="shop", at=None):
    back = posting.returning(wallet_of(person_id).id, points, source=source)
    return make.give(
        person_id, points, legs=[Leg(settlement_of(new_id()).id, -points), back], at=at or clocks.now()
    )


def capture(hold, points=None, at=None):
    return holds.capture(
        hold.id, to_account_id=settlement_of(new_id()).id, source=f"scan:{hold.id}", points=points,
        by=SYSTEM, at=at or clocks.now(),
    )  # fmt: skip


def test_the_earliest_expiry_is_spent_first(person):
    spend(person, 15)
    assert make.lots(person) == {LATER: (5, 0), NEVER: (20, 0)}


def test_points_of_the_same_day_share_a_lot(person):
    make.give_until(person, 7, SOON)
    assert make.lots(person)[SOON] == (17, 0)


def test_a_hold_reserves_what_expires_first_and_the_next_one_what_is_left(person):
    make.held(person, 12)
    make.held(person, 3)
    assert make.lots(person) == {SOON: (10, 10), LATER: (10, 5), NEVER: (20, 0)}


def test_a_spend_leaves_held_lots_alone(person):
    make.held(person, 12)
    spend(person, 10)
    assert make.lots(person) == {SOON: (10, 10), LATER: (2, 2), NEVER: (18, 0)}


def test_a_capture_takes_what_its_hold_reserved(person):
    first, second = make.held(person, 12), make.held(person, 10)
    capture(second)
    assert make.lots(person) == {SOON: (10, 10), LATER: (2, 2), NEVER: (18, 0)}
    capture(first)
    assert make.lots(person) == {NEVER: (18, 0)}


def test_a_part_capture_takes_the_earliest_of_its_lots_and_frees_the_rest(person):
    capture(make.held(person, 15), points=11)
    assert make.lots(person) == {LATER: (9, 0), NEVER: (20, 0)}


def test_a_release_frees_the_same_lots(person):
    before = make.lots(person)
    holds.release(make.held(person, 25).id, source="x", by=SYSTEM, at=clocks.now())
    assert make.lots(person) == before


def test_points_come_back_to_the_lots_they_came_from_the_latest_first(person):
    spend(person, 25)
    give_back(person, 7)
    assert make.lots(person) == {LATER: (2, 0), NEVER: (20, 0)}
    give_back(person, 18)
    assert make.lots(person) == {SOON: (10, 0), LATER: (10, 0), NEVER: (20, 0)}


def test_more_than_was_taken_never_comes_back(person):
    spend(person, 5)
    give_back(person, 5)
    with pytest.raises(IntegrityError, match="the lots do not move"), session.begin_nested():
        give_back(person, 1)


def test_a_reversal_gives_back_and_takes_where_the_first_did(person):
    given = make.give_until(person, 5, NEVER)
    spent = spend(person, 12)
    for number, each in enumerate((given, spent)):
        posting.reverse(
            transaction_id=each.id, source=f"undo:{number}", words=make.WORDS, by=SYSTEM, at=clocks.now()
        )
    assert make.lots(person) == {SOON: (10, 0), LATER: (10, 0), NEVER: (20, 0)}


def test_points_that_come_back_too_late_may_be_used_a_while_more(person):
    spend(person, 12)
    at = clocks.now() + timedelta(days=60)  # both days are over by then
    give_back(person, 12, at=at)
    due_on = TODAY + timedelta(days=60 + GRACE_DAYS)
    assert make.lots(person) == {due_on: (20, 0), NEVER: (20, 0)}


@pytest.mark.parametrize("partly", [True, False])
def test_a_hold_that_ends_too_late_gives_the_same_grace(person, partly):
    reserved = make.held(person, 10, expires_at=clocks.now() + timedelta(days=40))
    at = clocks.now() + timedelta(days=20)
    if partly:
        capture(reserved, points=4, at=at)
    else:
        holds.release(reserved.id, source="x", by=SYSTEM, at=at)
    assert make.lots(person)[TODAY + timedelta(days=20 + GRACE_DAYS)] == (6 if partly else 10, 0)


@pytest.mark.parametrize("spent", [True, False])
def test_too_late_is_by_the_day_in_the_city(person, spent):
    night = datetime(2026, 12, 1, 16, 30, tzinfo=UTC)  # half an hour into the day after
    if spent:
        spend(person, 10)
        give_back(person, 10, at=night)
    else:
        reserved = make.held(person, 10, expires_at=night + timedelta(days=1))
        holds.release(reserved.id, source="x", by=SYSTEM, at=night)
    assert SOON not in make.lots(person)


def test_a_full_capture_gives_no_grace(person):
    reserved = make.held(person, 4, expires_at=clocks.now() + timedelta(days=40))
    capture(reserved, at=clocks.now() + timedelta(days=20))
    assert make.lots(person)[SOON] == (6, 0)


def test_only_wallets_have_lots(person):
    shop = settlement_of(new_id())
    spend(person, 5, source="other")
    assert session.scalar(sa.select(sa.func.count()).where(Lot.account_id == shop.id)) == 0


def book_at_once(from_id, to_id, *amounts, expires_on=None):
    """Transactions whose entries come in one statement."""
    booked = dict(zip(sorted(new_id() for _ in amounts), amounts, strict=True))
    rows = [
        {"id": new_id(), "transaction_id": each, "account_id": account_id, "amount": amount}
        | {"expires_on": expires_on if account_id == to_id else None}
        for each, points in booked.items()
        for account_id, amount in ((from_id, -points), (to_id, points))
    ]
    session.execute(sa.insert(Entry).values(rows))
    for each in booked:
        session.execute(
            sa.insert(LedgerTransaction).values(
                id=each, kind="odd", source=f"odd:{each}", words={}, entry_count=2, at=clocks.now()
            )
        )


def test_many_rows_in_one_statement_are_spread_one_after_the_other(person):
    book_at_once(wallet_of(person).id, settlement_of(new_id()).id, 12, 20)
    assert make.lots(person) == {NEVER: (8, 0)}


def test_many_rows_in_one_statement_fill_one_lot(person):
    book_at_once(settlement_of(new_id()).id, wallet_of(person).id, 3, 4, expires_on=SOON)
    assert make.lots(person) == {SOON: (17, 0), LATER: (10, 0), NEVER: (20, 0)}


@pytest.mark.usefixtures("owned")
@pytest.mark.parametrize(
    ("statement", "match"),
    [
        (sa.update(Lot).values(points=Lot.points + 1), "a lot moves by entries"),
        (sa.update(Lot).values(held=1), "a lot moves by entries"),
        (sa.update(Lot).values(due_on=date(2020, 1, 1)), "a lot keeps its days|a lot moves by entries|due_on"),
        (sa.update(Lot).values(expires_on=date(2020, 1, 1)), "a lot keeps its days"),
        (sa.delete(Lot), "a lot is never deleted|fk_lot"),
        (sa.update(LotMove).values(amount=1), "lot_moves is append-only"),
        (sa.delete(LotMove), "lot_moves is append-only"),
        (sa.update(LotHold).values(points=1), "lot_holds is append-only"),
        (sa.delete(LotHold), "lot_holds is append-only"),
    ],
)  # fmt: skip
def test_the_database_refuses_to_move_lots_by_hand(person, statement, match):
    make.held(person, 5)
    with pytest.raises(IntegrityError, match=match), session.begin_nested():
        session.execute(statement.execution_options(synchronize_session=False))


def test_the_database_refuses_moves_and_reservations_of_others(person):
    reserved, entry = make.held(person, 5), session.scalars(sa.select(Entry).where(Entry.amount > 0)).first()
    wallet_id = wallet_of(person).id
    lot = {"account_id": wallet_id, "expires_on": LATER}
    for statement, match in (
        (
            sa.insert(Lot).values(account_id=wallet_id, expires_on=TODAY, due_on=TODAY, points=5),
            "a lot begins",
        ),
        (sa.insert(LotMove).values(lot | {"entry_id": entry.id, "amount": 5}), "lot moves are written"),
        (sa.insert(LotHold).values(lot | {"hold_id": reserved.id, "points": 5}), "lots are reserved"),
    ):
        with pytest.raises(IntegrityError, match=match), session.begin_nested():
            session.execute(statement)
