"""Sessions: a family per sign-in, refresh tokens that rotate, and the end of the family when one is used twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, bindparam, select, update

from app.identity import queries
from app.identity.actors import Actor, HeldRole
from app.identity.errors import SessionEnded, SessionReused
from app.identity.models import Grant, Person, RefreshToken, SecondFactor, SessionFamily
from app.kernel import settings
from app.kernel.asking import Ahead, rows_and_answers
from app.kernel.bulk import one_of
from app.kernel.db import dialect_name, session
from app.kernel.driving import rows
from app.places.models import Region

# Asked for by every request of whoever signed in: the session, the person and each role in one statement, built once.
_STANDING = (
    select(
        SessionFamily.revoked_at,
        SessionFamily.second_step,
        SecondFactor.confirmed_at.label("second_factor_at"),
        Person.closed_at,
        Person.enrolled_at,
        Person.agrees_to_location,
        Person.agrees_to_photo,
        Grant.role,
        Region.path,
        Grant.station_id,
    )
    .select_from(SessionFamily)
    .join(Person, Person.id == SessionFamily.person_id)
    .outerjoin(Grant, (Grant.person_id == Person.id) & Grant.revoked_at.is_(None))
    .outerjoin(Region, Region.code == Grant.region_code)
    .outerjoin(SecondFactor, SecondFactor.person_id == Person.id)
    .order_by(Grant.id)
)
_OF_ONE = _STANDING.where(SessionFamily.id == bindparam("family_id"), Person.id == bindparam("person_id"))
_OF_MANY = _STANDING.add_columns(Person.id, SessionFamily.id.label("family_id"))

ACCESS_LIVES = timedelta(minutes=15)
REFRESH_LIVES = timedelta(days=30)
LONGEST = timedelta(days=180)  # however often it is renewed, a session ends then
FRESH = timedelta(minutes=15)  # since the sign-in itself, however often the session was renewed
MOST_AT_ONCE = 10
# Two tabs of one browser may renew in the same moment; an app that holds one token has no such excuse.
GRACE = timedelta(seconds=10)


def open_session(*, person: Person, device: str, at: datetime, second_step: bool = False) -> RefreshToken:
    """A new family and its first refresh token. Of more than MOST_AT_ONCE the oldest ends."""
    family = SessionFamily(
        person_id=person.id,
        device=device[:80],
        opened_at=at,
        expires_at=at + REFRESH_LIVES,
        second_step=second_step,
    )
    session.add(family)
    session.flush()
    if too_many := [each.id for each in open_sessions(person.id, at=at)[MOST_AT_ONCE:]]:
        _revoke(SessionFamily.id.in_(too_many), "too-many", at)
    return _issue(family.id, at)


def renew_session(*, token_id: UUID, at: datetime, grace: bool = False) -> tuple[RefreshToken, Person]:
    """Trade a refresh token for its child. A second use ends the whole family: one of the two holders is a thief."""
    token = session.get(RefreshToken, token_id)
    family = session.get(SessionFamily, token.family_id) if token else None
    if token is None or family is None or family.revoked_at is not None or at >= family.expires_at:
        raise SessionEnded
    # Conditional, so that of two renewals at the same moment only one finds the token unused.
    fresh = session.execute(
        update(RefreshToken)
        .where(RefreshToken.id == token_id, RefreshToken.used_at.is_(None))
        .values(used_at=at)
        .returning(RefreshToken.id)
    ).first()
    if fresh is None and not (grace and token.used_at is not None and at - token.used_at <= GRACE):
        _revoke(SessionFamily.id == family.id, "reused", at)
        raise SessionReused
    family.expires_at = min(at + REFRESH_LIVES, family.opened_at + LONGEST)
    return _issue(family.id, at), queries.person(family.person_id)


def open_sessions(person_id: UUID, *, at: datetime) -> Sequence[SessionFamily]:
    """Where a person is signed in now, newest first."""
    standing = SessionFamily.revoked_at.is_(None), SessionFamily.expires_at > at
    found = select(SessionFamily).where(SessionFamily.person_id == person_id, *standing)
    return session.scalars(found.order_by(SessionFamily.id.desc())).all()


def is_fresh(*, by: Actor, at: datetime) -> bool:
    """Whether this session was signed in just now: somebody who finds it open later sets up nothing in it."""
    family = session.get(SessionFamily, by.family_id) if by.family_id else None
    return family is not None and at - family.opened_at <= FRESH


def end_one_session(*, family_id: UUID, by: Actor, at: datetime) -> None:
    """Sign out on one of one's own devices. Somebody else's, or one that has ended, stays as it is."""
    _revoke((SessionFamily.id == family_id) & (SessionFamily.person_id == by.id), "signed-out", at)


def take_second_step(*, by: Actor) -> None:
    """The second step was taken in this session: the roles of its person count in it."""
    session.execute(update(SessionFamily).where(SessionFamily.id == by.family_id).values(second_step=True))


def device_of(family_id: UUID) -> str | None:
    """What the session's device called itself."""
    family = session.get(SessionFamily, family_id)
    return family.device if family else None


