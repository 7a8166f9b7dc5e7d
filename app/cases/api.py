"""Reports for riders, cases for the desk. Who may move what is said by the kind of case, checked in the use case."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from app.cases import asking, closing, queries, reporting, triage, working
from app.cases.kinds import report as report_kind
from app.cases.models import Case
from app.cases.queries import DeskCounts
from app.cases.reporting import Similar
from app.cases.schemas import (
    AcceptIn,
    AppealIn,
    CaseBrief,
    CaseRead,
    CategoryRead,
    CountsRead,
    DeskQuery,
    FollowedRead,
    MaybeReasonIn,
    MergeIn,
    MineQuery,
    PointsQueryIn,
    RateIn,
    ReasonIn,
    ReassignIn,
    Receipt,
    ReopenIn,
    ReportIn,
    ResolveIn,
    SimilarQuery,
    SimilarRead,
    StartIn,
    SuggestionIn,
)
from app.cases.viewing import CaseView, received, view_of
from app.identity.actors import Actor
from app.identity.edge import named_caller
from app.kernel import clock, geo
from app.kernel.answering import SIGNED_IN
from app.kernel.http import (
    Api,
    gives,
    gives_page,
    idempotent,
    limited,
    public,
    requires,
    takes,
    takes_query,
    traced,
)
from app.kernel.limits import Limit
from app.kernel.paging import Page

api = Api("cases", "", "Reports and other cases: from the first word to the answer whether it is fixed")

LOOKS_AROUND = Limit("reports-similar", tries=600, per_s=600)


# --- riders --------------------------------------------------------------------------------------------------------


@api.get("/reports/categories")
@public
@gives(CategoryRead, many=True)
def list_categories() -> list[dict[str, Any]]:
    """What can be reported: places and things, never persons"""
    return [{"code": code, "grade": grade} for code, grade in report_kind.KIND.categories.items()]


@api.get("/reports/similar")
@requires(SIGNED_IN)
@limited(LOOKS_AROUND, named_caller)
@takes_query(SimilarQuery)
@gives(SimilarRead, many=True)
def list_similar(category: str, lat: float, lng: float, datum: str) -> list[Similar]:
    """Open reports of the same category within 60 m: second one of them instead of reporting again"""
    return reporting.similar_near(geo.from_edge(lat, lng, datum), category)


@api.post("/reports")
@requires(SIGNED_IN)
@idempotent
@takes(ReportIn)
@gives(Receipt, 201)
def report(by: Actor, **matter: Any) -> dict[str, Any]:
    """Report a hazard or fault in a public place"""
    return _receipt(reporting.report(**matter, by=by, at=clock.now()))


@api.get("/reports/mine")
@requires(SIGNED_IN)
@takes_query(MineQuery)
@gives_page(CaseBrief)
def list_mine(kind: str | None, cursor: str | None, limit: int, by: Actor) -> Page[Case]:
    """What the caller brought up, newest first"""
    return queries.my_cases(by.id, kind=kind, cursor=cursor, limit=limit)


@api.get("/reports/followed")
@requires(SIGNED_IN)
@gives_page(FollowedRead)
def list_followed(cursor: str | None, limit: int, by: Actor) -> Page[Case]:
    """Reports of others that the caller seconded"""
    return queries.followed_cases(by.id, cursor=cursor, limit=limit)


@api.post("/cases/<uuid:case_id>/me-too")
@requires(SIGNED_IN)
@gives(CaseBrief)
def say_me_too(case_id: UUID, by: Actor) -> Case:
    """Second an open report; counts once"""
    return reporting.me_too(case_id=case_id, by=by, at=clock.now())


@api.post("/cases/suggestions")
@requires(SIGNED_IN)
@idempotent
@takes(SuggestionIn)
@gives(Receipt, 201)
def suggest(words: str, category: str, client_ref: str | None, by: Actor) -> dict[str, Any]:
    """Suggest something"""
    return _receipt(
        asking.suggest(words=words, category=category, client_ref=client_ref, by=by, at=clock.now())
    )


@api.post("/cases/points-queries")
@requires(SIGNED_IN)
@idempotent
@takes(PointsQueryIn)
@gives(Receipt, 201)
def ask_about_points(entry_id: UUID | None, words: str, by: Actor) -> dict[str, Any]:
    """Ask about an entry of the wallet, or about points that are missing"""
    return _receipt(asking.open_points_query(entry_id=entry_id, words=words, by=by, at=clock.now()))


@api.post("/cases/appeals")
@requires(SIGNED_IN)
@idempotent
@takes(AppealIn)
@gives(Receipt, 201)
def appeal(by: Actor, **matter: Any) -> dict[str, Any]:
    """Tell a hardship in private; only mediators see it"""
    return _receipt(asking.appeal(**matter, by=by, at=clock.now()))


@api.post("/cases/<uuid:case_id>/rate")
@requires(SIGNED_IN)
@idempotent
@takes(RateIn)
@gives(CaseRead)
def rate(case_id: UUID, answer: str, stars: int | None, by: Actor) -> CaseView:
    """Answer whether it is fixed"""
    return _view(closing.rate(case_id=case_id, answer=answer, stars=stars, by=by, at=clock.now()), by)


@api.post("/cases/<uuid:case_id>/reopen")
@requires(SIGNED_IN)
@idempotent
@takes(ReopenIn)
@gives(CaseRead)
def reopen(case_id: UUID, reason: str, photo_ids: list[UUID], by: Actor) -> CaseView:
    """Say within seven days that it is not done; another person looks at it"""
    return _view(
        closing.reopen(case_id=case_id, reason=reason, photo_ids=photo_ids, by=by, at=clock.now()), by
    )


@api.post("/cases/<uuid:case_id>/withdraw")
@requires(SIGNED_IN)
@idempotent
@takes(MaybeReasonIn)
@gives(CaseRead)
def withdraw(case_id: UUID, reason: str, by: Actor) -> CaseView:
    """Take a case back"""
    return _view(closing.withdraw(case_id=case_id, reason=reason, by=by, at=clock.now()), by)


# --- both ----------------------------------------------------------------------------------------------------------


@api.get("/cases/<uuid:case_id>")
@requires(SIGNED_IN)
@traced("case.seen")
@gives(CaseRead)
def read_case(case_id: UUID, by: Actor) -> CaseView:
    """One case with its steps, for its reporter and for those who handle it"""
    return _view(queries.case_for(by, case_id), by)


# --- the desk ------------------------------------------------------------------------------------------------------


@api.get("/cases")
@requires(SIGNED_IN)
@takes_query(DeskQuery)
@gives_page(CaseBrief)
def list_to_do(by: Actor, **filters: Any) -> Page[Case]:
    """The desk: open cases of the caller's scopes, least time left first"""
    return queries.to_do(by, at=clock.now(), **filters)


