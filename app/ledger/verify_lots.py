"""What `verify` asks of lots: they add up to their wallets, their moves to the entries, what is held to the holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Select,
    String,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from app.kernel.clock import city_day
from app.kernel.db import session
from app.ledger.lot_guards import GRACE_DAYS
from app.ledger.models import Account, Entry, Hold, LedgerTransaction, Lot, LotHold, LotMove

Broken = Select[Any, Any, Any]  # row, found, expected
LotKey = tuple[UUID, date]

_LOT = Account.key.concat(" ").concat(cast(Lot.expires_on, String))


def checks() -> Iterator[tuple[str, Broken]]:
    """Each check by name, with the statement that finds the rows which fail it."""
    yield "wallet-lots", _wallets()
    yield "entry-lots", _entries()
    yield "lot-points", _points()
    yield "lot-held", _held()
    yield "lot-overdraft", _overdrafts()
    yield "hold-lots", _holds()
    yield "captured-lots", _captures()
    yield "returned-lots", _returns()
    yield "move-without-lot", _without_lot(LotMove.entry_id, LotMove)
    yield "hold-without-lot", _without_lot(LotHold.hold_id, LotHold)
    yield "move-without-entry", _without(LotMove.entry_id, Entry.id)
    yield "reservation-without-hold", _without(LotHold.hold_id, Hold.id)
    yield "lot-without-account", _without(Lot.account_id, Account.id)


def _sum(column: Any) -> Any:
    return cast(func.sum(column), BigInteger)


def _wallets() -> Broken:
    lots = select(Lot.account_id, _sum(Lot.points).label("points")).group_by(Lot.account_id).subquery()
    found = func.coalesce(lots.c.points, 0)
    expected = case((Account.kind == "wallet", Account.balance), else_=0)
    return (
        select(Account.key, found, expected)
        .outerjoin(lots, lots.c.account_id == Account.id)
        .where(or_(Account.kind == "wallet", lots.c.points != 0), found != expected)
        .order_by(Account.id)
    )


def _entries() -> Broken:
    """The lots of a wallet move by exactly the amount of each entry, and no other account has lots."""
    moves = (
        select(LotMove.entry_id, LotMove.account_id, _sum(LotMove.amount).label("amount"))
        .group_by(LotMove.entry_id, LotMove.account_id)
        .subquery()
    )
    found = func.coalesce(moves.c.amount, 0)
    expected = case(
        (and_(Account.kind == "wallet", Account.id == func.coalesce(moves.c.account_id, Account.id)), Entry.amount),
        else_=0,
    )  # fmt: skip
    return (
        select(Entry.id, found, expected)
        .join(Account, Account.id == Entry.account_id)
        .outerjoin(moves, moves.c.entry_id == Entry.id)
        .where(found != expected)
        .order_by(Entry.id)
    )


def _points() -> Broken:
    moves = (
        select(LotMove.account_id, LotMove.expires_on, _sum(LotMove.amount).label("amount"))
        .group_by(LotMove.account_id, LotMove.expires_on)
        .subquery()
    )
    return _of_lots(moves, moves.c.amount, Lot.points)


def _held() -> Broken:
    held = (
        select(LotHold.account_id, LotHold.expires_on, _sum(LotHold.points).label("points"))
        .join(Hold, Hold.id == LotHold.hold_id)
        .where(Hold.state == "held")
        .group_by(LotHold.account_id, LotHold.expires_on)
        .subquery()
    )
    return _of_lots(held, held.c.points, Lot.held)


def _of_lots(sums: Any, total: Any, column: Any) -> Broken:
    expected = func.coalesce(total, 0)
    same_lot = and_(sums.c.account_id == Lot.account_id, sums.c.expires_on == Lot.expires_on)
    return (
        select(_LOT, column, expected)
        .join(Account, Account.id == Lot.account_id)
        .outerjoin(sums, same_lot)
        .where(column != expected)
        .order_by(Lot.account_id, Lot.expires_on)
    )


def _overdrafts() -> Broken:
    return (
        select(_LOT, Lot.points - Lot.held, literal(0))
        .join(Account, Account.id == Lot.account_id)
        .where(or_(Lot.points < Lot.held, Lot.points < 0, Lot.held < 0))
        .order_by(Lot.account_id, Lot.expires_on)
    )


def _holds() -> Broken:
    """A hold has reserved all its points of the lots of its own wallet."""
    reserved = (
        select(LotHold.hold_id, LotHold.account_id, _sum(LotHold.points).label("points"))
        .group_by(LotHold.hold_id, LotHold.account_id)
        .subquery()
    )
    found = func.coalesce(reserved.c.points, 0)
    return (
        select(Hold.id, found, Hold.points)
        .outerjoin(reserved, and_(reserved.c.hold_id == Hold.id, reserved.c.account_id == Hold.account_id))
        .where(found != Hold.points)
        .order_by(Hold.id)
    )


def _captures() -> Broken:
    """A capture takes out of each lot at most what its hold reserved there."""
    reserved = func.coalesce(LotHold.points, 0)
    return (
        select(LotMove.entry_id, -LotMove.amount, reserved)
        .join(Entry, Entry.id == LotMove.entry_id)
        .join(Hold, and_(Hold.transaction_id == Entry.transaction_id, Hold.account_id == Entry.account_id))
        .outerjoin(LotHold, and_(LotHold.hold_id == Hold.id, LotHold.expires_on == LotMove.expires_on))
        .where(-LotMove.amount > reserved)
        .order_by(LotMove.entry_id)
    )


def _returns() -> Broken:
    """What comes back to a lot is at most what was taken out of it."""
    taken = aliased(LotMove)
    back = (
        select(Entry.returns_id, LotMove.expires_on, _sum(LotMove.amount).label("amount"))
        .join(LotMove, LotMove.entry_id == Entry.id)
        .where(Entry.returns_id.is_not(None), LotMove.amount > 0)
        .group_by(Entry.returns_id, LotMove.expires_on)
        .subquery()
    )
    most = func.coalesce(-taken.amount, 0)
    same = and_(taken.entry_id == back.c.returns_id, taken.expires_on == back.c.expires_on)
    return (
        select(back.c.returns_id, back.c.amount, most)
        .outerjoin(taken, same)
        .where(back.c.amount > most)
        .order_by(back.c.returns_id)
    )


def _without_lot(row: Any, model: Any) -> Broken:
    there = exists().where(Lot.account_id == model.account_id, Lot.expires_on == model.expires_on)
    return select(row, literal(0), literal(1)).where(~there).order_by(row)


def _without(row: Any, referred: Any) -> Broken:
    return select(row, literal(0), literal(1)).where(~exists().where(referred == row)).order_by(row)


# --- the last days: what came back late may be used a while more -----------------------------------------------------


def wrongly_due() -> Iterator[tuple[str, Any, Any, Any]]:
    """Lots whose points run out neither on their last day nor when the grace after a late return is over."""
    graces = _graces()
    moved = select(Lot.account_id, Lot.expires_on).where(Lot.due_on != Lot.expires_on)
    for account_id, expires_on in sorted(
        graces.keys() | {(row[0], row[1]) for row in session.execute(moved)}
    ):
        found = session.execute(
            select(_LOT, Lot.due_on)
            .join(Account, Account.id == Lot.account_id)
            .where(Lot.account_id == account_id, Lot.expires_on == expires_on)
        ).first()
        allowed = graces.get((account_id, expires_on), {expires_on})
        if found is not None and found.due_on not in allowed:  # a lot that is gone is found elsewhere
            yield "lot-due", found[0], found.due_on, max(allowed)


def _graces() -> dict[LotKey, set[date]]:
    """For each lot to which points came back after its last day: the days to which that lets them live."""
    found: dict[LotKey, set[date]] = {}
    for account_id, expires_on, at in session.execute(_comings()):
        if city_day(at) > expires_on:
            found.setdefault((account_id, expires_on), set()).add(city_day(at) + timedelta(days=GRACE_DAYS))
    return found


def _comings() -> Any:
    """When points came into a lot on its last day or later. Both databases compare an instant to a day as texts do."""
    by_entry = (
        select(LotMove.account_id, LotMove.expires_on, LedgerTransaction.at.label("at"))
        .join(Entry, Entry.id == LotMove.entry_id)
        .join(LedgerTransaction, LedgerTransaction.id == Entry.transaction_id)
        .where(LotMove.amount > 0, LedgerTransaction.at.op(">=")(LotMove.expires_on))
    )
    by_hold = (
        select(LotHold.account_id, LotHold.expires_on, Hold.ended_at.label("at"))
        .join(Hold, Hold.id == LotHold.hold_id)
        .where(Hold.ended_at.op(">=")(LotHold.expires_on))
        .where(or_(Hold.captured_points.is_(None), Hold.captured_points < Hold.points))
    )
    return union_all(by_entry, by_hold)
