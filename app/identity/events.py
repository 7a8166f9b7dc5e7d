"""What identity tells the floors above."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.identity.actors import Actor
from app.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointed(Event):
    """A person holds a role from now on. `place` is a region's code or a station's id."""

    grant_id: UUID
    person_id: UUID
    role: str
    place: str
    by: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleTakenBack(Event):
    """A person holds a role no longer."""

    grant_id: UUID
    person_id: UUID
    role: str
    place: str
    by: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountClosed(Event):
    """Somebody left: whatever shows who he was goes."""

    person_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneEnded(Event):
    """Staff ended a lost phone for its rider: nothing that is signed in, and no code of it, counts any more."""

    person_id: UUID
    station_id: UUID
    reason: str
    by: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveEvent(Event):
    """Something about an account that is to get another number. `by` is the system where time did it."""

    move_id: UUID
    person_id: UUID
    station_id: UUID
    by: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveAsked(MoveEvent):
    """A station asked for it; `tail` is how the new number ends."""

    tail: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveConfirmed(MoveEvent):
    """A second person agreed; it happens when the day to think it over is past."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveRefused(MoveEvent):
    """It will not happen: the rider or staff said no, nobody answered in time, or the number was taken meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberMoved(MoveEvent):
    """The account has its new number. Told before the old one is forgotten, so that it can still be written to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordPassed(Event):
    """An administrator was `given` a passing password for a person, or it was `used` to choose a new one."""

    person_id: UUID
    what: str
    by: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorChanged(Event):
    """A person's second step of signing in was set, removed by its owner, or reset by an administrator."""

    person_id: UUID
    what: str
    by: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnEvent(Event):
    """Something about a rider without a number who is to be let in anew."""

    return_id: UUID
    person_id: UUID
    station_id: UUID
    by: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnAsked(ReturnEvent):
    """A station asked for it."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnConfirmed(ReturnEvent):
    """A second person agreed; the station may invite when the day to object is past."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnRefused(ReturnEvent):
    """It will not happen: the rider or staff said no, or nobody came in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnInvited(ReturnEvent):
    """The station gave the invitation out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RiderReturned(ReturnEvent):
    """The rider is signed in on another phone; nothing of the old one counts any more."""
