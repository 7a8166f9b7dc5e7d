"""Reserving points: hold, then capture all or part of them, or let them go. An ended hold never changes again.

The hold's state settles every race: whoever ends it first has ended it. Triggers move `held` with it, so usable
points and open holds cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, String, Uuid, bindparam, exists, literal, select, text, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import make_transient_to_detached

from app.identity.actors import SYSTEM, Actor
from app.kernel.bulk import one_of, update_all
from app.kernel.db import Statement, UtcDateTime, dialect_name, session
from app.kernel.driving import rows
from app.kernel.events import publish
from app.kernel.ids import new_id
from app.kernel.unanswered import is_unanswered, put
from app.ledger.accounts import forget_balances, wallet_key
from app.ledger.errors import HoldEnded, HoldNotFound, PointsShort, SourceUsedDifferently
from app.ledger.events import HoldExpired
from app.ledger.models import Account, Hold, LedgerTransaction
from app.ledger.posting import Leg, accounts_to_change, booked, close, is_any_used, legs_of, record
from app.ledger.together import Posting, write_all

CAPTURED = {"slug": "ledger.captured"}


def hold(*, person_id: UUID, points: int, source: str, expires_at: datetime, by: Actor, at: datetime) -> Hold:
    """Reserve points of a wallet until `expires_at`, once for this `source`; the same again returns the first hold.

    Raises PointsShort with `short_by` and `usable`; SourceUsedDifferently.
    """
    if points < 1 or expires_at <= at:
        raise ValueError("a hold reserves at least one point for some time")
    made = _reserve(person_id, points, source, expires_at, by, at)
    if made is not None:
        return made
    before = session.execute(
        select(Hold, Account.owner_id)
        .join(Account, Account.id == Hold.account_id)
        .where(Hold.source == source)
    ).first()
    if before is None:
        wallet = Account.key == wallet_key(person_id)
        usable = session.scalar(select(Account.balance - Account.held).where(wallet)) or 0
        raise PointsShort(short_by=points - usable, usable=usable)
    first, owner_id = before
    if owner_id != person_id or first.points != points:
        raise SourceUsedDifferently(source=source)
    return _fresh(first.id)


def capture(
    hold_id: UUID,
    *,
    to_account_id: UUID,
    source: str,
    points: int | None = None,
    kind: str = "capture",
    words: Mapping[str, Any] = CAPTURED,
    by: Actor,
    at: datetime,
) -> LedgerTransaction:
    """Spend held points: all, or `points` of them and the rest is usable again. Once; the same again returns the first.

    Raises HoldNotFound; HoldEnded if it was ended otherwise or its time was over at `at`; SourceUsedDifferently.
    """
    if points is not None and points < 1:
        raise ValueError("a capture takes at least one point")
    transaction_id = new_id()
    told: dict[str, Any] = {"kind": kind, "source": source, "words": words, "by": by, "at": at}
    if is_unanswered() and points is None:
        _capture_unanswered(hold_id, transaction_id, to_account_id, source, by, at)
        return close(transaction_id, entry_count=2, **told)
    ended = _end(
        hold_id,
        Hold.expires_at > at,
        Hold.points >= (points or 1),
        ~exists().where(LedgerTransaction.source == source),
        state="captured",
        captured_points=points or Hold.points,
        transaction_id=transaction_id,
        source=source,
        by=by,
        at=at,
    )
    if ended is None:
        return _captured_before(hold_id, to_account_id, source, points)
    legs = [Leg(ended.account_id, -ended.captured_points), Leg(to_account_id, ended.captured_points)]
    return record(transaction_id, legs=legs, **told)


class Capture(NamedTuple):
    """What `capture` is told of one of many."""

    hold_id: UUID
    to_account_id: UUID
    source: str
    words: Mapping[str, Any]
    by: Actor


def capture_all(captures: Sequence[Capture], *, kind: str, at: datetime) -> bool:
    """Spend all that these holds hold, in a few statements. False: one of them is not open, or its source was used.

    Then nothing of the unit of work may stay. Accounts are locked in the order in which `post` locks them.
    """
    open_ones = rows(_open(dialect_name()), {"holds": [each.hold_id for each in captures], "now": at})
    held = {hold_id: (account_id, points) for hold_id, account_id, points in open_ones}
    if len(held) < len(captures) or is_any_used([each.source for each in captures]):
        return False
    postings = []
    for each in captures:
        account_id, points = held[each.hold_id]
        legs = [Leg(account_id, -points), Leg(each.to_account_id, points)]
        postings.append((new_id(), Posting(kind, each.source, legs, each.words, at)))
    accounts_to_change([leg for _, posting in postings for leg in posting.legs])
    ended = [
        {
            "id": each.hold_id,
            "state": "captured",
            "captured_points": held[each.hold_id][1],
            "transaction_id": transaction_id,
            "end_source": each.source,
            "ended_by": each.by.person_id,
            "ended_at": at,
        }
        for each, (transaction_id, _) in zip(captures, postings, strict=True)
    ]
    if update_all(Hold, ended, only="holds.state = 'held'") < len(ended):
        return False
    write_all(postings, [each.by.person_id for each in captures])
    return True


@cache
def _open(dialect: str) -> Statement:
    return select(Hold.id, Hold.account_id, Hold.points).where(
        one_of(Hold.id, "holds", dialect), Hold.state == "held", Hold.expires_at > bindparam("now")
    )


def release(hold_id: UUID, *, source: str, by: Actor, at: datetime) -> Hold:
    """Give held points back. A hold whose points are back already is returned as it is.

    Raises HoldNotFound; HoldEnded if the points were spent.
    """
    if _end(hold_id, state="released", source=source, by=by, at=at) is not None:
        return _fresh(hold_id)
    before = _fresh(hold_id)
    if before.state == "captured":
        raise HoldEnded(state=before.state)
    return before


def expire_due(*, at: datetime, limit: int = 500, by: Actor = SYSTEM) -> Sequence[UUID]:
    """End holds whose time is over, at most `limit`, oldest first; returns their ids. Publishes HoldExpired."""
    due = session.execute(
        select(Hold.id, Hold.source, Hold.points, Account.owner_id)
        .join(Account, Account.id == Hold.account_id)
        .where(Hold.state == "held", Hold.expires_at <= at)
        .order_by(Hold.expires_at, Hold.id)
        .limit(limit)
        .with_for_update(of=Hold, skip_locked=True)  # a hold being captured right now is left to its capturer
    ).all()
    for hold_id, source, points, person_id in due:
        _end(hold_id, state="expired", source=f"expiry:{source}", by=by, at=at)
        assert person_id is not None  # only wallets are held, and a wallet has an owner
        publish(HoldExpired(hold_id=hold_id, person_id=person_id, source=source, points=points, at=at))
    return [each.id for each in due]


def _reserve(
    person_id: UUID, points: int, source: str, expires_at: datetime, by: Actor, at: datetime
) -> Hold | None:
    """The new hold, or None if the wallet has too little or the source is used.

    One statement locks the wallet, looks and writes: of two that want the last points, the second looks after the
    first wrote.
    """
    table: Any = Hold.__table__
    values = {
        "id": new_id(),
        "points": points,
        "state": "held",
        "source": source,
        "expires_at": expires_at,
        "made_by": by.person_id,
        "made_at": at,
    }
    found = (
        select(Account.id, *(literal(value, table.c[name].type) for name, value in values.items()))
        .where(Account.key == wallet_key(person_id), Account.balance - Account.held >= points)
        .where(~exists().where(Hold.source == source))
        .with_for_update(of=Account, key_share=True)
    )
    insert = postgresql_insert if dialect_name() == "postgresql" else sqlite_insert
    statement = insert(table).from_select(["account_id", *values], found).on_conflict_do_nothing()
    account_id = session.scalar(statement.returning(table.c.account_id))
    if account_id is None:
        return None
    made = Hold(account_id=account_id, **values)
    make_transient_to_detached(made)
    session.add(made)
    forget_balances([account_id])
    return made


_CAPTURE = text(
    "UPDATE holds SET state = 'captured', captured_points = points, transaction_id = :transaction_id, "
    "end_source = :source, ended_by = :staff, ended_at = :now "
    "WHERE id = :hold_id AND state = 'held' AND expires_at > :now"
).bindparams(
    *(bindparam(name, type_=Uuid()) for name in ("transaction_id", "staff", "hold_id")),
    bindparam("source", type_=String()),
    bindparam("now", type_=UtcDateTime()),
)
_CAPTURED_ENTRIES = text(
    "INSERT INTO entries (transaction_id, id, account_id, amount) "
    "SELECT :transaction_id, :id_0, account_id, -captured_points FROM holds WHERE id = :hold_id UNION ALL "
    "SELECT :transaction_id, :id_1, :to_account_id, captured_points FROM holds WHERE id = :hold_id"
).bindparams(
    *(
        bindparam(name, type_=Uuid())
        for name in ("transaction_id", "id_0", "id_1", "to_account_id", "hold_id")
    )
)


def _capture_unanswered(
    hold_id: UUID, transaction_id: UUID, to_account_id: UUID, source: str, by: Actor, at: datetime
) -> None:
    """End the hold, and move all it held. If it is not open any more, the unit of work runs again and is told why."""
    ended = {"transaction_id": transaction_id, "source": source, "staff": by.person_id, "hold_id": hold_id}
    put(_CAPTURE, {**ended, "now": at}, one=True)
    moved = {"transaction_id": transaction_id, "id_0": new_id(), "id_1": new_id(), "hold_id": hold_id}
    put(_CAPTURED_ENTRIES, {**moved, "to_account_id": to_account_id})


def _end(
    hold_id: UUID, *conditions: Any, state: str, source: str, by: Actor, at: datetime, **values: Any
) -> Row[Any] | None:
    """End an open hold; None if it is not open or a condition fails. Of two that end it at once, one gets None."""
    table: Any = Hold.__table__
    ended = session.execute(
        update(table)
        .where(table.c.id == hold_id, table.c.state == "held", *conditions)
        .values(state=state, end_source=source, ended_by=by.person_id, ended_at=at, **values)
        .returning(table.c.account_id, table.c.captured_points)
    ).first()
    if ended is not None:
        forget_balances([ended.account_id])
        loaded = session.identity_map.get(session.identity_key(Hold, hold_id))
        if loaded is not None:
            session.expire(loaded)
    return ended


def _fresh(hold_id: UUID) -> Hold:
    found = session.get(Hold, hold_id, populate_existing=True)
    if found is None:
        raise HoldNotFound
    return found


def _captured_before(
    hold_id: UUID, to_account_id: UUID, source: str, points: int | None
) -> LedgerTransaction:
    """The first capture, if this is the same again; else why it cannot be captured."""
    before = _fresh(hold_id)
    if points is not None and points > before.points:
        raise ValueError("a capture takes at most what is held")
    first = booked(source)
    if first is None:
        raise HoldEnded(state="expired" if before.state == "held" else before.state)
    taken = (to_account_id, points or before.points)
    if first.id != before.transaction_id or taken not in legs_of(first.id):
        raise SourceUsedDifferently(source=source)
    return first
