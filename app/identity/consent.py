"""What a person agreed to, purpose by purpose, in versions; any of it can be taken back.

Location and photos are asked for where they are first used, in the words that stand there: going on is the yes that is
written down then (`agree_by_using`). Whoever took it back is not asked again by using, and nothing of it is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, exists, select, update
from sqlalchemy.orm import aliased

from app.identity import queries
from app.identity.actors import Actor
from app.identity.models import PURPOSES, Consent, Person
from app.kernel.db import insert_all_if_absent, session
from app.kernel.ids import new_id

_AT_HAND = {
    "location": "agrees_to_location",
    "photo": "agrees_to_photo",
}  # columns of the person, and of an actor
VERSION = 2  # raise when the words of a consent change in meaning


def answer_consent(*, purpose: str, given: bool, by: Actor, at: datetime) -> Consent:
    """Write down a yes or a no of the person who acts; earlier answers stay as history."""
    consent = Consent(person_id=by.id, purpose=purpose, version=VERSION, given=given, at=at)
    session.add(consent)
    if purpose in _AT_HAND:
        setattr(queries.self_to_change(by), _AT_HAND[purpose], given)
    session.flush()
    return consent


def agree_by_using(purpose: str, riders: Sequence[Actor], at: datetime) -> None:
    """Write down the yes of those who use this for the first time now."""
    column = _AT_HAND[purpose]
    new = [by.id for by in riders if by.is_rider and getattr(by, column) is None]
    if not new:
        return
    answer = {"purpose": purpose, "version": VERSION, "given": True, "at": at}
    insert_all_if_absent(Consent, [{"id": new_id(), "person_id": each} | answer for each in new])
    known = update(Person).where(Person.id.in_(new), getattr(Person, column).is_(None)).values({column: True})
    session.execute(known)


def has_consent(person_id: UUID, purpose: str) -> bool:
    """Whether the newest answer to this purpose is yes."""
    return bool(_newest(person_id, purpose))


def _newest(person_id: UUID, purpose: str) -> bool | None:
    return session.scalar(
        select(Consent.given)
        .where(Consent.person_id == person_id, Consent.purpose == purpose)
        .order_by(Consent.id.desc())
        .limit(1)
    )


def agreeing_to(purpose: str) -> Select[UUID]:
    """The ids of everybody whose newest answer to this purpose is yes, as a statement."""
    later = aliased(Consent)
    newer = exists().where(
        later.person_id == Consent.person_id, later.purpose == Consent.purpose, later.id > Consent.id
    )
    return select(Consent.person_id).where(Consent.purpose == purpose, Consent.given, ~newer)


def answers_of(person_id: UUID) -> dict[str, bool | None]:
    """Every purpose and the newest answer; None: never asked."""
    return {purpose: _newest(person_id, purpose) for purpose in PURPOSES}


def consents_of(person_id: UUID) -> dict[str, bool]:
    """Every purpose and whether it is agreed to now; never asked counts as no."""
    return {purpose: has_consent(person_id, purpose) for purpose in PURPOSES}
