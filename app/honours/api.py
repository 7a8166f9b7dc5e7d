"""The selection desk, the public lists, one's own standing and consent, and the exports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from flask import Response

from app.cases.models import Case
from app.honours import (
    announcing,
    certifying,
    consenting,
    credentials,
    exporting,
    fetching,
    objecting,
    queries,
    reviewing,
    selecting,
)
from app.honours import criteria as wordings
from app.honours.fetching import ExportProgress
from app.honours.models import Candidate, Export, Honour, Selection
from app.honours.queries import Roll
from app.honours.schemas import (
    CandidateRead,
    CandidatesQuery,
    CertificateRead,
    ConsentIn,
    ConsentRead,
    CredentialRead,
    CriteriaVersionIn,
    DecisionIn,
    ExportIn,
    ExportProgressRead,
    ExportRead,
    HonourRead,
    MyHonourRead,
    NoticeIn,
    ObjectionIn,
    ObjectionRead,
    PublicSelectionRead,
    RevokeIn,
    RollRead,
    SelectionIn,
    SelectionRead,
    SignatureIn,
    StandingRead,
    TrialQuery,
    TrialRead,
)
from app.honours.selecting import Told
from app.honours.standing import Standing, my_standing
from app.identity.actors import Actor
from app.kernel import clock
from app.kernel.http import (
    Api,
    attachment,
    gives,
    gives_file,
    gives_page,
    idempotent,
    public,
    requires,
    takes,
    takes_query,
    traced,
)
from app.kernel.paging import Page
from app.kernel.schemas import PageQuery

api = Api("honours", "", "Selections and the honour roll")


@api.get("/selections")
@requires("selection.run")
@takes_query(PageQuery)
@gives_page(SelectionRead)
def list_selections(cursor: str | None, limit: int, by: Actor) -> Page[Selection]:
    """The selections of the caller's regions"""
    return queries.selections_of(by, cursor, limit)


@api.get("/selections/to-review")
@requires("selection.review")
@takes_query(PageQuery)
@gives_page(SelectionRead)
def list_selections_to_review(cursor: str | None, limit: int, by: Actor) -> Page[Selection]:
    """The selections the caller may review"""
    return queries.selections_of(by, cursor, limit)


@api.post("/selections")
@requires("selection.run")
@idempotent
@takes(SelectionIn)
@gives(SelectionRead, 201)
def create_selection(by: Actor, **words: Any) -> Selection:
    """Write down criteria before anybody's figures are seen"""
    return selecting.create_selection(**words, by=by, at=clock.now())


@api.get("/selections/<uuid:selection_id>")
@requires("self")
@gives(SelectionRead)
def read_selection(selection_id: UUID, by: Actor) -> Selection:
    """One selection at its desk"""
    return queries.selection_for(selection_id, by)


@api.get("/selections/<uuid:selection_id>/dry-run")
@requires("selection.run")
@takes_query(TrialQuery)
@gives(TrialRead)
def try_selection(selection_id: UUID, start_on: date | None, end_on: date | None, by: Actor) -> Told:
    """What the criteria give now, over this or a past period; nothing is kept"""
    trial = selecting.dry_run(
        selection_id=selection_id, start_on=start_on, end_on=end_on, by=by, at=clock.now()
    )
    return trial.told()


@api.put("/selections/<uuid:selection_id>/criteria")
@requires("selection.run")
@takes(CriteriaVersionIn)
@gives(SelectionRead)
def rewrite_criteria(selection_id: UUID, criteria: dict[str, Any], by: Actor) -> Selection:
    """Another wording of the criteria, while nothing is sealed"""
    return wordings.rewrite_criteria(selection_id=selection_id, criteria=criteria, by=by, at=clock.now())


@api.post("/selections/<uuid:selection_id>/criteria/approval")
@requires("selection.review")
@gives(SelectionRead)
def approve_criteria(selection_id: UUID, by: Actor) -> Selection:
    """A second person agrees to the criteria"""
    return wordings.approve_criteria(selection_id=selection_id, by=by, at=clock.now())


