"""The reviewer's desk: marks without names, stepping aside, the end of the blind round, and the case file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response

from app.honours import agreeing, filing, holding, picturing, queries, reviewing, weighing
from app.honours.combining import rule_of
from app.honours.models import Candidate
from app.identity.actors import Actor
from app.identity.signing_in import normal_phone
from app.kernel import clock
from app.kernel.http import requires, takes_form, traced
from app.kernel.i18n import say
from app.kernel.schemas import Day, Id, QueryWhole, Schema, Text
from app.media import queries as media
from app.web.edge import Pages, go, page
from app.web.forms import Nothing
from app.web.menus import menu_of

pages = Pages("reviews")

BETWEEN = re.compile("[\n、，,；;]+")  # names as people write them one after the other


class MarkForm(Schema):
    """A score, and words for it."""

    score = QueryWhole(0, 100, required=True)
    comment = Text(500, load_default="")


class WhyForm(Schema):
    """Why: one steps aside, somebody is held, a matter is settled."""

    reason = Text(200, required=True)


class RelationForm(Schema):
    """Whom one is too close to, and how."""

    phone = Text(24, min_length=5, required=True)
    reason = Text(200, required=True)


class MeetingForm(Schema):
    """When, who (one a line), how they voted, what they decided."""

    held_on = Day(required=True)
    present = Text(2000, required=True)
    votes_for = QueryWhole(0, 50, required=True)
    votes_against = QueryWhole(0, 50, load_default=0)
    votes_abstained = QueryWhole(0, 50, load_default=0)
    decision = Text(4000, required=True)


class RecusalForm(Schema):
    """Which reviewer is too close to whom, and how."""

    reviewer_id = Id(required=True)
    phone = Text(24, min_length=5, required=True)
    reason = Text(200, required=True)


@dataclass(frozen=True, slots=True)
class Figure:
    """One part of the score: what was counted, up to where, and what came of it."""

    words: str
    value: int
    cap: int
    points: int


@pages.get("/desk/honours/<uuid:selection_id>/review")
@requires("selection.review")
@traced("candidates.seen")
def review(selection_id: UUID, by: Actor) -> str:
    """The candidates one has to mark, by pseudonym, and how far one is"""
    desk = weighing.desk_for(selection_id, by)
    criteria = queries.criteria_of(desk.selection)
    return page(
        "desk/review.html",
        desk=desk, selection=desk.selection, menu=menu_of(by), rule=rule_in_words(criteria),
        short=weighing.short_of_marks(desk.selection), least=rule_of(criteria)["minimum_marks"],
        told={each.candidate.id: _told(each.candidate, criteria) for each in desk.sheets},
    )  # fmt: skip


@pages.get("/desk/honours/<uuid:selection_id>/review/candidates/<uuid:candidate_id>")
@requires("selection.review")
@traced("candidates.seen")
def sheet(selection_id: UUID, candidate_id: UUID, by: Actor) -> str:
    """One candidate without a name: the facts, the criteria, one's own mark"""
    shown = weighing.sheet_for(selection_id, candidate_id, by)
    desk = weighing.desk_for(selection_id, by)
    criteria = queries.criteria_of(desk.selection)
    return page(
        "desk/review_sheet.html",
        sheet=shown, desk=desk, selection=desk.selection, criteria=criteria, menu=menu_of(by),
        hold=holding.open_about(shown.candidate.person_id),
        figures=_figures(shown.candidate, criteria), others=_others(shown.candidate, criteria),
    )  # fmt: skip


@pages.post("/desk/honours/<uuid:selection_id>/review/candidates/<uuid:candidate_id>/mark", again=sheet)
@requires("selection.review")
@takes_form(MarkForm)
def mark(selection_id: UUID, candidate_id: UUID, score: int, comment: str, by: Actor) -> Response:
    """Mark a candidate, and on to the next"""
    reviewing.mark(
        selection_id=selection_id, candidate_id=candidate_id, score=score, comment=comment, by=by, at=clock.now()
    )  # fmt: skip
    home = f"/desk/honours/{selection_id}/review"
    following = weighing.desk_for(selection_id, by).next
    if following is None:
        return go(home, said="web.said.all-marked")
    return go(f"{home}/candidates/{following.candidate.id}", said="web.said.marked")


@pages.post("/desk/honours/<uuid:selection_id>/review/candidates/<uuid:candidate_id>/recusal", again=sheet)
@requires("selection.review")
@takes_form(WhyForm)
def recuse(selection_id: UUID, candidate_id: UUID, reason: str, by: Actor) -> Response:
    """Step aside for one candidate"""
    reviewing.recuse(
        selection_id=selection_id, candidate_id=candidate_id, reason=reason, by=by, at=clock.now()
    )
    return go(f"/desk/honours/{selection_id}/review", said="web.said.recused")