@api.get("/cases/counts")
@requires(SIGNED_IN)
@gives(CountsRead)
def count_to_do(by: Actor) -> DeskCounts:
    """The desk at a glance"""
    return queries.counts(by, at=clock.now())


@api.post("/cases/<uuid:case_id>/accept")
@requires(SIGNED_IN)
@idempotent
@takes(AcceptIn)
@gives(CaseRead)
def accept(case_id: UUID, grade: str | None, by: Actor) -> CaseView:
    """Take a case on and grade it; the grade sets the deadline"""
    return _view(triage.accept(case_id=case_id, grade=grade, by=by, at=clock.now()), by)


@api.post("/cases/<uuid:case_id>/reject")
@requires(SIGNED_IN)
@idempotent
@takes(ReasonIn)
@gives(CaseRead)
def reject(case_id: UUID, reason: str, by: Actor) -> CaseView:
    """Do not adopt a case, with words for the reporter"""
    return _view(triage.reject(case_id=case_id, reason=reason, by=by, at=clock.now()), by)


@api.post("/cases/<uuid:case_id>/merge")
@requires(SIGNED_IN)
@idempotent
@takes(MergeIn)
@gives(CaseRead)
def merge(case_id: UUID, into_id: UUID, by: Actor) -> CaseView:
    """Fold a report into an open one of the same thing"""
    return _view(triage.merge(case_id=case_id, into_id=into_id, by=by, at=clock.now()), by)


@api.post("/cases/<uuid:case_id>/reassign")
@requires(SIGNED_IN)
@takes(ReassignIn)
@gives(CaseBrief)
def reassign(case_id: UUID, by: Actor, **to: Any) -> Case:
    """Give a case to another unit or person"""
    return triage.reassign(case_id=case_id, **to, by=by, at=clock.now())


@api.post("/cases/<uuid:case_id>/start")
@requires(SIGNED_IN)
@takes(StartIn)
@gives(CaseRead)
def start(case_id: UUID, words: str, by: Actor) -> CaseView:
    """Begin working on an accepted case"""
    return _view(working.start(case_id=case_id, words=words, by=by, at=clock.now()), by)


@api.post("/cases/<uuid:case_id>/hand-back")
@requires(SIGNED_IN)
@takes(ReasonIn)
@gives(CaseRead)
def hand_back(case_id: UUID, reason: str, by: Actor) -> CaseView:
    """Give a case back to the desk"""
    return _view(working.hand_back(case_id=case_id, reason=reason, by=by, at=clock.now()), by)


@api.post("/cases/<uuid:case_id>/resolve")
@requires(SIGNED_IN)
@idempotent
@takes(ResolveIn)
@gives(CaseRead)
def resolve(case_id: UUID, note: str, photo_ids: list[UUID], by: Actor) -> CaseView:
    """Say that it is done, in words and photos for the reporter"""
    return _view(working.resolve(case_id=case_id, note=note, photo_ids=photo_ids, by=by, at=clock.now()), by)


def _view(case: Case, by: Actor) -> CaseView:
    return view_of(case, by, clock.now())


def _receipt(case: Case) -> dict[str, Any]:
    return {
        "id": case.id,
        "number": case.number,
        "state": case.state,
        "grade": case.grade,
        "accept_by": case.accept_by,
        "words": received(case),
    }
