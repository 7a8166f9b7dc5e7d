"""Selections: criteria first, then the sealed facts, a second signature, the notice, the roll and its exports."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from flask import Response

from app.doubts import queries as doubts
from app.honours import agreeing, announcing, exporting, fetching, queries, reviewing, selecting, snapshots
from app.honours import criteria as wordings
from app.honours.errors import ExportFailed, ExportNotReady, PeriodWrong
from app.honours.making import KINDS
from app.honours.models import Selection
from app.honours.waiting import waiting_of
from app.identity import queries as people
from app.identity.actors import Actor
from app.identity.signing_in import normal_phone
from app.kernel import clock
from app.kernel.answering import SIGNED_IN
from app.kernel.http import attachment, requires, takes_form, takes_query, traced
from app.kernel.i18n import say
from app.kernel.schemas import Day, Figures, QueryWhole, Schema, Text
from app.places.queries import region_path
from app.web.desk.honour_review import RecusalForm, rule_in_words
from app.web.edge import Pages, go, page
from app.web.faults import Faults
from app.web.forms import Choice, Continue, Nothing, Tick
from app.web.menus import menu_of, must_enter
from app.web.notes import notes

pages = Pages("selections")


class ExportForm(Schema):
    """What is wanted, and why."""

    kind = Choice(tuple(KINDS), required=True)
    reason = Text(300, required=True)
    personal = Tick()


class TrialForm(Schema):
    """A past period to try the criteria on."""

    start_on = Day(load_default=None)
    end_on = Day(load_default=None)


class DecisionForm(Schema):
    """In or out, and why."""

    decision = Choice(("in", "out"), required=True)
    reason = Text(200, required=True)


class NoticeForm(Schema):
    """Where to object."""

    contact_phone = Figures(40, min_length=3, required=True)
    contact_place = Text(120, required=True)
    contact_hours = Text(120, required=True)
    contact_place_en = Text(120, load_default=None)
    contact_hours_en = Text(120, load_default=None)
    working_days = QueryWhole(5, 30, load_default=5)


class RemovalForm(Schema):
    """Why somebody is taken out after the signature."""

    reason = Text(200, required=True)


@pages.get("/desk/honours")
@requires(SIGNED_IN)
@takes_query(Continue)
def selections(by: Actor, cursor: str | None = None) -> str:
    """The selections of one's regions; with a cursor older ones"""
    must_enter(by, "honours")
    found = queries.selections_of(by, cursor)
    return page(
        "desk/honours.html",
        selections=found.items, next_cursor=found.next_cursor, further_back=cursor is not None,
        can_run=by.holds("selection.run"), menu=menu_of(by),
    )  # fmt: skip


@pages.get("/desk/honours/<uuid:selection_id>")
@requires(SIGNED_IN)
@traced("candidates.seen")
def selection(selection_id: UUID, by: Actor) -> str:
    """One selection: five steps, the candidates, what comes next"""
    must_enter(by, "honours")
    found = queries.selection_for(selection_id, by)
    shown = queries.candidates(selection_id, by) if found.state != "draft" else []
    ids = [each.id for each in shown]
    criteria = queries.criteria_of(found)
    eligible = snapshots.of_selection(found.id).eligible if len(shown) == queries.LISTED else 0
    meetings = queries.meetings_of(selection_id)
    unmet = agreeing.what_is_missing(meetings)
    return page(
        "desk/selection.html",
        selection=found, criteria=criteria, candidates=shown, eligible=eligible, menu=menu_of(by),
        rule=rule_in_words(criteria), doubted=_doubted(found),
        meetings=meetings, unmet=unmet.slug if unmet else None, reviewers=_reviewers(found),
        waiting=waiting_of(ids), honoured=queries.honoured_in(selection_id),
        can_run=by.holds("selection.run"), can_review=by.holds("selection.review") and by.person_id != found.created_by,
        kinds=_kinds(found) if by.holds("honours.export") else [],
    )  # fmt: skip


