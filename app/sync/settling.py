"""Received in any order, applied in one: items take effect in the order in which they happened, a rider's posters last.

An item waits for as long as its own log has gaps, and while a station that may have seen the same rider has been silent
since. A poster proves less than a scan, so it comes after the scans. Thus the outcome hangs on what happened, not on
which tablet found its network first. A station is waited for until 72 hours after its lease has ended; one whose device
was put away, or taken out of use, is not waited for.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.exc import DBAPIError

from app.kernel.bulk import among
from app.kernel.db import insert_if_absent, session
from app.kernel.errors import Problem
from app.kernel.observing import log
from app.kernel.transience import is_transient
from app.sync import queries
from app.sync.judging import judge
from app.sync.models import LATEST, WAITING, Lease, SyncItem, Turn
from app.sync.outcomes import Outcome, broken, refused
from app.sync.recording import write_down
from app.sync.together import settle_together, waves

MAX_AT_ONCE = 1_000

_IN_ORDER = (
    SyncItem.lease_id.is_(None),
    SyncItem.happened_at,
    func.coalesce(SyncItem.seq, 0),
    SyncItem.id,
)
_WAITING = select(
    SyncItem.id,
    SyncItem.lease_id,
    SyncItem.person_id,
    SyncItem.happened_at,
    SyncItem.arrived_at,
).where(SyncItem.state == WAITING)


def settle_ripe(*, at: datetime, limit: int = MAX_AT_ONCE) -> int:
    """Apply every item that need not wait any longer, in the order in which they happened. Returns how many."""
    _take_turn()
    return _settle_all(_ripe(at, limit), at)


def settle_posters(*, person_id: UUID, at: datetime) -> int:
    """Apply what a rider's phone has just brought, if it need not wait. Nothing else can have become ripe by it.

    Posters come after the scans of the same rider: while one of those waits, there is nothing to do.
    """
    _take_turn()
    mine = session.execute(_WAITING.where(SyncItem.person_id == person_id).order_by(*_IN_ORDER)).all()
    if any(each.lease_id is not None for each in mine):
        return 0
    gate = Gate(at, {person_id})
    return _settle_all([each.id for each in mine if not gate.holds_back(each)], at)


def _settle_all(ripe: Sequence[UUID], at: datetime) -> int:
    stored = queries.waiting_named(ripe)
    for wave in waves([stored[each] for each in ripe]):
        alone = [each.id for each in settle_together(wave, at=at)]
        items = queries.items_named(alone) if alone else {}
        for each in alone:
            settle(items[each], at=at)
    return len(ripe)


def _ripe(at: datetime, limit: int) -> list[UUID]:
    """The items that need not wait, in the order in which they happened.

    A rider whose first item waits has none that is ripe, so of those who wait only the first is read.
    """
    firsts = _firsts()
    gate = Gate(at, {each.person_id for each in firsts})
    free = {each.person_id for each in firsts if not gate.holds_back(each)}
    chosen = _WAITING.where(or_(SyncItem.person_id.is_(None), among(SyncItem.person_id, free)))
    waiting = session.execute(chosen.order_by(*_IN_ORDER)).all()
    return list(islice((each.id for each in waiting if not gate.holds_back(each)), limit))


def _firsts() -> Sequence[Any]:
    """The first waiting item of each rider."""
    place = func.row_number().over(partition_by=SyncItem.person_id, order_by=_IN_ORDER).label("place")
    ranked = _WAITING.where(SyncItem.person_id.is_not(None)).add_columns(place).subquery()
    return session.execute(select(ranked).where(ranked.c.place == 1)).all()


def settle(item: SyncItem, *, at: datetime) -> None:
    """Judge one item in a savepoint of its own: what is wrong with it stops none of the others."""
    write_down(item, _judged(item, at), at=at)


def _judged(item: SyncItem, at: datetime) -> Outcome:
    try:
        with session.begin_nested():
            return judge(item, at=at)
    except Problem as problem:
        return refused(item, problem)
    except DBAPIError as error:
        if is_transient(error):
            raise  # the whole unit of work runs again
        log.exception("sync-item-broken", item=str(item.id))
    except Exception:  # noqa: BLE001 -- a poisoned item must not stop the others; a person will see it
        log.exception("sync-item-broken", item=str(item.id))
    return broken(item)


def _take_turn() -> None:
    """One settlement at a time: a second batch waits here and then sees what the first one did."""
    insert_if_absent(Turn, {"name": "settling"})
    session.execute(select(Turn.name).where(Turn.name == "settling").with_for_update())


class Gate:
    """Which items must wait, and for whom. Asked for many items of few riders, so answers are remembered."""

    def __init__(self, at: datetime, riders: Collection[UUID]) -> None:
        self._at = at
        self._riders = riders
        self._gaps: dict[UUID, bool] = {}
        self._seen: dict[
            UUID, set[UUID]
        ] = {}  # by lease, those of these riders that its device may have seen
        self._held: set[UUID] = set()  # riders with an item that waits: their later ones wait as well
        self._out = [
            (each.id, max(each.granted_at, each.heard_at), each.ends_at, each)
            for each in queries.leases_out(at)
        ]

    def holds_back(self, item: Any) -> bool:
        """Whether something that goes before this item may still be on its way, or waits itself."""
        held = (
            item.person_id in self._held
            or (item.lease_id is not None and self._has_gaps(item.lease_id))
            or self._waits(item)
        )
        if held and item.person_id is not None:
            self._held.add(item.person_id)
        return held

    def _has_gaps(self, lease_id: UUID) -> bool:
        if lease_id not in self._gaps:
            lease = session.get_one(Lease, lease_id)
            given_up = lease.closed_at is not None or self._at >= lease.ends_at + LATEST
            self._gaps[lease_id] = not given_up and queries.count_of(lease_id) < lease.told
        return self._gaps[lease_id]

    def _waits(self, item: Any) -> bool:
        if item.person_id is None:
            return False
        happened_at = min(item.happened_at, item.arrived_at)
        return any(
            item.person_id in self._seen_by(lease)
            for lease_id, heard_at, ends_at, lease in self._out
            if heard_at < happened_at <= ends_at and lease_id != item.lease_id
        )

    def _seen_by(self, lease: Lease) -> set[UUID]:
        if lease.id not in self._seen:
            self._seen[lease.id] = queries.may_have_been_seen(lease, self._riders)
        return self._seen[lease.id]
