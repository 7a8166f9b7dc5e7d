"""Presences of different riders, by code or poster, settled in a few statements: what they ask is asked once for all.

The outcome is that of `judging`, one by one. Whatever is out of the ordinary (a code that was used before, a poster
that is refused, goods) is left to it, and if anything goes wrong here, nothing has happened and all go there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from app.checkins.checking_in import Presence, believed, check_in_together, presence_by_poster
from app.checkins.queries import check_ins_of_windows
from app.codes import queries as codes
from app.codes.models import ScanSession
from app.identity import queries as people
from app.identity.models import Person
from app.kernel.bulk import among, insert_new
from app.kernel.db import session
from app.kernel.errors import Problem
from app.kernel.observing import log
from app.kernel.transience import is_transient
from app.places.models import Region, Station
from app.rules.queries import points_given_each
from app.sync import queries, resolving, verifying
from app.sync.judging import already, counted, holder_of
from app.sync.models import CHECKIN, Lease, StationDevice, SyncItem
from app.sync.outcomes import refused
from app.sync.queries import Waiting
from app.sync.recording import note_all, write_down

FEW = 2  # not worth it


def waves(items: Sequence[Waiting]) -> Iterator[list[Waiting]]:
    """Cut ordered items into those that may be settled together, presences of one rider each; all others go alone.

    Goods of another rider may go before a wave is over: they touch neither its riders nor the budget it draws on.
    """
    wave: list[Waiting] = []
    riders: set[UUID] = set()
    for item in items:
        alone = item.of_goods or item.person_id is None or item.station_id is None
        if item.person_id in riders or (alone and not item.of_goods):
            yield wave
            wave, riders = [], set()
        if alone or item.person_id is None:
            yield [item]
        else:
            wave.append(item)
            riders.add(item.person_id)
    yield wave


def settle_together(items: Sequence[Waiting], *, at: datetime) -> list[Waiting]:
    """Count what can be counted in one go; returns the items that are to be settled one by one, in their order."""
    if len(items) <= FEW:
        return list(items)
    try:
        known = Known(items)  # held until all is written
        with session.begin_nested():
            done = _settle(items, known, at)
    except DBAPIError as error:
        if is_transient(error):
            raise  # the whole unit of work runs again
        log.exception("sync-wave-broken", items=len(items))
        return list(items)
    except Exception:  # noqa: BLE001 -- one of them is poisoned: each by itself will show which
        log.exception("sync-wave-broken", items=len(items))
        return list(items)
    return [item for item in items if item.id not in done]


class Known:
    """What the proofs of a wave ask for. Rows are held here, so that the session need not read them again."""

    def __init__(self, items: Sequence[Waiting]) -> None:
        self._items = items
        self.told = {item.id: resolving.told_by(item) for item in items}
        self.leases = queries.leases_named({item.lease_id for item in items if item.lease_id is not None})
        devices = {each.device_id for each in self.leases.values()}
        found = session.scalars(select(StationDevice).where(StationDevice.id.in_(devices)))
        self.devices = {each.id: each for each in found}
        self.held = self._rows()
        self.device_named, self.person = self.devices.__getitem__, self.riders.__getitem__

    def _rows(self) -> list[object]:
        """The stations with their regions, and the riders who scanned posters: a code asks less of its rider."""
        stations = {item.station_id for item in self._items}
        riders = {item.person_id for item in self._items if not item.of_station}
        there = select(Station, Region).join(Region, Region.code == Station.region_code)
        held: list[object] = [*session.execute(there.where(Station.id.in_(stations)))]
        if riders:
            held += session.scalars(select(Person).where(among(Person.id, riders)))
        return held

    @cached_property
    def riders(self) -> dict[UUID, people.Standing]:
        """How those stand whose codes were scanned."""
        return people.standings([each.person_id for each in self.handles.values()])

    @cached_property
    def handles(self) -> dict[str, codes.Known]:
        """The handles that the codes name."""
        scans = [item for item in self._items if item.of_station]
        named = {resolving.handle_in(self.told[item.id]["code"], item.happened_at) for item in scans}
        return codes.handles_named({each for each in named if each is not None})

    @cached_property
    def hashes(self) -> dict[tuple[UUID, int], str]:
        """The hashes of the entries before."""
        before = {(item.lease_id, item.seq - 1) for item in self._items if item.lease_id and item.seq}
        return queries.hashes_at(before)

    def handle_named(self, digits: str) -> codes.Known | None:
        """As `codes.handle_named`."""
        return self.handles.get(digits)

    def hash_at(self, lease_id: UUID, seq: int) -> str | None:
        """As `queries.hash_at`."""
        return self.hashes.get((lease_id, seq))


@dataclass(frozen=True, slots=True)
class Proof:
    """A presence that is in order: the rider's phone made the code, and the device's word is believed."""

    item: Waiting
    presence: Presence
    scan: tuple[verifying.Shown, Lease] | None  # a poster uses no step of a code

    @property
    def window(self) -> tuple[UUID, UUID, datetime]:
        """Which presence it would be. Asked as `judging` asks: by the instant that was told."""
        return self.presence.person_id, self.presence.station_id, self.item.happened_at

    @property
    def step(self) -> dict[str, Any] | None:
        """The row that uses the step of its code."""
        if self.scan is None:
            return None
        shown, lease = self.scan
        return verifying.use_of(shown, lease.station_id, lease, self.item.happened_at)


def _settle(items: Sequence[Waiting], known: Known, at: datetime) -> set[UUID]:
    """Count what is in order, turn away what is proven to be not. Returns the items that are settled."""
    proofs: list[Proof] = []
    done = set()
    for item in items:
        if item.kind == CHECKIN:
            proofs += _poster(item, known)
            continue
        try:
            proofs.append(_scan(item, known, at))
        except Problem as problem:
            write_down(session.get_one(SyncItem, item.id), refused(item, problem), at=at)
            done.add(item.id)
    return done | _count(proofs, at)


def _scan(item: Waiting, known: Known, at: datetime) -> Proof:
    """Raises what speaks against it, before anything is written: the same that `judging` finds first."""
    assert item.lease_id is not None
    lease = known.leases[item.lease_id]
    shown = verifying.shown_code(known.told[item.id]["code"], item.happened_at, known.handle_named)
    verifying.must_be_believed(item, lease, at, known.hash_at, known.device_named)
    verifying.must_be_good(shown, item.happened_at, lease, known.person)
    presence = Presence(
        person_id=shown.handle.person_id,
        station_id=lease.station_id,
        happened_at=believed(item.happened_at, item.arrived_at),
        by=holder_of(lease),
        at=item.arrived_at,
    )
    return Proof(item, presence, (shown, lease))


def _poster(item: Waiting, known: Known) -> list[Proof]:
    """The proof, if nothing speaks against it; else `judging` has the word: there a window that is taken goes first."""
    assert item.person_id is not None
    assert item.station_id is not None
    told = known.told[item.id]
    try:
        presence = presence_by_poster(
            station_id=item.station_id,
            position=told["position"],
            accuracy_m=told["accuracy_m"],
            happened_at=item.happened_at,
            by=people.actor_of(people.person(item.person_id)),
            at=item.arrived_at,
        )
    except Problem:
        return []
    return [Proof(item, presence, None)]


def _count(proofs: Sequence[Proof], at: datetime) -> set[UUID]:
    """Use their steps, then their windows. Returns the items that counted, and those whose window had been taken."""
    steps = [proof.step for proof in proofs]
    written = insert_new(ScanSession, [step for step in steps if step is not None])
    used = {id(step) for step in written}
    first = [proof for proof, step in zip(proofs, steps, strict=True) if step is None or id(step) in used]
    taken = check_ins_of_windows([proof.window for proof in first])
    made = check_in_together([proof.presence for proof in first if proof.window not in taken])
    points = points_given_each("checkin", list(made.values()))
    outcomes = []
    for proof in first:
        if proof.window in taken:
            outcomes.append((proof.item, already(taken[proof.window])))
        elif (checkin_id := made.get(proof.presence.person_id)) is not None:
            outcomes.append((proof.item, counted(checkin_id, points.get(checkin_id, 0))))
        # else a window that was taken meanwhile
    note_all(outcomes, at=at)
    return {item.id for item, _ in outcomes}
