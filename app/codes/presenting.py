"""A rider shows a personal code at a station: checked, taken once, and good there for two minutes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
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
from app.kernel.db import as_loaded, insert_if_absent
from app.kernel.events import publish
from app.kernel.geo import distance_m
from app.kernel.ids import new_id
from app.places import queries as places

FASTEST_M_S = 25.0  # no rider crosses the city at more than 90 km/h
NEAR_M = 300.0  # stations so close are neighbours


@dataclass(frozen=True, slots=True)
class Presentation:
    """An accepted code: the session it opened, how wrong the phone's clock is, whether this was seen before, and whose
    code it is."""

    session: ScanSession
    skew_s: int
    replayed: bool
    rider: Person


def present_personal_code(*, code: PersonalCode, station_id: UUID, by: Actor, at: datetime) -> Presentation:
    """Take a rider's code at a station. The same code again at the same station is the same answer, elsewhere refused.

    Whoever has no part in the station learns nothing: they are turned away before the code is looked at.
    """
    by.must("station.scan", station_id=station_id)
    handle, step, before = _identified(code, at)
    handle.must_be_in_use(at)
    if not handle.person.is_rider:
        raise about(HandleRevoked(), handle.person_id)
    skew = steps.skew_s(step, at)
    if not steps.in_time(step, at):
        raise about(CodeSkew(skew_s=skew, off_s=abs(skew)), handle.person_id)
    if handle.person_id == by.person_id:
        raise about(OwnCode(), handle.person_id)
    taken = _take(handle, step, skew, station_id, by, at)
    if before is not None and before.station_id != station_id and not taken.replayed:
        _compare(taken.session, before)
    return taken


def identify(code: PersonalCode, at: datetime) -> tuple[PersonalHandle, int]:
    """Whose code it is and which step made it. Raises CodeUnknown or CodeForged, which take the same time and words.

    A code more than 25 minutes old points to a step in another round of a hundred, so its MAC does not fit.
    """
    handle, step, _ = _identified(code, at)
    return handle, step


def _identified(code: PersonalCode, at: datetime) -> tuple[PersonalHandle, int, ScanSession | None]:
    step = steps.nearest(code.step_shown, at)
    found = handle_and_last_use(code.handle)
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


def _compare(now: ScanSession, before: ScanSession) -> None:
    """Tell if nobody gets from one station to the other so fast: a code that was passed on, or a copied phone.

    It is told, not refused: who stands at the counter may be the right one.
    """
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


def _take(
    handle: PersonalHandle, step: int, skew: int, station_id: UUID, by: Actor, at: datetime
) -> Presentation:
    values = {
        "id": new_id(),
        "handle_id": handle.id,
        "step": step,
        "person_id": handle.person_id,
        "station_id": station_id,
        "opened_by": by.person_id,
        "opened_at": at,
    }
    # step_used_once settles any number of presentations at the same moment: one inserts, the others find its row.
    if insert_if_absent(ScanSession, values):
        return Presentation(as_loaded(ScanSession(**values)), skew, replayed=False, rider=handle.person)
    used = use_of_step(handle.id, step)
    if used is None or used.station_id != station_id:
        raise about(CodeReplay(), handle.person_id)
    return Presentation(used, skew, replayed=True, rider=handle.person)
