"""The case desk: what waits, one case, and every step one can take with it.

Dispatchers meet reports, suggestions and points queries here, mediators appeals: each sees the kinds they handle.
"""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

from flask import Response
from marshmallow import fields, validate

from app.cases import closing, queries, reporting, states, triage, working
from app.cases.grades import GRADES
from app.cases.kinds import KINDS
from app.cases.models import Case
from app.cases.viewing import stands, view_of
from app.identity.actors import Actor
from app.identity.queries import display_name
from app.kernel import clock
from app.kernel.answering import SIGNED_IN
from app.kernel.http import requires, takes_form, takes_query, traced
from app.kernel.i18n import say
from app.kernel.schemas import Id, Schema, Text
from app.media.accepting import accept_photo
from app.media.cleaning import CleanPhoto, clean_if_any
from app.web.edge import Pages, go, page
from app.web.forms import Choice, Key
from app.web.matters import matter_of
from app.web.menus import menu_of, must_enter
from app.web.scopes import regions_of

pages = Pages("grid")

FILTERS = ("open", "waiting", "working", "overdue", "disputed", "done")
_AMONG = {"waiting": states.WAITING, "working": states.WORKING}


class Filter(Schema):
    """Which cases, and where the list continues."""

    show = Choice(FILTERS, load_default="open")
    kind = Choice(tuple(KINDS), load_default=None)
    number = Key(12, load_default=None)
    cursor = fields.String(load_default=None, validate=validate.Length(min=1, max=200))


class AcceptForm(Schema):
    """How urgent it is."""

    grade = Choice(GRADES, load_default=None)


class WordsForm(Schema):
    """Words the reporter will read."""

    words = Text(500, required=True)


class ReasonForm(Schema):
    """Why; the reporter or a colleague will read it."""

    reason = Text(500, required=True)


class MergeForm(Schema):
    """The number of the case that goes on."""

    number = Key(16, required=True)


class ReassignForm(Schema):
    """To which unit, to whom, and why; the note is for colleagues."""

    unit_region_code = Text(20, load_default=None)
    handler_id = Id(load_default=None)
    note = Text(500, required=True)


class ResolveForm(Schema):
    """What was done; a photo is handed over beside it."""

    note = Text(500, required=True)


@pages.get("/grid")
@requires(SIGNED_IN)
@takes_query(Filter)
def cases(show: str, kind: str | None, number: str | None, cursor: str | None, by: Actor) -> str:
    """What waits, the least time left first"""
    must_enter(by, "cases")
    at = clock.now()
    found = queries.to_do(
        by, at=at, state=states.RESOLVED if show == "done" else None, among=_AMONG.get(show, ()),
        overdue=show == "overdue", disputed=show == "disputed",
        kind=kind, number=number, cursor=cursor, limit=30,
    )  # fmt: skip
    return page(
        "grid/cases.html",
        cases=found.items, stands=stands,
        next_cursor=found.next_cursor, show=show, at=at, menu=menu_of(by), filters=FILTERS,
        kind=kind, kinds=queries.kinds_handled(by),
        numbers=asdict(queries.counts(by, kind=kind, at=at)),
    )  # fmt: skip


@pages.get("/grid/<uuid:case_id>")
@requires(SIGNED_IN)
@traced("case.seen")
def case(case_id: UUID, by: Actor) -> str:
    """One case with what can be done now"""
    must_enter(by, "cases")
    at = clock.now()
    found = queries.case_for(by, case_id)
    view = view_of(found, by, at)
    return page(
        "grid/case.html",
        view=view, stands=stands, matter=matter_of(found, by, at_desk=True), at=at, menu=menu_of(by),
        grade_options=[(each, say(f"case.grade.{each}")) for each in GRADES],
        same_place=_same_place(found) if states.MERGE in view.can else [],
        told_around=[each for each in reporting.told_around(found) if queries.handles(each.case, by)]
        if states.MERGE in view.can else [],
        units=regions_of(by, found.rules.triage) if states.REASSIGN in view.can else [],
        handlers=[(each.id, display_name(each)) for each in triage.fit_handlers(found)]
        if states.REASSIGN in view.can else [],
    )  # fmt: skip


