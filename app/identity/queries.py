"""Looking up people, and saying their names with care."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, bindparam, func, literal, select

from app.identity.actors import Actor, HeldRole
from app.identity.errors import PersonNotFound, ProposalNotFound, SessionEnded
from app.identity.models import WAITING, Appointment, Grant, Person
from app.identity.permissions import GRID_MEMBER, PERMISSIONS
from app.kernel.asking import Question, ask
from app.kernel.bulk import by_key, one_of
from app.kernel.db import Statement, dialect_name, session
from app.kernel.driving import rows
from app.places.models import Region

FEW, MOST_PLATFORMS = 5, 20
AT_HAND = (
    64  # whoever scans together is known to the session; of a batch nobody is, and to look costs like asking
)


def person(person_id: UUID) -> Person:
    """The person with this id. Raises PersonNotFound."""
    found = session.get(Person, person_id)
    if found is None:
        raise PersonNotFound
    return found


def people_named(person_ids: Collection[UUID]) -> dict[UUID, Person]:
    """These people. Raises PersonNotFound."""
    found = by_key(Person, person_ids)
    if len(found) < len(set(person_ids)):
        raise PersonNotFound
    return found


class Standing(NamedTuple):
    """Whether somebody takes part."""

    enrolled_at: datetime | None
    closed_at: datetime | None

    @property
    def is_rider(self) -> bool:
        """As `Person.is_rider`."""
        return self.enrolled_at is not None and self.closed_at is None


def standings(person_ids: Collection[UUID]) -> dict[UUID, Standing]:
    """How these people stand: as the session knows them, the others in one go. Raises PersonNotFound."""
    wanted = set(person_ids)
    near = wanted if len(wanted) <= AT_HAND else ()
    at_hand = {each: session.identity_map.get(session.identity_key(Person, each)) for each in near}
    found = {
        key: Standing(each.enrolled_at, each.closed_at) for key, each in at_hand.items() if each is not None
    }
    missing = wanted - found.keys()
    if missing:
        asked = rows(_standings(dialect_name()), {"people": list(missing)})
        found |= {person_id: Standing(*standing) for person_id, *standing in asked}
    if len(found) < len(wanted):
        raise PersonNotFound
    return found


@cache
def _standings(dialect: str) -> Statement:
    return select(Person.id, Person.enrolled_at, Person.closed_at).where(one_of(Person.id, "people", dialect))


def person_to_change(person_id: UUID) -> Person:
    """The same as it is now, locked until the unit of work ends. Raises PersonNotFound, also for a closed account:
    whoever waited here for the closing writes nothing of somebody who is to be forgotten.
    """
    chosen = select(Person).where(Person.id == person_id).with_for_update()
    found = session.scalar(chosen.execution_options(populate_existing=True))
    if found is None or found.closed_at is not None:
        raise PersonNotFound
    return found


def hold_person(person_id: UUID) -> None:
    """Lock somebody until the unit of work ends, also a closed account: what belongs to them is decided in turn."""
    session.execute(select(Person.id).where(Person.id == person_id).with_for_update())


def those_to_change(person_ids: Collection[UUID]) -> dict[UUID, Person]:
    """Of several those whom nobody holds at this moment, as they are now, locked. No sweep waits for anybody."""
    chosen = select(Person).where(Person.id.in_(person_ids), Person.closed_at.is_(None)).order_by(Person.id)
    held = chosen.with_for_update(skip_locked=True).execution_options(populate_existing=True)
    return {each.id: each for each in session.scalars(held)}


def person_signing_in(person_id: UUID) -> Person | None:
    """Somebody as they are now, held until the unit of work ends; None for a closed account.

    Whoever takes away what they prove themself with (a password, a number) has done so, and it is seen here; or waits,
    and ends this session with the others.
    """
    chosen = select(Person).where(Person.id == person_id, Person.closed_at.is_(None))
    held = chosen.with_for_update(key_share=True)
    return session.scalar(held.execution_options(populate_existing=True))


def self_to_change(by: Actor) -> Person:
    """The same of whoever acts. Raises SessionEnded if the account was closed meanwhile."""
    try:
        return person_to_change(by.id)
    except PersonNotFound:
        raise SessionEnded from None


def person_by_phone(phone: str) -> Person | None:
    """Who signs in with this E.164 number."""
    return session.scalar(select(Person).where(Person.phone == phone, Person.closed_at.is_(None)))


def person_with_phone_to_change(phone: str) -> Person | None:
    """The same, held until the unit of work ends: the number is theirs, and they do not leave meanwhile."""
    known = person_by_phone(phone)
    held = None if known is None else person_signing_in(known.id)
    return held if held is not None and held.phone == phone else None


def person_by_username(username: str) -> Person | None:
    """Who signs in with this staff name."""
    return session.scalar(
        select(Person).where(Person.username == username.lower(), Person.closed_at.is_(None))
    )


def platforms_in_use() -> Sequence[str]:
    """The platforms that riders say they work for, the most common first; none that would point at a handful."""
    many = func.count() >= FEW
    return [
        each
        for each in session.scalars(
            select(Person.platform)
            .where(Person.platform.is_not(None), Person.closed_at.is_(None))
            .group_by(Person.platform)
            .having(many)
            .order_by(func.count().desc(), Person.platform)
            .limit(MOST_PLATFORMS)
        )
        if each
    ]


def actor_of(someone: Person, family_id: UUID | None = None) -> Actor:
    """The person as an actor, with every role now held."""
    held = session.execute(
        select(Grant.role, Region.path, Grant.station_id)
        .outerjoin(Region, Region.code == Grant.region_code)
        .where(Grant.person_id == someone.id, Grant.revoked_at.is_(None))
        .order_by(Grant.id)
    )
    roles = tuple(HeldRole(role, path, station_id) for role, path, station_id in held)
    return Actor(
        person_id=someone.id,
        roles=roles,
        is_rider=someone.is_rider,
        family_id=family_id,
        agrees_to_location=someone.agrees_to_location,
        agrees_to_photo=someone.agrees_to_photo,
    )


def grants_of(person_id: UUID) -> Sequence[Grant]:
    """The roles a person holds now."""
    return session.scalars(
        select(Grant).where(Grant.person_id == person_id, Grant.revoked_at.is_(None)).order_by(Grant.id)
    ).all()


def appointments(person_id: UUID | None = None) -> Sequence[Appointment]:
    """The appointments that wait for a second administrator, oldest first; those of one person when named."""
    waiting = select(Appointment).where(Appointment.state == WAITING)
    if person_id is not None:
        waiting = waiting.where(Appointment.person_id == person_id)
    return session.scalars(waiting.order_by(Appointment.asked_at, Appointment.id)).all()


def appointment_to_change(appointment_id: UUID) -> Appointment:
    """A proposed appointment, locked until the unit of work ends. Raises ProposalNotFound."""
    found = session.scalar(select(Appointment).where(Appointment.id == appointment_id).with_for_update())
    if found is None:
        raise ProposalNotFound
    return found


def held_role(person_id: UUID, role: str, at: datetime) -> bool:
    """Whether a person held a role anywhere at that instant."""
    return held_role_each(role, [(person_id, at)])[0]


def held_role_each(role: str, moments: Sequence[tuple[UUID, datetime]]) -> list[bool]:
    """The same of many persons, each at an instant of their own."""
    if not moments:
        return []
    people = list({person_id for person_id, _ in moments})
    held: dict[UUID, list[tuple[datetime, datetime | None]]] = {}
    for person_id, given_at, revoked_at in rows(_held(dialect_name()), {"role": role, "people": people}):
        held.setdefault(person_id, []).append((given_at, revoked_at))
    return [
        any(given <= at and (revoked is None or revoked > at) for given, revoked in held.get(person_id, ()))
        for person_id, at in moments
    ]


@cache
def _held(dialect: str) -> Statement:
    return select(Grant.person_id, Grant.given_at, Grant.revoked_at).where(
        one_of(Grant.person_id, "people", dialect), Grant.role == bindparam("role")
    )


def is_staff(rider: Person) -> bool:
    """Whether a rider works here too: by a staff name, or a role beyond that of a grid member."""
    return rider.username is not None or any(each.role != GRID_MEMBER for each in grants_of(rider.id))


def staff() -> Sequence[Person]:
    """Everybody with a staff account or a role, by name."""
    return session.scalars(_staff().order_by(Person.name, Person.id)).all()


def staff_member(person_id: UUID) -> Person:
    """One of the staff; riders are nobody's to look up. Raises PersonNotFound."""
    found = session.scalar(_staff().where(Person.id == person_id))
    if found is None:
        raise PersonNotFound
    return found


