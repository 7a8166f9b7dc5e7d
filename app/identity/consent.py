"""What a person agreed to, purpose by purpose, in versions; any of it can be taken back.

Location and photos are asked for where they are first used, in the words that stand there: going on is the yes that is
written down then (`agree_by_using`). Whoever took it back is not asked again by using, and nothing of it is used.

A yes is to the words that stood there. When they come to mean more, their version is raised and an older yes counts as
not asked; a no stays a no. Only the core stands in any version: without it there is no account.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, exists, select, update
from sqlalchemy.orm import aliased

from app.identity import queries
from app.identity.actors import Actor
from app.identity.errors import CoreStands
from app.identity.models import PURPOSES, Consent, Person
from app.kernel.db import insert_all_if_absent, session
from app.kernel.ids import new_id

_AT_HAND = {
    "location": "agrees_to_location",
    "photo": "agrees_to_photo",
}  # columns of the person, and of an actor
CORE = "core"
# Raise one when the words of its consent come to mean more; of location and photo with a migration like 0035.
VERSIONS = {CORE: 2, "location": 3, "photo": 2, "publication": 2}
REFUSABLE = tuple(each for each in PURPOSES if each != CORE)


def answer_consent(*, purpose: str, given: bool, by: Actor, at: datetime) -> Consent:
    """Write down a yes or a no of the person who acts; earlier answers stay as history. Raises CoreStands."""
    if purpose not in REFUSABLE:
        raise CoreStands(fields={"purpose": ["core-stands"]})
    someone = queries.self_to_change(by)  # first: of two answers at the same moment the later is the newer
    consent = Consent(person_id=by.id, purpose=purpose, version=VERSIONS[purpose], given=given, at=at)
    session.add(consent)
    if purpose in _AT_HAND:
        setattr(someone, _AT_HAND[purpose], given)
    session.flush()
    return consent


def agree_by_using(purpose: str, riders: Sequence[Actor], at: datetime) -> None:
    """Write down the yes of those who use this for the first time now, unless they are answering at this moment."""
    column = _AT_HAND[purpose]
    new = [by.id for by in riders if by.is_rider and getattr(by, column) is None]
    if not new:
        return
    known = update(Person).where(Person.id.in_(new), getattr(Person, column).is_(None)).values({column: True})
    first = session.scalars(known.returning(Person.id)).all()
    answer = {"purpose": purpose, "version": VERSIONS[purpose], "given": True, "at": at}
    insert_all_if_absent(Consent, [{"id": new_id(), "person_id": each} | answer for each in first])


def withdraw_all(someone: Person, at: datetime) -> None:
    """Whoever leaves agrees to nothing any more: write down a no to all that stood at yes, whatever its version."""
    newest = {each.purpose: each for each in _all_of(someone.id)}
    stood = [each.purpose for each in newest.values() if each.given]
    session.add_all(
        Consent(person_id=someone.id, purpose=purpose, version=VERSIONS[purpose], given=False, at=at)
        for purpose in stood
    )
    for purpose in set(stood) & set(_AT_HAND):
        setattr(someone, _AT_HAND[purpose], False)
    session.flush()


def _all_of(person_id: UUID) -> Sequence[Consent]:
    return session.scalars(select(Consent).where(Consent.person_id == person_id).order_by(Consent.id)).all()


def has_consent(person_id: UUID, purpose: str) -> bool:
    """Whether the newest answer to this purpose is yes, and to the words of now."""
    return bool(_newest(person_id, purpose))


def _newest(person_id: UUID, purpose: str) -> bool | None:
    """The newest answer; None when never asked, or when it is a yes to words that have come to mean more since."""
    answer = session.execute(
        select(Consent.given, Consent.version)
        .where(Consent.person_id == person_id, Consent.purpose == purpose)
        .order_by(Consent.id.desc())
        .limit(1)
    ).first()
    if answer is None or (answer.given and purpose != CORE and answer.version < VERSIONS[purpose]):
        return None
    return bool(answer.given)


def agreeing_to(purpose: str) -> Select[UUID]:
    """The ids of everybody whose newest answer to this purpose is yes, to the words of now, as a statement."""
    later = aliased(Consent)
    newer = exists().where(
        later.person_id == Consent.person_id, later.purpose == Consent.purpose, later.id > Consent.id
    )
    current = Consent.version >= VERSIONS[purpose]
    return select(Consent.person_id).where(Consent.purpose == purpose, Consent.given, current, ~newer)


def answers_of(person_id: UUID) -> dict[str, bool | None]:
    """Every purpose and the newest answer; None: never asked."""
    return {purpose: _newest(person_id, purpose) for purpose in PURPOSES}


def consents_of(person_id: UUID) -> dict[str, bool]:
    """Every purpose and whether it is agreed to now; never asked counts as no."""
    return {purpose: has_consent(person_id, purpose) for purpose in PURPOSES}