def _doubted(found: Selection) -> int:
    """How many facts of the period wait for a second look, as long as they are not frozen yet."""
    if found.state != "draft":
        return 0
    return doubts.undecided(found.regions, found.period_start_on, found.period_end_on)


@pages.get("/desk/honours/<uuid:selection_id>/trial")
@requires("selection.run")
@takes_query(TrialForm)
def trial(selection_id: UUID, start_on: date | None, end_on: date | None, by: Actor) -> str:
    """What the criteria would give over this or a past period; nothing is kept"""
    found = queries.selection_for(selection_id, by)
    try:
        tried = selecting.dry_run(
            selection_id=selection_id, start_on=start_on, end_on=end_on, by=by, at=clock.now()
        ).told()
    except PeriodWrong as wrong:  # in the form, where the days can be mended
        notes().faults, tried = Faults.of(wrong, {wrong.slug: "end_on"}), None
    return page(
        "desk/selection_trial.html",
        selection=found, trial=tried, first=tried.candidates[:50] if tried else (), menu=menu_of(by),
        start_on=start_on or found.period_start_on, end_on=end_on or found.period_end_on,
    )  # fmt: skip


@pages.post("/desk/honours/<uuid:selection_id>/criteria", again=selection)
@requires("selection.review")
@takes_form(Nothing)
def approve(selection_id: UUID, by: Actor) -> Response:
    """A second person agrees to the criteria"""
    wordings.approve_criteria(selection_id=selection_id, by=by, at=clock.now())
    return go(f"/desk/honours/{selection_id}", said="web.said.criteria-approved")


def _reviewers(found: Selection) -> list[tuple[UUID, str]]:
    """Who reviews there, as choices."""
    held = people.holders_of("selection.review", region_path(found.region_code))
    return [(each.id, people.display_name(each)) for each in held if each.id != found.created_by]


def _kinds(found: Selection) -> list[tuple[str, str]]:
    """The exports of this step, in words."""
    possible = (name for name, kind in KINDS.items() if found.state in kind.states)
    return [(name, say(f"honours.export.{name}")) for name in possible]


@pages.post("/desk/honours/<uuid:selection_id>/run", again=selection)
@requires("selection.run")
@takes_form(Nothing)
def run(selection_id: UUID, by: Actor) -> Response:
    """Seal the facts and put candidates in order"""
    selecting.run_selection(selection_id=selection_id, by=by, at=clock.now())
    return go(f"/desk/honours/{selection_id}", said="web.said.selection-run")


@pages.post("/desk/honours/<uuid:selection_id>/candidates/<uuid:candidate_id>", again=selection)
@requires("selection.review")
@takes_form(DecisionForm)
def decide(selection_id: UUID, candidate_id: UUID, decision: str, reason: str, by: Actor) -> Response:
    """Take a candidate in or out"""
    reviewing.decide(
        selection_id=selection_id,
        candidate_id=candidate_id,
        decision=decision,
        reason=reason,
        by=by,
        at=clock.now(),
    )
    return go(f"/desk/honours/{selection_id}", said="web.said.decided")


@pages.post("/desk/honours/<uuid:selection_id>/sign", again=selection)
@requires("selection.review")
@takes_form(Nothing)
def sign(selection_id: UUID, by: Actor) -> Response:
    """The second person's signature"""
    reviewing.sign(selection_id=selection_id, by=by, at=clock.now())
    return go(f"/desk/honours/{selection_id}", said="web.said.signed")


@pages.post("/desk/honours/<uuid:selection_id>/recusals", again=selection)
@requires("selection.run")
@takes_form(RecusalForm)
def set_aside(selection_id: UUID, reviewer_id: UUID, phone: str, reason: str, by: Actor) -> Response:
    """Keep a reviewer from somebody he is too close to"""
    reviewing.set_aside(
        selection_id=selection_id,
        reviewer_id=reviewer_id,
        phone=normal_phone(phone),
        reason=reason,
        by=by,
        at=clock.now(),
    )
    return go(f"/desk/honours/{selection_id}", said="web.said.declared")