def _staff() -> Select[Person]:
    working = (Grant.revoked_at.is_(None), Grant.role != GRID_MEMBER)  # a grid member is a rider, not staff
    holding = select(Grant.person_id).where(*working)
    return select(Person).where(
        Person.closed_at.is_(None), (Person.username.is_not(None)) | Person.id.in_(holding)
    )


def holders_of(permission: str, region_path: str) -> Sequence[Person]:
    """Staff who hold a permission over a region, by name."""
    roles = [role for role, held in PERMISSIONS.items() if permission in held]
    over = literal(region_path).startswith(Region.path)
    holding = (
        select(Grant.person_id)
        .join(Region, Region.code == Grant.region_code)
        .where(Grant.role.in_(roles), Grant.revoked_at.is_(None), over)
    )
    known = select(Person).where(Person.id.in_(holding), Person.closed_at.is_(None))
    return session.scalars(known.order_by(Person.name, Person.id)).all()


def display_name(someone: Person) -> str:
    """How the programme speaks to a person: nickname, else name, else the tail of the phone number."""
    return _called(someone.nickname, someone.name, someone.phone)


def _called(nickname: str | None, name: str | None, phone: str | None) -> str:
    return nickname or name or phone_tail(phone) or NOBODY


NOBODY = "骑手"
LONG_ENOUGH = 3 + 4 + 4  # digits: three are shown, four hidden and four shown


