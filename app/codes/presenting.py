"""A rider shows a personal code at a station: checked, taken once, and good there for two minutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.codes import steps
from app.codes.enrolling import decoy_key, key_of
from app.codes.errors import (
    CodeForged,
    CodeReplay,
    CodeSkew,
    CodeUnknown,
    HandleExpired,
    HandleRevoked,
    OwnCode,
    about,
)
from app.codes.events import SeenInTwoPlaces
from app.codes.kinds.personal import PersonalCode
from app.codes.macs import CURRENT
from app.codes.models import PersonalHandle, ScanSession
from app.codes.queries import handle_and_last_use, use_of_step
from app.identity.actors import Actor
from app.identity.models import Person
from app.kernel.db import as_loaded, insert_all_if_absent, insert_if_absent
from app.kernel.events import publish
from app.kernel.geo import FASTEST_M_S, distance_m
from app.kernel.ids import new_id
from app.places import queries as places

NEAR_M = 300.0  # stations so close are neighbours


@dataclass(frozen=True, slots=True)
class Presentation:
    """An accepted code: the session it opened, how wrong the phone's clock is, whether this was seen before, and whose
    code it is."""

    session: ScanSession
    skew_s: int
    replayed: bool
    rider: Person


@dataclass(frozen=True, slots=True)
class Shown:
    """A code in order: its handle, the step that made it, how wrong the phone's clock is, where one was last taken."""

    handle: PersonalHandle
    step: int
    skew_s: int
    before: ScanSession | None


def present_personal_code(*, code: PersonalCode, station_id: UUID, by: Actor, at: datetime) -> Presentation:
    """Take a rider's code at a station. The same code again at the same station is the same answer, elsewhere refused.

    Whoever has no part in the station learns nothing: they are turned away before the code is looked at.
    """
    by.must("station.scan", station_id=station_id)
    shown = proven(code, handle_and_last_use(code.handle), by=by, at=at)
    taken = _take(shown, station_id, by, at)
    if not taken.replayed:
        _compare(taken.session, shown.before)
    return taken


def proven(
    code: PersonalCode, found: tuple[PersonalHandle, ScanSession | None] | None, *, by: Actor, at: datetime
) -> Shown:
    """What a code proves, by its handle and where that was last used. Raises what speaks against it."""
    handle, step, before = _identified(code, found, at)
    handle.must_be_in_use(at)
    if not handle.person.is_rider:
        raise about(HandleRevoked(), handle.person_id)
    skew = steps.skew_s(step, at)
    if not steps.in_time(step, at):
        raise about(CodeSkew(skew_s=skew, off_s=abs(skew)), handle.person_id)
    if handle.person_id == by.person_id:
        raise about(OwnCode(), handle.person_id)
    return Shown(handle, step, skew, before)


def take_all(shown: Sequence[tuple[Shown, UUID, Actor]], *, at: datetime) -> list[ScanSession] | None:
    """Take codes of different riders, each at a station by somebody; None if one of them was taken before.

    Whoever calls has checked that each may scan there. None: nothing of the unit of work may stay.
    """
    rows = [_use_of(each, station_id, by, at) for each, station_id, by in shown]
    if len(insert_all_if_absent(ScanSession, rows)) < len(rows):
        return None
    taken = [as_loaded(ScanSession(**row)) for row in rows]
    before = {each.before.station_id for each, _, _ in shown if each.before is not None}
    held = places.stations_named(before | {station_id for _, station_id, _ in shown})
    for now, (each, _, _) in zip(taken, shown, strict=True):
        _compare(now, each.before)
    del held  # until here
    return taken


def identify(code: PersonalCode, at: datetime) -> tuple[PersonalHandle, int]:
    """Whose code it is and which step made it. Raises CodeUnknown or CodeForged, which take the same time and words.

    A code more than 25 minutes old points to a step in another round of a hundred, so its MAC does not fit.
    """
    handle, step, _ = _identified(code, handle_and_last_use(code.handle), at)
    return handle, step


def _identified(
    code: PersonalCode, found: tuple[PersonalHandle, ScanSession | None] | None, at: datetime
) -> tuple[PersonalHandle, int, ScanSession | None]:
    step = steps.nearest(code.step_shown, at)
    if found is None:
        code.is_made_by(decoy_key(code.handle), CURRENT, step)
        raise CodeUnknown
    handle, before = found
    key = key_of(handle)
    if key is None:
        raise HandleExpired
    if not code.is_made_by(key, handle.alg, step):
        raise CodeForged
    return handle, step, before


def _compare(now: ScanSession, before: ScanSession | None) -> None:
    """Tell if nobody gets from one station to the other so fast: a code that was passed on, or a copied phone.

    It is told, not refused: who stands at the counter may be the right one.
    """
    if before is None or before.station_id == now.station_id:
        return
    seconds = (now.opened_at - before.opened_at).total_seconds()
    metres = distance_m(places.station(now.station_id).position, places.station(before.station_id).position)
    if metres > NEAR_M + FASTEST_M_S * max(0.0, seconds):
        publish(
            SeenInTwoPlaces(
                person_id=now.person_id,
                session_id=now.id,
                station_id=now.station_id,
                before_id=before.station_id,
                seconds=round(seconds),
                metres=round(metres),
                at=now.opened_at,
            )
        )


def _take(shown: Shown, station_id: UUID, by: Actor, at: datetime) -> Presentation:
    rider = shown.handle.person
    values = _use_of(shown, station_id, by, at)
    # step_used_once settles any number of presentations at the same moment: one inserts, the others find its row.
    if insert_if_absent(ScanSession, values):
        return Presentation(as_loaded(ScanSession(**values)), shown.skew_s, replayed=False, rider=rider)
    used = use_of_step(shown.handle.id, shown.step)
    if used is None or used.station_id != station_id:
        raise about(CodeReplay(), rider.id)
    return Presentation(used, shown.skew_s, replayed=True, rider=rider)


def _use_of(shown: Shown, station_id: UUID, by: Actor, at: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "handle_id": shown.handle.id,
        "step": shown.step,
        "person_id": shown.handle.person_id,
        "station_id": station_id,
        "opened_by": by.person_id,
        "opened_at": at,
    }