@pages.post("/desk/honours/<uuid:selection_id>/notice", again=selection)
@requires("selection.run")
@takes_form(NoticeForm)
def notice(selection_id: UUID, by: Actor, **contact: Any) -> Response:
    """Five working days of public notice, with where to object"""
    announcing.open_notice(selection_id=selection_id, **contact, by=by, at=clock.now())
    return go(f"/desk/honours/{selection_id}", said="web.said.notice-opened")


@pages.post("/desk/honours/<uuid:selection_id>/final", again=selection)
@requires("selection.run")
@takes_form(Nothing)
def finalise(selection_id: UUID, by: Actor) -> Response:
    """The roll, once the notice has run"""
    announcing.finalise(selection_id=selection_id, by=by, at=clock.now())
    return go(f"/desk/honours/{selection_id}", said="web.said.finalised")


@pages.post("/desk/honours/<uuid:selection_id>/candidates/<uuid:candidate_id>/honour", again=selection)
@requires("selection.run")
@takes_form(Nothing)
def grant(selection_id: UUID, candidate_id: UUID, by: Actor) -> Response:
    """The honour for somebody who had been held"""
    announcing.grant_held(selection_id=selection_id, candidate_id=candidate_id, by=by, at=clock.now())
    return go(f"/desk/honours/{selection_id}", said="web.said.granted")


@pages.post("/desk/honours/<uuid:selection_id>/candidates/<uuid:candidate_id>/removal", again=selection)
@requires("selection.review")
@takes_form(RemovalForm)
def remove(selection_id: UUID, candidate_id: UUID, reason: str, by: Actor) -> Response:
    """Out after the signature, with a reason"""
    reviewing.remove(
        selection_id=selection_id, candidate_id=candidate_id, reason=reason, by=by, at=clock.now()
    )
    return go(f"/desk/honours/{selection_id}", said="web.said.decided")


@pages.post("/desk/honours/<uuid:selection_id>/notice-end", again=selection)
@requires("selection.run")
@takes_form(Nothing)
def end_notice(selection_id: UUID, by: Actor) -> Response:
    """The notice has run its days"""
    announcing.end_notice(selection_id=selection_id, by=by, at=clock.now())
    return go(f"/desk/honours/{selection_id}", said="web.said.notice-ended")


@pages.post("/desk/honours/<uuid:selection_id>/exports", again=selection)
@requires("honours.export")
@takes_form(ExportForm)
def export(selection_id: UUID, kind: str, reason: str, personal: bool, by: Actor) -> Response:
    """A file for a reason; every export leaves a trace"""
    asked, file = exporting.make_export(
        selection_id=selection_id, kind=kind, reason=reason, personal=personal, by=by, at=clock.now()
    )
    if file is None:
        return go(f"/desk/honours/exports/{asked.id}", said="web.said.export-ordered")
    return attachment(file.data, file.media_type, file.filename)


@pages.get("/desk/honours/exports/<uuid:export_id>")
@requires("honours.export")
def export_progress(export_id: UUID, by: Actor) -> str:
    """How far a long export is, and the way to its file"""
    asked, about = exporting.export_for(export_id, by)
    return page(
        "desk/export.html",
        asked=asked, selection=about, progress=fetching.progress_of(asked), menu=menu_of(by),
        kind=say(f"honours.export.{asked.kind}"),
    )  # fmt: skip


@pages.get("/desk/honours/exports/<uuid:export_id>/file", write=True)
@requires("honours.export")
def export_file(export_id: UUID, by: Actor) -> Response:
    """The file of an export under the consents in force; every fetch leaves a trace"""
    try:
        file = exporting.export_again(export_id=export_id, by=by, at=clock.now())
    except (ExportNotReady, ExportFailed):
        return go(f"/desk/honours/exports/{export_id}")
    return attachment(file.data, file.media_type, file.filename, size=file.size)
