"""The person decides how he is named: in full, masked, or not at all; he may change his mind at any time."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from app.honours import queries
from app.honours.errors import CandidateNotFound
from app.honours.models import DRAFT, FROZEN, FULL, IN, Candidate
from app.identity.actors import Actor
from app.identity.consent import answer_consent, has_consent
from app.kernel.db import session


def answer(
    *,
    selection_id: UUID,
    choice: str,
    shows_story: bool = False,
    shows_photo: bool = False,
    by: Actor,
    at: datetime,
) -> Candidate:
    """Answer for oneself, once chosen. It takes effect at once, on the roll and in every later export."""
    candidate = queries.candidacy_of_to_change(selection_id, by.id)
    if candidate.decision != IN or queries.selection(selection_id).state in (DRAFT, FROZEN):
        raise CandidateNotFound  # whoever was not chosen is told nothing about an order
    if choice == FULL and not has_consent(by.id, "publication"):
        answer_consent(purpose="publication", given=True, by=by, at=at)
    candidate.consent, candidate.consented_at = choice, at
    # A story and a photo tell who somebody is: only together with the full name.
    candidate.shows_story, candidate.shows_photo = (
        shows_story and choice == FULL,
        shows_photo and choice == FULL,
    )
    session.flush()
    return candidate