@pages.post("/desk/honours/<uuid:selection_id>/review/candidates/<uuid:candidate_id>/hold", again=sheet)
@requires("selection.review")
@takes_form(WhyForm)
def hold(selection_id: UUID, candidate_id: UUID, reason: str, by: Actor) -> Response:
    """Something about the records has to be looked into first"""
    holding.hold_candidate(
        selection_id=selection_id, candidate_id=candidate_id, reason=reason, by=by, at=clock.now()
    )
    return go(f"/desk/honours/{selection_id}/review/candidates/{candidate_id}", said="web.said.held")


@pages.post("/desk/honours/<uuid:selection_id>/review/candidates/<uuid:candidate_id>/release", again=sheet)
@requires("selection.review")
@takes_form(WhyForm)
def release(selection_id: UUID, candidate_id: UUID, reason: str, by: Actor) -> Response:
    """The matter is settled, and how"""
    holding.release_candidate(
        selection_id=selection_id, candidate_id=candidate_id, reason=reason, by=by, at=clock.now()
    )
    return go(f"/desk/honours/{selection_id}/review/candidates/{candidate_id}", said="web.said.released")


@pages.post("/desk/honours/<uuid:selection_id>/review/relations", again=review)
@requires("selection.review")
@takes_form(RelationForm)
def declare(selection_id: UUID, phone: str, reason: str, by: Actor) -> Response:
    """Say whom one is too close to, by number"""
    reviewing.declare(
        selection_id=selection_id, phone=normal_phone(phone), reason=reason, by=by, at=clock.now()
    )
    return go(f"/desk/honours/{selection_id}/review", said="web.said.declared")


@pages.post("/desk/honours/<uuid:selection_id>/review/names", again=review)
@requires("selection.review")
@takes_form(Nothing)
def show_names(selection_id: UUID, by: Actor) -> Response:
    """End the blind round"""
    reviewing.show_names(selection_id=selection_id, by=by, at=clock.now())
    return go(f"/desk/honours/{selection_id}/review/file", said="web.said.named")


@pages.get("/desk/honours/<uuid:selection_id>/review/file")
@requires("selection.review")
@traced("review.seen")
def case_file(selection_id: UUID, by: Actor) -> str:
    """Marks, who stepped aside, decisions with their reasons, and names once the blind round is over"""
    found = filing.case_file(selection_id, by)
    return page(
        "desk/review_file.html",
        file=found, selection=found.selection, menu=menu_of(by),
        rule=rule_in_words(queries.criteria_of(found.selection)),
        may_meet=found.selection.named_at is not None and found.selection.state in reviewing.MEETS,
        decided_since=agreeing.decided_since(found.meetings[0]) if found.meetings else 0,
    )  # fmt: skip


@pages.get("/desk/honours/<uuid:selection_id>/review/photos/<uuid:photo_id>")
@requires("selection.review")
@traced("review.seen")
def photo(selection_id: UUID, photo_id: UUID, by: Actor) -> Response:
    """A photo that its nominee agreed to"""
    shown = picturing.reviewed_picture(selection_id, photo_id, by)
    return Response(media.bytes_of(shown), mimetype="image/jpeg")


@pages.post("/desk/honours/<uuid:selection_id>/review/meetings", again=case_file)
@requires("selection.review")
@takes_form(MeetingForm)
def record_meeting(selection_id: UUID, present: str, by: Actor, **said: Any) -> Response:
    """The record of the deciding meeting"""
    names = [each.strip()[:60] for each in BETWEEN.split(present) if each.strip()]
    reviewing.record_meeting(selection_id=selection_id, present=names, **said, by=by, at=clock.now())
    return go(f"/desk/honours/{selection_id}/review/file", said="web.said.meeting")


def rule_in_words(criteria: dict[str, Any]) -> str:
    """How several marks become one, as the criteria say."""
    rule = rule_of(criteria)
    words = [say(f"web.review-rule.{rule['rule']}", least=rule["minimum_marks"])]
    if rule["pass_mark"]:
        words.append(say("web.review-rule.pass", pass_mark=rule["pass_mark"]))
    return " ".join(words)


def _figures(candidate: Candidate, criteria: dict[str, Any]) -> Sequence[Figure]:
    """What the score is made of."""
    values, parts = candidate.figures["values"], candidate.figures["parts"]
    return [
        Figure(say(f"honours.source.{each['source']}"), values.get(each["source"], 0), each["cap"], points)
        for each, points in zip(criteria["components"], parts, strict=True)
    ]


def _others(candidate: Candidate, criteria: dict[str, Any]) -> Sequence[tuple[str, int]]:
    """What is known besides and gives no points."""
    scored = {each["source"] for each in criteria["components"]}
    values: dict[str, int] = candidate.figures["values"]
    return [
        (say(f"honours.source.{source}"), value)
        for source, value in values.items()
        if value and source not in scored
    ]


def _told(candidate: Candidate, criteria: dict[str, Any]) -> str:
    """The two figures that weigh most, for a list."""
    heaviest = sorted(_figures(candidate, criteria), key=lambda each: -each.points)[:2]
    return " · ".join(f"{each.words} {each.value}" for each in heaviest if each.value)
