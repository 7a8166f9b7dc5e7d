"""What a person agreed to, purpose by purpose, in versions; any of it can be taken back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import aliased

from app.identity.actors import Actor
from app.identity.models import PURPOSES, Consent
from app.kernel.db import session

VERSION = 2  # raise when the words of a consent change in meaning


def answer_consent(*, purpose: str, given: bool, by: Actor, at: datetime) -> Consent:
    """Write down a yes or a no of the person who acts; earlier answers stay as history."""
    consent = Consent(person_id=by.id, purpose=purpose, version=VERSION, given=given, at=at)
    session.add(consent)
    session.flush()
    return consent


def has_consent(person_id: UUID, purpose: str) -> bool:
    """Whether the newest answer to this purpose is yes."""
    newest = session.scalar(
        select(Consent.given)
        .where(Consent.person_id == person_id, Consent.purpose == purpose)
        .order_by(Consent.id.desc())
        .limit(1)
    )
    return bool(newest)


def agreeing_to(purpose: str) -> Select[UUID]:
    """The ids of everybody whose newest answer to this purpose is yes, as a statement."""
    later = aliased(Consent)
    newer = exists().where(
        later.person_id == Consent.person_id, later.purpose == Consent.purpose, later.id > Consent.id
    )
    return select(Consent.person_id).where(Consent.purpose == purpose, Consent.given, ~newer)


def consents_of(person_id: UUID) -> dict[str, bool]:
    """Every purpose and whether it is agreed to now; never asked counts as no."""
    return {purpose: has_consent(person_id, purpose) for purpose in PURPOSES}
