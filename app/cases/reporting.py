"""Reporting a hazard, and saying "me too" instead of reporting it again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from app.cases import states as s
from app.cases.errors import CaseNotFound, OwnCase, PlaceMissing, UnlikelyTime
from app.cases.kinds import report as report_kind
from app.cases.models import Case, MeToo
from app.cases.moving import case_to_join
from app.cases.opening import Matter, open_case
from app.cases.placing import must_be_near, region_of
from app.cases.queries import is_reporter
from app.identity.actors import Actor
from app.identity.consent import agree_by_using
from app.kernel import geo
from app.kernel.db import insert_if_absent, session
from app.kernel.geo import Position
from app.kernel.ids import new_id

SAME_PLACE_M = 60
AROUND_M, SAME_DAY = (
    500,
    timedelta(hours=24),
)  # around a report, for whoever asks whether it is one of several
SHOWN = 5
CLOCK_SLACK = timedelta(minutes=5)  # phones' clocks go wrong a little
OLDEST_DRAFT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Similar:
    """An open report of the same sort close by."""

    case: Case
    distance_m: int


def report(
    *,
    category: str,
    position: Position | None,
    place_words: str | None,
    description: str = "",
    photo_ids: Collection[UUID] = (),
    client_ref: str | None = None,
    happened_at: datetime | None = None,
    by: Actor,
    at: datetime,
) -> Case:
    """A rider reports something in a public place. Where: by position, words, or both. When: if it was saved first.

    A position that its rider does not want used is not: the report stands by its words.
    """
    if position is not None and by.agrees_to_location is False:
        position = None
    if position is None and not place_words:
        raise PlaceMissing
    if position is not None:
        must_be_near(position)
        agree_by_using("location", [by], at)
    if happened_at is not None and not at - OLDEST_DRAFT <= happened_at <= at + CLOCK_SLACK:
        raise UnlikelyTime
    matter = Matter(
        kind=report_kind.KIND.name,
        category=category,
        region_code=region_of(position, by),
        description=description,
        place_words=place_words or None,
        position=position,
        happened_at=happened_at,
        client_ref=client_ref,
        photo_ids=photo_ids,
    )
    return open_case(matter, by=by, at=at)


def similar_near(position: Position, category: str) -> list[Similar]:
    """Open reports of the category within 60 m, nearest first: about the thing only, nothing of who reported it."""
    south, west, north, east = geo.box_around(position, SAME_PLACE_M)
    inside = select(Case).where(
        Case.kind == report_kind.KIND.name,
        Case.category == category,
        Case.state.in_(s.OPEN),
        Case.lat.between(south, north),
        Case.lng.between(west, east),
    )
    found = [Similar(each, _distance(position, each)) for each in session.scalars(inside)]
    return sorted(
        (each for each in found if each.distance_m <= SAME_PLACE_M), key=lambda each: each.distance_m
    )[:SHOWN]


def told_around(case: Case) -> list[Similar]:
    """What the reporter of this one told that is open, within half a kilometre and a day of it, nearest first.

    One hazard told as several is told in other words and as other kinds of things; whoever sends somebody there should
    see what lies side by side. Of the reporter it says no more than that.
    """
    if case.position is None or case.reporter_id is None or case.kind != report_kind.KIND.name:
        return []
    seen_at = func.coalesce(Case.happened_at, Case.created_at)
    at = case.happened_at or case.created_at
    told = select(Case).where(
        Case.reporter_id == case.reporter_id,
        Case.kind == case.kind,
        Case.id != case.id,
        Case.state.in_(s.OPEN),
        Case.lat.is_not(None),
        seen_at.between(at - SAME_DAY, at + SAME_DAY),
    )
    found = [
        Similar(each, _distance(case.position, each)) for each in session.scalars(told.order_by(Case.id))
    ]
    near = [each for each in found if each.distance_m <= AROUND_M]
    return sorted(near, key=lambda each: each.distance_m)[:SHOWN]


def _distance(position: Position, case: Case) -> int:
    assert case.position is not None
    return round(geo.distance_m(position, case.position))


def me_too(*, case_id: UUID, by: Actor, at: datetime) -> Case:
    """Second a report: the follower sees its state and shares in it as the rules say. Said twice, it counts once."""
    case = case_to_join(case_id)
    if case is None or not case.rules.followed:
        raise CaseNotFound
    if is_reporter(case, by):
        raise OwnCase
    if not case.is_open:
        raise case.moved_on()
    follow(case, [by.id], at)
    return case


def follow(case: Case, person_ids: Sequence[UUID], at: datetime) -> None:
    """Let people follow a case; the unique constraint makes each count once, however often they tap."""
    for person_id in person_ids:
        if person_id != case.reporter_id:
            insert_if_absent(MeToo, {"id": new_id(), "case_id": case.id, "person_id": person_id, "at": at})
