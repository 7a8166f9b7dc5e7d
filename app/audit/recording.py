"""Writing down who did what, and who looked at whom."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from app.audit.models import AuditRecord
from app.identity.actors import SYSTEM, Actor
from app.identity.events import (
    Appointed,
    MoveAsked,
    MoveConfirmed,
    MoveEvent,
    MoveRefused,
    NumberMoved,
    PasswordPassed,
    PhoneEnded,
    ReturnAsked,
    ReturnConfirmed,
    ReturnEvent,
    ReturnInvited,
    ReturnRefused,
    RiderReturned,
    RoleTakenBack,
    SecondFactorChanged,
)
from app.kernel.db import session

_MOVES: dict[type[MoveEvent], str] = {
    MoveAsked: "number-move.asked",
    MoveConfirmed: "number-move.confirmed",
    MoveRefused: "number-move.refused",
    NumberMoved: "number-move.done",
}

_RETURNS: dict[type[ReturnEvent], str] = {
    ReturnAsked: "rider-return.asked",
    ReturnConfirmed: "rider-return.confirmed",
    ReturnRefused: "rider-return.refused",
    ReturnInvited: "rider-return.invited",
    RiderReturned: "rider-return.done",
}

_REVERSALS = {
    "ReversalAsked": "reversal.asked",
    "ReversalRefused": "reversal.refused",
    "EntryReversed": "reversal.done",
}

_CORRECTIONS = {
    "CorrectionAsked": "correction.asked",
    "CorrectionRefused": "correction.refused",
    "PointsCorrected": "correction.done",
}


def record(*, action: str, subject: str, facts: dict[str, Any], by: Actor, at: datetime) -> AuditRecord:
    """Keep a trace of an act or a look: `action` like `roll.exported`, `subject` like `selection:<id>`."""
    entry = AuditRecord(action=action, subject=subject, facts=facts, actor_id=by.person_id, at=at)
    session.add(entry)
    session.flush()
    return entry


class Exported(Protocol):
    """An event of a sibling that says what somebody took away as a file."""

    what: str
    filename: str
    rows: int
    by: Actor
    at: datetime


def on_exported(event: Exported) -> None:
    """A part of the book left the house."""
    facts = {"filename": event.filename, "rows": event.rows}
    record(action="ledger.exported", subject=event.what, facts=facts, by=event.by, at=event.at)


class Reversing(Protocol):
    """An event of a sibling about one entry of the book that staff take back."""

    reversal_id: UUID
    entry_id: UUID
    points: int
    reason: str
    by: Actor
    at: datetime


def on_reversal(event: Reversing) -> None:
    """A step in taking an entry back: who took it, and why."""
    facts = {"entry": str(event.entry_id), "points": event.points, "reason": event.reason}
    action, subject = _REVERSALS[type(event).__name__], f"reversal:{event.reversal_id}"
    record(action=action, subject=subject, facts=facts, by=event.by, at=event.at)


class Correcting(Protocol):
    """An event of a sibling: points were to be given or taken, with a reason."""

    correction_id: UUID
    points: int
    reason: str
    by: Actor
    at: datetime


def on_correction(event: Correcting) -> None:
    """A step in giving or taking points: who took it, and why."""
    facts = {"points": event.points, "reason": event.reason}
    action, subject = _CORRECTIONS[type(event).__name__], f"correction:{event.correction_id}"
    record(action=action, subject=subject, facts=facts, by=event.by, at=event.at)


class PolicyStep(Protocol):
    """An event of a sibling: what becomes of debts in a region was proposed, agreed to or refused."""

    region_code: str
    share_percent: int
    reason: str
    state: str
    by: Actor
    at: datetime


def on_policy(event: PolicyStep) -> None:
    """Who proposed what becomes of debts, and who agreed."""
    facts = {"share_percent": event.share_percent, "reason": event.reason}
    subject = f"region:{event.region_code}"
    record(action=f"debt-policy.{event.state}", subject=subject, facts=facts, by=event.by, at=event.at)


def on_appointed(event: Appointed) -> None:
    """Somebody may do more than before."""
    _note_role("role.given", event)


def on_role_taken_back(event: RoleTakenBack) -> None:
    """Somebody may do less than before."""
    _note_role("role.taken-back", event)


def _note_role(action: str, event: Appointed | RoleTakenBack) -> None:
    facts = {"role": event.role, "place": event.place}
    record(action=action, subject=f"person:{event.person_id}", facts=facts, by=event.by, at=event.at)


def on_second_factor(event: SecondFactorChanged) -> None:
    """Somebody signs in more safely than before, or less."""
    record(
        action=f"second-factor.{event.what}",
        subject=f"person:{event.person_id}",
        facts={},
        by=event.by,
        at=event.at,
    )


def on_password_passed(event: PasswordPassed) -> None:
    """Somebody who forgot the password is let in anew: who let them, and that it was used."""
    subject = f"person:{event.person_id}"
    record(action=f"password.{event.what}", subject=subject, facts={}, by=event.by, at=event.at)


def on_phone_ended(event: PhoneEnded) -> None:
    """Staff signed a rider out everywhere."""
    facts = {"station_id": str(event.station_id), "reason": event.reason}
    subject = f"person:{event.person_id}"
    record(action="phone.ended-on-behalf", subject=subject, facts=facts, by=event.by, at=event.at)


class TwoPlaces(Protocol):
    """An event of a sibling: codes of one rider at two stations, too fast."""

    person_id: UUID
    station_id: UUID
    before_id: UUID
    seconds: int
    metres: int
    at: datetime


def on_two_places(event: TwoPlaces) -> None:
    """One rider's codes at two stations, too fast: for whoever looks into misuse."""
    facts = {
        "station_id": str(event.station_id),
        "before_id": str(event.before_id),
        "seconds": event.seconds,
        "metres": event.metres,
    }
    subject = f"person:{event.person_id}"
    record(action="code.in-two-places", subject=subject, facts=facts, by=SYSTEM, at=event.at)


def on_move(event: MoveEvent) -> None:
    """A step of an account on its way to another number: who took it."""
    facts = {"person_id": str(event.person_id), "station_id": str(event.station_id)}
    if isinstance(event, MoveAsked):
        facts["reason"] = event.reason
    action, subject = _MOVES[type(event)], f"number-move:{event.move_id}"
    record(action=action, subject=subject, facts=facts, by=event.by, at=event.at)


def on_return(event: ReturnEvent) -> None:
    """A step of a rider without a number on the way back: who took it."""
    facts = {"person_id": str(event.person_id), "station_id": str(event.station_id)}
    if isinstance(event, ReturnAsked):
        facts["reason"] = event.reason
    action, subject = _RETURNS[type(event)], f"rider-return:{event.return_id}"
    record(action=action, subject=subject, facts=facts, by=event.by, at=event.at)


def look(*, action: str, path: Mapping[str, Any], by: Actor, at: datetime) -> None:
    """Keep a trace of staff looking at personal data. `path` is what the address named; riders see only their own."""
    if not by.roles:
        return
    named = {name.removesuffix("_id"): str(value) for name, value in path.items()}
    subject = ":".join(next(iter(reversed(named.items())), ("list", "")))
    record(action=action, subject=subject.rstrip(":"), facts=named, by=by, at=at)
