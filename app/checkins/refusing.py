"""Keeping a trace of scans that were turned away."""

from __future__ import annotations

import math
from collections.abc import Collection
from datetime import datetime, timedelta
from functools import cache
from typing import cast
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Table, Uuid, bindparam, or_, select

from app.checkins.models import RefusedScan
from app.codes.errors import rider_of
from app.identity.actors import Actor
from app.identity.sessions import device_of
from app.kernel.bulk import one_of
from app.kernel.db import dialect_name, session
from app.kernel.driving import rows
from app.kernel.errors import Problem, RateLimited

# A guess is a code whose check digit fits and whose MAC does not; a misread digit is nobody's fault and not counted.
GUESSES = ("code-forged", "code-unknown")
MAX_GUESSES, PER_S = 5, 60
_REFUSED = cast(Table, RefusedScan.__table__)


def _guesses_of(whose: ColumnElement[UUID | None]) -> Select[datetime]:
    guessed = or_(*(RefusedScan.slug == each for each in GUESSES))
    last = select(RefusedScan.at).where(whose == bindparam("whose", type_=Uuid()), guessed)
    last = last.where(RefusedScan.happened_at.is_(None))
    return last.where(RefusedScan.at > bindparam("since")).order_by(RefusedScan.at.desc()).limit(MAX_GUESSES)


_BY_PERSON, _AT_STATION = _guesses_of(_REFUSED.c.by_id), _guesses_of(_REFUSED.c.station_id)


def remember_refusal(
    problem: Problem,
    *,
    person_id: UUID | None,
    station_id: UUID | None,
    happened_at: datetime | None = None,
    device: str | None = None,
    by: Actor,
    at: datetime,
) -> None:
    """Write down a refusal that is kept, with place and device; one that is rolled back leaves nothing to write.

    Where no station scanned, it was the scanner's own attempt and stands in their own history. What was refused without
    a signal says when it happened (`happened_at`), and by which device; `at` is when it arrived.
    """
    if problem.keep:
        whose = person_id or rider_of(problem) or (by.person_id if station_id is None else None)
        session.add(
            RefusedScan(
                person_id=whose,
                station_id=station_id,
                slug=problem.slug,
                by_id=by.person_id,
                device=device_of(by.family_id) if by.family_id else device,
                happened_at=happened_at,
                at=at,
            )
        )
        session.flush()


def guessed_lately(
    *, person_ids: Collection[UUID], station_ids: Collection[UUID], at: datetime
) -> tuple[set[UUID], set[UUID]]:
    """Those of these people and stations by or at which any code was guessed in the last minute."""
    asked = {
        "slugs": list(GUESSES),
        "people": list(person_ids),
        "stations": list(station_ids),
        "since": at - timedelta(seconds=PER_S),
    }
    found = rows(_guessed_since(dialect_name()), asked)
    people = {by_id for by_id, _ in found if by_id is not None}
    return people, {station_id for _, station_id in found if station_id is not None}


@cache
def _guessed_since(dialect: str) -> Select[UUID | None, UUID | None]:
    whose = or_(
        one_of(_REFUSED.c.by_id, "people", dialect), one_of(_REFUSED.c.station_id, "stations", dialect)
    )
    return select(_REFUSED.c.by_id, _REFUSED.c.station_id).where(
        one_of(_REFUSED.c.slug, "slugs", dialect), _REFUSED.c.at > bindparam("since"), whose
    )


def refuse_guessing(*, station_id: UUID | None, by: Actor, at: datetime) -> None:
    """After five guesses in a minute at a station (or by one person elsewhere), no code is looked at for a while.

    Counted in the refusals themselves, which are kept; those that a log brings later were no attempts at our door.
    Requests in the same moment may each add one before the count shows: no more than there are workers, against the 18
    digits that a guess has to hit.
    """
    since = at - timedelta(seconds=PER_S)
    guesses, whose = (_BY_PERSON, by.person_id) if station_id is None else (_AT_STATION, station_id)
    times = [moment for (moment,) in rows(guesses, {"whose": whose, "since": since})]
    if len(times) == MAX_GUESSES:
        raise RateLimited(retry_after_s=max(1, math.ceil((times[-1] - since).total_seconds())))