@api.post("/selections/<uuid:selection_id>/run")
@requires("selection.run")
@idempotent
@gives(SelectionRead)
def run_selection(selection_id: UUID, by: Actor) -> Selection:
    """Seal the facts and put candidates in order"""
    return selecting.run_selection(selection_id=selection_id, by=by, at=clock.now())


@api.get("/selections/<uuid:selection_id>/candidates")
@requires("self")
@traced("candidates.seen")
@takes_query(CandidatesQuery)
@gives(CandidateRead, many=True)
def list_candidates(selection_id: UUID, after: int, limit: int, by: Actor) -> Sequence[Candidate]:
    """The desk's list in the order of the criteria, by pseudonym"""
    return queries.candidates(selection_id, by, after=after, limit=limit)


@api.post("/selections/<uuid:selection_id>/candidates/<uuid:candidate_id>/decision")
@requires("selection.review")
@takes(DecisionIn)
@gives(CandidateRead)
def decide_candidate(
    selection_id: UUID, candidate_id: UUID, decision: str, reason: str, by: Actor
) -> Candidate:
    """Take a candidate in or out, with a reason"""
    return reviewing.decide(
        selection_id=selection_id,
        candidate_id=candidate_id,
        decision=decision,
        reason=reason,
        by=by,
        at=clock.now(),
    )


@api.post("/selections/<uuid:selection_id>/signature")
@requires("selection.review")
@takes(SignatureIn)
@gives(SelectionRead)
def sign_selection(selection_id: UUID, meeting: str, by: Actor) -> Selection:
    """Sign the choice as the second person, with the record of the meeting"""
    return reviewing.sign(selection_id=selection_id, meeting=meeting, by=by, at=clock.now())


@api.post("/selections/<uuid:selection_id>/notice")
@requires("selection.run")
@takes(NoticeIn)
@gives(SelectionRead)
def open_notice(selection_id: UUID, by: Actor, **contact: Any) -> Selection:
    """Show the masked list for five working days, with where to object"""
    return announcing.open_notice(selection_id=selection_id, **contact, by=by, at=clock.now())


@api.post("/selections/<uuid:selection_id>/final")
@requires("selection.run")
@gives(SelectionRead)
def finalise_selection(selection_id: UUID, by: Actor) -> Selection:
    """Make the roll final once the notice has run"""
    return announcing.finalise(selection_id=selection_id, by=by, at=clock.now())


@api.post("/selections/<uuid:selection_id>/notice-end")
@requires("selection.run")
@gives(SelectionRead)
def end_notice(selection_id: UUID, by: Actor) -> Selection:
    """Record that the notice has run its days"""
    return announcing.end_notice(selection_id=selection_id, by=by, at=clock.now())


@api.post("/selections/<uuid:selection_id>/candidates/<uuid:candidate_id>/honour")
@requires("selection.run")
@gives(SelectionRead)
def grant_held(selection_id: UUID, candidate_id: UUID, by: Actor) -> Selection:
    """Honour somebody whose objections are answered by now"""
    return announcing.grant_held(selection_id=selection_id, candidate_id=candidate_id, by=by, at=clock.now())


@api.post("/selections/<uuid:selection_id>/exports")
@requires("honours.export")
@idempotent
@takes(ExportIn)
@gives(ExportRead, 201)
def make_export(selection_id: UUID, by: Actor, **asked: Any) -> Export:
    """Ask for an export, with its reason (audited)"""
    made, _ = exporting.make_export(selection_id=selection_id, **asked, by=by, at=clock.now())
    return made


@api.get("/honours/exports/<uuid:export_id>/progress")
@requires("honours.export")
@gives(ExportProgressRead)
def read_export_progress(export_id: UUID, by: Actor) -> ExportProgress:
    """How far a long export is; a short one is always ready"""
    asked, _ = exporting.export_for(export_id, by)
    return fetching.progress_of(asked)