NAME = Question(
    select(Person.nickname, Person.name, Person.phone, Person.id).where(Person.id == bindparam("person_id")),
    lambda person_id: {"person_id": person_id},
    lambda found: _called(*found[:3]) if found else NOBODY,
)


def name_of(person_id: UUID) -> str:
    """The same of whom only the id is known."""
    return ask(NAME, person_id)


def phone_tail(phone: str | None) -> str:
    """The last four digits of a phone number."""
    return phone[-4:] if phone else ""


def masked_phone(phone: str | None) -> str:
    """138****1204 · ****67; of a number that is short, no more than its end: at least four digits stay hidden."""
    national = (phone or "").removeprefix("+86")
    if len(national) < LONG_ENOUGH:
        return f"****{national[-2:]}" if len(national) >= 4 + 2 else "****"
    return f"{national[:3]}****{national[-4:]}"


def masked_name(name: str | None) -> str:
    """王* · 王*明 · 欧**华; a name with · keeps the first and last character of the whole; of one character, none."""
    text = (name or "").strip()
    if len(text) <= 1:
        return "*"
    if len(text) == 2:
        return f"{text[0]}*"
    return f"{text[0]}{'*' * (len(text) - 2)}{text[-1]}"


def masked_of(someone: Person) -> str:
    """How staff see somebody: the name masked, or the nickname of whoever has given no name yet."""
    return masked_name(someone.name or someone.nickname)


def closed_among(person_ids: Collection[UUID]) -> set[UUID]:
    """Which of these people have closed their accounts."""
    return set(
        session.scalars(select(Person.id).where(Person.id.in_(person_ids), Person.closed_at.is_not(None)))
    )
