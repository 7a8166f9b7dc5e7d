"""Check-ins of different riders that are scanned at the same moment, settled in a few statements.

What comes of each is what `scanning.scan` would do. Whatever is out of the ordinary (a code used before, a window that
is taken, a poster too far away, goods, shifts) is left to it: only it refuses, and only it remembers refusals.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.checkins.checking_in import Presence, check_in_together, presence_by_poster
from app.checkins.queries import windows_taken
from app.checkins.refusing import guessed_lately
from app.codes import queries as codes
from app.codes import reading
from app.codes.kinds.personal import PersonalCode
from app.codes.kinds.screen import ScreenCode
from app.codes.kinds.shape import Scanned
from app.codes.kinds.station import StationCode
from app.codes.posters import stations_behind
from app.codes.presenting import Shown, proven, take_all
from app.identity.actors import Actor
from app.kernel.errors import Problem
from app.kernel.geo import Position
from app.kernel.i18n import speaking
from app.kernel.lanes import OneByOne
from app.places import queries as places
from app.places.models import Station
from app.rewards import queries as rewards
from app.scans.scanning import DONE, Scan, checked_in


@dataclass(frozen=True, slots=True)
class Asked:
    """What `scan` is told, and in which language it answers."""

    text: str
    station_id: UUID | None
    position: Position | None
    accuracy_m: int | None
    by: Actor
    language: str


@dataclass(frozen=True, slots=True)
class Proof:
    """A presence in order, and the code that proved it; a poster uses up no code."""

    asked: Asked
    presence: Presence
    station: Station  # held, so that whoever asks for it finds it at hand
    shown: Shown | None = None

    @property
    def window(self) -> tuple[UUID, UUID, datetime]:
        """Whose presence it would be, where and when."""
        return self.presence.person_id, self.presence.station_id, self.presence.at


def scan_together(group: Sequence[Asked], *, at: datetime) -> list[Scan | None]:
    """What came of each; None is for `scan`. Raises OneByOne if somebody else was faster with any of them."""
    read = _read(group, at)
    stations = places.stations_named({each.station_id for each in group if each.station_id is not None})
    by_id = {each.id: each for each in stations}
    proofs = [*_by_code(group, read, by_id, at), *_by_poster(group, read, at)]
    places_of = {id(each): number for number, each in enumerate(group)}
    proofs.sort(key=lambda proof: places_of[id(proof.asked)])
    told = _settle(_first_of_each_rider(proofs), at)
    return [told.get(id(each)) for each in group]


def _read(group: Sequence[Asked], at: datetime) -> dict[int, Scanned]:
    """The codes of those that may be read: not where codes were guessed a moment ago."""
    people, stations = guessed_lately(
        person_ids={each.by.id for each in group if each.station_id is None},
        station_ids={each.station_id for each in group if each.station_id is not None},
        at=at,
    )
    found = {}
    for each in group:
        if each.by.person_id in people or each.station_id in stations:
            continue
        try:
            found[id(each)] = reading.read(each.text, at=at)
        except Problem:
            continue
    return found


def _by_code(
    group: Sequence[Asked], read: dict[int, Scanned], stations: dict[UUID, Station], at: datetime
) -> Iterator[Proof]:
    shown = [(each, code) for each in group if isinstance(code := read.get(id(each)), PersonalCode)]
    handles = codes.handles_and_last_uses({code.handle for _, code in shown}) if shown else {}
    for each, code in shown:
        station = None if each.station_id is None else stations.get(each.station_id)
        if station is None or not each.by.can("station.scan", station_id=station.id):
            continue
        try:
            proof = proven(code, handles.get(code.handle), by=each.by, at=at)
        except Problem:
            continue
        if proof.before is not None and proof.before.step == proof.step:
            continue
        yield Proof(each, Presence(proof.handle.person_id, station.id, at, each.by, at), station, proof)


def _by_poster(group: Sequence[Asked], read: dict[int, Scanned], at: datetime) -> Iterator[Proof]:
    scanned = [
        (each, code)
        for each in group
        if each.station_id is None and isinstance(code := read.get(id(each)), StationCode | ScreenCode)
    ]
    stations = stations_behind([code for _, code in scanned], at=at) if scanned else {}
    for each, code in scanned:
        station = stations.get(code.short_code.upper())
        if station is None:
            continue
        try:
            yield Proof(each, _presence(each, station, at), station)
        except Problem:
            continue


def _presence(each: Asked, station: Station, at: datetime) -> Presence:
    return presence_by_poster(
        station_id=station.id,
        position=each.position,
        accuracy_m=each.accuracy_m,
        happened_at=None,
        by=each.by,
        at=at,
    )


def _first_of_each_rider(proofs: Sequence[Proof]) -> list[Proof]:
    """One presence of each rider, whose window is still free."""
    first = {proof.presence.person_id: proof for proof in reversed(proofs)}
    taken = windows_taken([proof.window for proof in first.values()]) if first else set()
    return [
        proof for proof in proofs if first[proof.presence.person_id] is proof and proof.window not in taken
    ]


def _settle(proofs: Sequence[Proof], at: datetime) -> dict[int, Scan]:
    """Use up the codes, count the presences, and say it to each in their language."""
    by_code = [(proof, proof.shown) for proof in proofs if proof.shown is not None]
    sessions = take_all(
        [(shown, proof.presence.station_id, proof.asked.by) for proof, shown in by_code], at=at
    )
    made = check_in_together([proof.presence for proof in proofs])
    if sessions is None or len(made) < len(proofs):
        raise OneByOne
    opened = {id(proof): each.id for (proof, _), each in zip(by_code, sessions, strict=True)}
    told = {}
    for proof in proofs:
        with speaking(proof.asked.language):
            told[id(proof.asked)] = checked_in(
                made[proof.presence.person_id],
                at,
                DONE,
                rider=rewards.masked(proof.shown.handle.person) if proof.shown else None,
                session_id=opened.get(id(proof)),
            )
    return told