def _same_place(case: Case) -> list[Case]:
    """Open reports of the same category at the same place, oldest first: this may be one of them."""
    if case.position is None:
        return []
    near = [each.case for each in reporting.similar_near(case.position, case.category)]
    return sorted((each for each in near if each.id != case.id), key=lambda each: each.created_at)


@pages.post("/grid/<uuid:case_id>/accept", again=case)
@requires(SIGNED_IN)
@takes_form(AcceptForm)
def accept(case_id: UUID, grade: str | None, by: Actor) -> Response:
    """Take it, with its grade and so its deadline"""
    triage.accept(case_id=case_id, grade=grade, by=by, at=clock.now())
    return go(f"/grid/{case_id}", said="web.said.case-accepted")


@pages.post("/grid/<uuid:case_id>/reject", again=case)
@requires(SIGNED_IN)
@takes_form(ReasonForm)
def reject(case_id: UUID, reason: str, by: Actor) -> Response:
    """Not adopted, with words that help the reporter"""
    triage.reject(case_id=case_id, reason=reason, by=by, at=clock.now())
    return go(f"/grid/{case_id}", said="web.said.case-rejected")


@pages.post("/grid/<uuid:case_id>/start", again=case)
@requires(SIGNED_IN)
@takes_form(WordsForm)
def start(case_id: UUID, words: str, by: Actor) -> Response:
    """Somebody is on it"""
    working.start(case_id=case_id, words=words, by=by, at=clock.now())
    return go(f"/grid/{case_id}", said="web.said.case-started")


@pages.post("/grid/<uuid:case_id>/resolve", again=case)
@requires(SIGNED_IN)
@takes_form(ResolveForm, photo=clean_if_any)
def resolve(case_id: UUID, note: str, photo: CleanPhoto | None, by: Actor) -> Response:
    """Done: what was done, and a photo of it"""
    at = clock.now()
    photo_ids = [accept_photo(data=photo, purpose="work", by=by, at=at).id] if photo else []
    working.resolve(case_id=case_id, note=note, photo_ids=photo_ids, by=by, at=at)
    return go(f"/grid/{case_id}", said="web.said.case-resolved")


@pages.post("/grid/<uuid:case_id>/hand-back", again=case)
@requires(SIGNED_IN)
@takes_form(ReasonForm)
def hand_back(case_id: UUID, reason: str, by: Actor) -> Response:
    """Not ours: back to triage with the reason"""
    working.hand_back(case_id=case_id, reason=reason, by=by, at=clock.now())
    return go(f"/grid/{case_id}", said="web.said.case-returned")


@pages.post(
    "/grid/<uuid:case_id>/merge", again=case, blame={"case-not-found": "number", "cannot-merge": "number"}
)
@requires(SIGNED_IN)
@takes_form(MergeForm)
def merge(case_id: UUID, number: str, by: Actor) -> Response:
    """The same thing was reported before: both reporters follow one case from now on"""
    into = queries.case_by_number(by, number)
    triage.merge(case_id=case_id, into_id=into.id, by=by, at=clock.now())
    return go(f"/grid/{into.id}", said="web.said.case-merged")


@pages.post(
    "/grid/<uuid:case_id>/reassign",
    again=case,
    blame={"region-not-found": "unit_region_code", "handler-unfit": "handler_id"},
)
@requires(SIGNED_IN)
@takes_form(ReassignForm)
def reassign(
    case_id: UUID, unit_region_code: str | None, handler_id: UUID | None, note: str, by: Actor
) -> Response:
    """Another unit or another colleague takes it; the deadline runs on"""
    triage.reassign(
        case_id=case_id,
        unit_region_code=unit_region_code,
        handler_id=handler_id,
        note=note,
        by=by,
        at=clock.now(),
    )
    return go("/grid", said="web.said.case-reassigned")


@pages.post("/grid/<uuid:case_id>/reopen", again=case)
@requires(SIGNED_IN)
@takes_form(ReasonForm)
def reopen(case_id: UUID, reason: str, by: Actor) -> Response:
    """The reporter said that it is not solved: back to the desk, for another person"""
    closing.reopen(case_id=case_id, reason=reason, by=by, at=clock.now())
    return go(f"/grid/{case_id}", said="web.said.case-reopened")