def end_other_sessions(*, by: Actor, at: datetime) -> None:
    """Sign out everywhere but here: another phone was lost, or the password has changed."""
    _revoke((SessionFamily.person_id == by.id) & (SessionFamily.id != by.family_id), "revoked", at)


def end_session(*, by: Actor, at: datetime) -> None:
    """Sign out on this device."""
    if by.family_id is not None:
        _revoke(SessionFamily.id == by.family_id, "signed-out", at)


def end_all_sessions(*, person_id: UUID, at: datetime) -> None:
    """Sign out everywhere: lost phone, closed account, role taken back."""
    _revoke(SessionFamily.person_id == person_id, "revoked", at)


class Claim(NamedTuple):
    """Whom an access token names, and the session it was given out in."""

    person_id: UUID
    family_id: UUID


def actor_for(claim: Claim, ahead: Ahead = ()) -> Actor:
    """The person behind an access token, as they are now. Raises SessionEnded when the family is no more.

    What will be asked about the person anyway is asked in the same statement (`ahead`).
    """
    found = _actor(claim, rows_and_answers(_OF_ONE, claim._asdict(), ahead, claim.person_id))
    if found is None:
        raise SessionEnded
    return found


def actors_for(claims: Sequence[Claim]) -> list[Actor | None]:
    """The same of many; None where the family is no more."""
    held: dict[Claim, list[Sequence[Any]]] = {}
    families = list({each.family_id for each in claims})
    for row in rows(_of_many(dialect_name()), {"families": families}):
        held.setdefault(Claim(*row[-2:]), []).append(row)
    return [_actor(each, held.get(each, ())) for each in claims]


@cache
def _of_many(dialect: str) -> Select[Any]:
    return _OF_MANY.where(one_of(SessionFamily.id, "families", dialect))


def _actor(claim: Claim, held: Sequence[Sequence[Any]]) -> Actor | None:
    """Who it is, by the rows of what they hold; None if there are none, or they have ended."""
    if not held:
        return None
    revoked_at, second_step, second_factor_at, closed_at, enrolled_at, location, photo, *_ = held[0]
    if revoked_at is not None or closed_at is not None:
        return None
    roles = tuple(HeldRole(*each[7:10]) for each in held if each[7] is not None)
    asked_for = second_factor_at is not None or settings.current().second_factor_needed
    lacking = bool(roles) and asked_for and not second_step
    return Actor(
        person_id=claim.person_id,
        roles=() if lacking else roles,
        is_rider=enrolled_at is not None,
        family_id=claim.family_id,
        lacks_second_step=lacking,
        agrees_to_location=location,
        agrees_to_photo=photo,
    )


def _issue(family_id: UUID, at: datetime) -> RefreshToken:
    token = RefreshToken(family_id=family_id, issued_at=at)
    session.add(token)
    session.flush()
    return token


def _revoke(which: object, why: str, at: datetime) -> None:
    session.execute(
        update(SessionFamily)
        .where(which, SessionFamily.revoked_at.is_(None))  # type: ignore[arg-type]
        .values(revoked_at=at, revoked_why=why)
    )
