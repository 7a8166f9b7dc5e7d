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
from app.codes.kinds.personal import PersonalCode
from app.codes.macs import CURRENT
from app.codes.models import PersonalHandle, ScanSession
from app.codes.queries import handle_named, use_of_step
from app.identity.actors import Actor
from app.identity.models import Person
from app.kernel.db import as_loaded, insert_if_absent
from app.kernel.ids import new_id


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
    handle, step = identify(code, at)
    handle.must_be_in_use(at)
    if not handle.person.is_rider:
        raise about(HandleRevoked(), handle.person_id)
    skew = steps.skew_s(step, at)
    if not steps.in_time(step, at):
        raise about(CodeSkew(skew_s=skew, off_s=abs(skew)), handle.person_id)
    if handle.person_id == by.person_id:
        raise about(OwnCode(), handle.person_id)
    return _take(handle, step, skew, station_id, by, at)


def identify(code: PersonalCode, at: datetime) -> tuple[PersonalHandle, int]:
    """Whose code it is and which step made it. Raises CodeUnknown or CodeForged, which take the same time and words.

    A code more than 25 minutes old points to a step in another round of a hundred, so its MAC does not fit.
    """
    step = steps.nearest(code.step_shown, at)
    handle = handle_named(code.handle)
    if handle is None:
        code.is_made_by(decoy_key(code.handle), CURRENT, step)
        raise CodeUnknown
    key = key_of(handle)
    if key is None:
        raise HandleExpired
    if not code.is_made_by(key, handle.alg, step):
        raise CodeForged
    return handle, step


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
