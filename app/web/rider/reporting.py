"""随手报: one photo of a thing in a public place, then following it until it is fixed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, request

from app.cases import closing, queries, reporting
from app.cases import states as s
from app.cases.kinds import report as report_kind
from app.cases.reporting import Similar
from app.cases.viewing import stands, view_of
from app.identity.actors import Actor
from app.kernel import clock, geo
from app.kernel.http import requires, takes_form, takes_query
from app.kernel.schemas import Instant, Schema, Text
from app.media.accepting import accept_photo
from app.media.cleaning import CleanPhoto, clean_if_any
from app.web.edge import Pages, go, kept_offline, once, page
from app.web.forms import Choice, Continue, Nothing, PlaceForm
from app.web.matters import matter_of

pages = Pages("reporting")

CATEGORIES = tuple(report_kind.KIND.categories)
PURPOSE = "report"


class ReportForm(PlaceForm):
    """What is seen and where; `happened_at` when it was kept on the phone first."""

    category = Choice(CATEGORIES, required=True)
    place_words = Text(200, load_default=None)
    description = Text(2000, load_default="")
    happened_at = Instant(load_default=None)


class AnswerForm(Schema):
    """Is it fixed?"""

    answer = Choice(s.ANSWERS, required=True)
    stars = Choice(("1", "2", "3", "4", "5"), load_default=None)


class ReopenForm(Schema):
    """Why it is not."""

    reason = Text(500, required=True)


@pages.get("/report")
@requires("self")
def report_form(by: Actor) -> Response:
    """The form: photo, category, place, and words if one likes"""
    withheld = by.agrees_to_location is False
    return kept_offline(page("rider/report.html", categories=CATEGORIES, withheld=withheld))


@pages.post(
    "/report",
    again=report_form,
    blame={"place-far-away": "place_words"},
)
@requires("self")
@once
@takes_form(ReportForm, photo=clean_if_any)
def report(
    category: str,
    position: geo.Position | None,
    accuracy_m: int | None,
    place_words: str | None,
    description: str,
    happened_at: datetime | None,
    photo: CleanPhoto | None,
    by: Actor,
) -> Response:
    """Take the report; the same draft sent again is the same report"""
    at = clock.now()
    made = reporting.report(
        category=category,
        position=position,
        place_words=place_words,
        description=description,
        photo_ids=_photo_ids(photo, by, at),
        client_ref=request.form.get("idempotency_key"),
        happened_at=happened_at,
        by=by,
        at=at,
    )
    return go(f"/reports/{made.id}/sent")


def _photo_ids(photo: CleanPhoto | None, by: Actor, at: datetime) -> list[UUID]:
    return [accept_photo(data=photo, purpose=PURPOSE, by=by, at=at).id] if photo else []


@pages.get("/reports/<uuid:case_id>/sent")
@requires("self")
def sent(case_id: UUID, by: Actor) -> str:
    """The receipt: number, what happens next, and open reports of the same thing close by"""
    case = queries.case_for(by, case_id)
    return page("rider/report_sent.html", case=case, similar=_others(case))


def _others(case: Any) -> Sequence[Similar]:
    if case.position is None:
        return ()
    return [each for each in reporting.similar_near(case.position, case.category) if each.case.id != case.id]


@pages.post("/reports/<uuid:case_id>/me-too")
@requires("self")
@takes_form(Nothing)
def me_too(case_id: UUID, by: Actor) -> Response:
    """Second it"""
    reporting.me_too(case_id=case_id, by=by, at=clock.now())
    return go("/reports", said="web.said.me-too")


@pages.get("/reports")
@requires("self")
@takes_query(Continue)
def reports(by: Actor, cursor: str | None = None) -> str:
    """What I brought up, and what I follow"""
    mine = queries.my_cases(by.id, cursor=cursor)
    followed = queries.followed_cases(by.id).items if cursor is None else ()
    return page(
        "rider/reports.html",
        cases=mine.items,
        followed=followed,
        stands=stands,
        next_cursor=mine.next_cursor,
        at=clock.now(),
    )


@pages.get("/reports/<uuid:case_id>")
@requires("self")
def case(case_id: UUID, by: Actor) -> str:
    """One case: where it stands, its steps and photos, and the answer whether it is fixed"""
    at = clock.now()
    found = queries.case_for(by, case_id)
    matter = matter_of(found, by, at_desk=False)
    return page("rider/case.html", view=view_of(found, by, at), matter=matter, at=at)


@pages.post("/reports/<uuid:case_id>/answer", again=case)
@requires("self")
@takes_form(AnswerForm)
def answer(case_id: UUID, answer: str, stars: str | None, by: Actor) -> Response:
    """Say whether it is fixed"""
    closing.rate(case_id=case_id, answer=answer, stars=int(stars) if stars else None, by=by, at=clock.now())
    said = "web.said.thanks" if answer == s.SOLVED else "web.said.tell-us"
    return go(f"/reports/{case_id}" + ("#reopen" if answer == s.NOT_SOLVED else ""), said=said)


@pages.post("/reports/<uuid:case_id>/reopen", again=case)
@requires("self")
@once
@takes_form(ReopenForm, photo=clean_if_any)
def reopen(case_id: UUID, reason: str, photo: CleanPhoto | None, by: Actor) -> Response:
    """Not done after all"""
    at = clock.now()
    closing.reopen(case_id=case_id, reason=reason, photo_ids=_photo_ids(photo, by, at), by=by, at=at)
    return go(f"/reports/{case_id}", said="web.said.reopened")


@pages.post("/reports/<uuid:case_id>/withdraw", again=case)
@requires("self")
@takes_form(Nothing)
def withdraw(case_id: UUID, by: Actor) -> Response:
    """Take it back while nobody has it"""
    closing.withdraw(case_id=case_id, by=by, at=clock.now())
    return go(f"/reports/{case_id}", said="web.said.withdrawn")
