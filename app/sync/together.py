"""Scans of different riders, settled in a few statements: all that they ask of the database is asked once for the lot.

The outcome is that of `judging`, one by one. Whatever is out of the ordinary (a code that is refused or was used
before, a window that is taken) is left to it, and if anything goes wrong here, nothing has happened and all go there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from app.checkins.checking_in import Presence, believed, check_in_together
from app.codes import queries as codes
from app.codes.models import PersonalHandle, ScanSession
from app.identity.models import Person
from app.kernel.db import insert_all_if_absent, is_transient, session
from app.kernel.errors import Problem
from app.kernel.observing import log
from app.places.models import Region, Station
from app.rules.queries import points_given_each
from app.sync import queries, resolving, verifying
from app.sync.judging import counted, holder_of
from app.sync.models import SCAN, Lease, StationDevice, SyncItem
from app.sync.recording import note

FEW = 2  # not worth it


def waves(items: Sequence[SyncItem]) -> Iterator[list[SyncItem]]:
    """Cut ordered items into those that may be settled together, scans of one rider each; all others go alone.

    Goods of another rider may go before a wave is over: they touch neither its riders nor the budget it draws on.
    """
    wave: list[SyncItem] = []
    riders: set[UUID] = set()
    for item in items:
        alone = item.kind != SCAN or item.person_id is None
        if item.person_id in riders or (alone and not item.of_goods):
            yield wave
            wave, riders = [], set()
        if alone or item.person_id is None:
            yield [item]
        else:
            wave.append(item)
            riders.add(item.person_id)
    yield wave


def settle_together(items: Sequence[SyncItem], *, at: datetime) -> list[SyncItem]:
    """Count what can be counted in one go; returns the items that are to be settled one by one, in their order."""
    if len(items) <= FEW:
        return list(items)
    try:
        known = Known(items)  # held until all is written
        with session.begin_nested():
            done = _count(_proofs(items, known, at), at)
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

    def __init__(self, items: Sequence[SyncItem]) -> None:
        self._items = items
        self.told = {item.id: resolving.told_by(item) for item in items}
        self.leases = queries.leases_named({item.lease_id for item in items if item.lease_id is not None})
        self.held = self._rows()

    def _rows(self) -> list[object]:
        """The devices, stations with their regions, and riders, by three statements."""
        devices, stations = (
            {each.device_id for each in self.leases.values()},
            {each.station_id for each in self.leases.values()},
        )
        there = select(Station, Region).join(Region, Region.code == Station.region_code)
        return [
            *session.scalars(select(StationDevice).where(StationDevice.id.in_(devices))),
            *session.execute(there.where(Station.id.in_(stations))),
            *session.scalars(select(Person).where(Person.id.in_({item.person_id for item in self._items}))),
        ]

    @cached_property
    def handles(self) -> dict[str, PersonalHandle]:
        """The handles that the codes name."""
        named = {resolving.handle_in(self.told[item.id]["code"], item.happened_at) for item in self._items}
        return codes.handles_named({each for each in named if each is not None})

    @cached_property
    def hashes(self) -> dict[tuple[UUID, int], str]:
        """The hashes of the entries before."""
        before = {(item.lease_id, item.seq - 1) for item in self._items if item.lease_id and item.seq}
        return queries.hashes_at(before)

    def handle_named(self, digits: str) -> PersonalHandle | None:
        """As `codes.handle_named`."""
        return self.handles.get(digits)

    def hash_at(self, lease_id: UUID, seq: int) -> str | None:
        """As `queries.hash_at`."""
        return self.hashes.get((lease_id, seq))


@dataclass(frozen=True, slots=True)
class Proof:
    """A scan that is in order: the rider's phone made the code, and the device's word is believed."""

    item: SyncItem
    shown: verifying.Shown
    lease: Lease
    presence: Presence


def _proofs(items: Sequence[SyncItem], known: Known, at: datetime) -> list[Proof]:
    """Those that are in order; nothing is written."""
    found = []
    for item in items:
        assert item.lease_id is not None
        lease = known.leases[item.lease_id]
        try:
            found.append(_proof(item, lease, known, at))
        except Problem:
            continue  # judged by itself
    return found


def _proof(item: SyncItem, lease: Lease, known: Known, at: datetime) -> Proof:
    shown = verifying.shown_code(known.told[item.id]["code"], item.happened_at, known.handle_named)
    verifying.must_be_believed(item, lease, at, known.hash_at)
    verifying.must_be_good(shown, item.happened_at, lease)
    presence = Presence(
        person_id=shown.handle.person_id,
        station_id=lease.station_id,
        happened_at=believed(item.happened_at, item.arrived_at),
        by=holder_of(lease),
        at=item.arrived_at,
    )
    return Proof(item, shown, lease, presence)


def _count(proofs: Sequence[Proof], at: datetime) -> set[UUID]:
    """Use their steps, then their windows. Returns the items that counted."""
    steps = {
        proof.item.id: verifying.use_of(
            proof.shown, proof.presence.station_id, proof.lease, proof.item.happened_at
        )
        for proof in proofs
    }
    used = insert_all_if_absent(ScanSession, list(steps.values()))
    first = [proof for proof in proofs if (steps[proof.item.id]["id"],) in used]
    made = check_in_together([proof.presence for proof in first])
    points = points_given_each("checkin", list(made.values()))
    done = set()
    for proof in first:
        checkin_id = made.get(proof.presence.person_id)
        if checkin_id is not None:
            note(proof.item, counted(checkin_id, points.get(checkin_id, 0)), at=at)
            done.add(proof.item.id)
    session.flush()
    return done