@api.get("/honours/exports/<uuid:export_id>", write=True)
@requires("honours.export")
@gives_file("application/octet-stream")
def read_export(export_id: UUID, by: Actor) -> Response:
    """The file of an export under the consents in force (audited); 409 while a long one is still being made"""
    file = exporting.export_again(export_id=export_id, by=by, at=clock.now())
    return attachment(file.data, file.media_type, file.filename, size=file.size)


@api.get("/honours/rolls")
@public
@takes_query(PageQuery)
@gives_page(PublicSelectionRead)
def list_rolls(cursor: str | None, limit: int) -> Page[Selection]:
    """Selections under public notice or final"""
    return queries.public_selections(cursor, limit)


@api.get("/honours/rolls/<uuid:selection_id>")
@public
@gives(RollRead)
def read_roll(selection_id: UUID) -> Roll:
    """A public list: masked during the notice, as agreed once final"""
    return queries.public_roll(selection_id)


@api.get("/honours/rolls/<uuid:selection_id>/mine")
@requires("self")
@gives(StandingRead)
def read_my_standing(selection_id: UUID, by: Actor) -> Standing:
    """Why the caller was or was not chosen: own figures and the cut-off"""
    return my_standing(selection_id, by)


@api.get("/honours/mine")
@requires("self")
@gives(MyHonourRead, many=True)
def list_my_honours(by: Actor) -> list[dict[str, Any]]:
    """The caller's honours"""
    return [{"honour": honour, "selection": selection} for honour, selection in queries.my_honours(by.id)]


@api.get("/honours/consents")
@requires("self")
@gives(ConsentRead, many=True)
def list_consents(by: Actor) -> list[Candidate]:
    """Where the caller was chosen, and how he is named there"""
    return [mine for mine, _ in queries.asked_of(by.id)]


@api.post("/honours/consent")
@requires("self")
@takes(ConsentIn)
@gives(ConsentRead)
def answer_consent(by: Actor, **chosen: Any) -> Candidate:
    """Say how one wants to be named (full, masked, unlisted), and whether story and photo may be shown"""
    return consenting.answer(**chosen, by=by, at=clock.now())


@api.post("/honours/<uuid:honour_id>/revocation")
@requires("selection.run")
@takes(RevokeIn)
@gives(HonourRead)
def revoke_honour(honour_id: UUID, reason: str, by: Actor) -> Honour:
    """Take an honour back, with a reason"""
    return announcing.revoke(honour_id=honour_id, reason=reason, by=by, at=clock.now())


# --- objections, certificates, credentials ---------------------------------------------------------------------------


@api.post("/honours/rolls/<uuid:selection_id>/objections")
@requires("self")
@idempotent
@takes(ObjectionIn)
@gives(ObjectionRead, 201)
def object_to_roll(selection_id: UUID, pseudonym: str | None, words: str, by: Actor) -> Case:
    """Object to a public notice: a case with deadlines"""
    return objecting.object_(
        selection_id=selection_id, pseudonym=pseudonym, words=words, by=by, at=clock.now()
    )


@api.get("/honours/certificates/<token>")
@public
@gives(CertificateRead)
def read_certificate(token: str) -> dict[str, Any]:
    """What a certificate's code stands for, under the consent in force"""
    listed, honour, selection = queries.certified(token.upper())
    return {
        "selection": selection,
        "name": listed.name if listed else None,
        "granted_at": honour.granted_at,
        "revoked_at": honour.revoked_at,
    }


@api.get("/honours/<uuid:honour_id>/certificate.pdf")
@requires("self")
@gives_file("application/pdf")
def read_my_certificate(honour_id: UUID, by: Actor) -> Response:
    """One's own certificate"""
    return attachment(certifying.my_certificate(honour_id, by), "application/pdf", "certificate.pdf")


@api.get("/honours/<uuid:honour_id>/credential")
@requires("self")
@gives(CredentialRead)
def read_credential(honour_id: UUID, by: Actor) -> dict[str, str]:
    """One's own honour as an Open Badges 3.0 credential (VC-JWT)"""
    return {"credential": credentials.credential_of(honour_id=honour_id, by=by, at=clock.now())}
