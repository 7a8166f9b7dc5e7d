"""The dispatcher's pages: what waits, one case, and every step one can take with it."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

from flask import Response
from marshmallow import fields, validate

from app.cases import queries, states, triage, working
from app.cases.grades import GRADES
from app.cases.viewing import view_of
from app.identity.actors import Actor
from app.kernel import clock
from app.kernel.http import requires, takes_form, takes_query
from app.kernel.i18n import say
from app.kernel.schemas import Schema, Text
from app.media.accepting import accept_photo
from app.web.edge import Pages, go, page
from app.web.forms import Choice
from app.web.menus import menu_of

pages = Pages("grid")

FILTERS = ("open", "waiting", "working", "overdue", "disputed", "done")
_AMONG = {"waiting": states.WAITING, "working": states.WORKING}


class Filter(Schema):
    """Which cases, and where the list continues."""

    show = Choice(FILTERS, load_default="open")
    number = Text(12, load_default=None)
    cursor = fields.String(load_default=None, validate=validate.Length(min=1, max=200))


class AcceptForm(Schema):
    """How urgent it is."""

    grade = Choice(GRADES, load_default=None)


class WordsForm(Schema):
    """Words the reporter or a colleague will read."""

    words = Text(500, required=True)


class ResolveForm(Schema):
    """What was done; a photo is handed over beside it."""

    note = Text(500, required=True)


@pages.get("/grid")
@requires("case.triage")
@takes_query(Filter)
def cases(show: str, number: str | None, cursor: str | None, by: Actor) -> str:
    """What waits, the least time left first"""
    at = clock.now()
    found = queries.to_do(
        by, at=at, state=states.RESOLVED if show == "done" else None, among=_AMONG.get(show, ()),
        overdue=show == "overdue", disputed=show == "disputed",
        number=number, cursor=cursor, limit=30,
    )  # fmt: skip
    return page(
        "grid/cases.html",
        cases=found.items, next_cursor=found.next_cursor, show=show, at=at, menu=menu_of(by), filters=FILTERS,
        numbers=asdict(queries.counts(by, at=at)),
    )  # fmt: skip


@pages.get("/grid/<uuid:case_id>")
@requires("case.triage")
def case(case_id: UUID, by: Actor) -> str:
    """One case with what can be done now"""
    at = clock.now()
    view = view_of(queries.case_for(by, case_id), by, at)
    grades = [(each, say(f"case.grade.{each}")) for each in GRADES]
    return page("grid/case.html", view=view, at=at, grade_options=grades, menu=menu_of(by))


@pages.post("/grid/<uuid:case_id>/accept", again=case)
@requires("case.triage")
@takes_form(AcceptForm)
def accept(case_id: UUID, grade: str | None, by: Actor) -> Response:
    """Take it, with its grade and so its deadline"""
    triage.accept(case_id=case_id, grade=grade, by=by, at=clock.now())
    return go(f"/grid/{case_id}", said="web.said.case-accepted")


@pages.post("/grid/<uuid:case_id>/reject", again=case)
@requires("case.triage")
@takes_form(WordsForm)
def reject(case_id: UUID, words: str, by: Actor) -> Response:
    """Not adopted, with words that help the reporter"""
    triage.reject(case_id=case_id, reason=words, by=by, at=clock.now())
    return go(f"/grid/{case_id}", said="web.said.case-rejected")


@pages.post("/grid/<uuid:case_id>/start", again=case)
@requires("case.triage")
@takes_form(WordsForm)
def start(case_id: UUID, words: str, by: Actor) -> Response:
    """Somebody is on it"""
    working.start(case_id=case_id, words=words, by=by, at=clock.now())
    return go(f"/grid/{case_id}", said="web.said.case-started")


@pages.post("/grid/<uuid:case_id>/resolve", again=case)
@requires("case.triage")
@takes_form(ResolveForm, "photo")
def resolve(case_id: UUID, note: str, photo: bytes | None, by: Actor) -> Response:
    """Done: what was done, and a photo of it"""
    at = clock.now()
    photo_ids = [accept_photo(data=photo, purpose="work", by=by, at=at).id] if photo else []
    working.resolve(case_id=case_id, note=note, photo_ids=photo_ids, by=by, at=at)
    return go(f"/grid/{case_id}", said="web.said.case-resolved")


@pages.post("/grid/<uuid:case_id>/hand-back", again=case)
@requires("case.triage")
@takes_form(WordsForm)
def hand_back(case_id: UUID, words: str, by: Actor) -> Response:
    """Not ours: back to triage with the reason"""
    working.hand_back(case_id=case_id, reason=words, by=by, at=clock.now())
    return go(f"/grid/{case_id}", said="web.said.case-returned")
