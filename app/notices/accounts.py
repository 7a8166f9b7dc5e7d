"""People are told what was done with their account or their code, on whatever is signed in and on the old number."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from app.codes.events import SeenInTwoPlaces
from app.identity import moving, returning
from app.identity.events import (
    MoveAsked,
    MoveEvent,
    MoveRefused,
    NumberMoved,
    PasswordPassed,
    PhoneEnded,
    ReturnAsked,
    ReturnEvent,
    ReturnRefused,
    RiderReturned,
)
from app.kernel.i18n import LOCALES, format_instant
from app.notices.telling import About, tell
from app.places import queries as places

ACCOUNT = "account"


def on_phone_ended(event: PhoneEnded) -> None:
    """A station signed them out everywhere."""
    tell(
        person_id=event.person_id,
        slug="phone-ended",
        source=f"phone-ended:{event.person_id}:{event.at.isoformat()}",
        facts={"station": places.station(event.station_id).name},
        about=About(ACCOUNT, event.person_id),
        at=event.at,
    )


def on_password_passed(event: PasswordPassed) -> None:
    """An administrator let them in anew, or somebody came in that way."""
    slug = f"password-{event.what}"
    tell(
        person_id=event.person_id,
        slug=slug,
        source=f"{slug}:{event.person_id}:{event.at.isoformat()}",
        facts={},
        about=About(ACCOUNT, event.person_id),
        at=event.at,
    )


def on_two_places(event: SeenInTwoPlaces) -> None:
    """A code of theirs was shown where they cannot have been."""
    tell(
        person_id=event.person_id,
        slug="code-in-two-places",
        source=f"code-in-two-places:{event.session_id}",
        facts={
            "station": places.station(event.station_id).name,
            "before": places.station(event.before_id).name,
            "minutes": max(1, round(event.seconds / 60)),
        },
        about=About(ACCOUNT, event.person_id),
        at=event.at,
    )


def on_move_asked(event: MoveAsked) -> None:
    """A station wants to give the account another number: there is time to say no."""
    until = _in_words(event.at + moving.OBJECTION)
    _tell(event, "number-move-asked", event.move_id, tail=event.tail, until=until)


def on_move_refused(event: MoveRefused) -> None:
    """The number stays."""
    _tell(event, "number-move-refused", event.move_id)


def on_number_moved(event: NumberMoved) -> None:
    """The account has another number now."""
    _tell(event, "number-moved", event.move_id)


def on_return_asked(event: ReturnAsked) -> None:
    """A station wants to let somebody in as them on another phone: there is time to say no."""
    until = _in_words(event.at + returning.OBJECTION)
    _tell(event, "return-asked", event.return_id, until=until)


def on_return_refused(event: ReturnRefused) -> None:
    """Nothing changes."""
    _tell(event, "return-refused", event.return_id)


def on_rider_returned(event: RiderReturned) -> None:
    """They are signed in on another phone."""
    _tell(event, "rider-returned", event.return_id)


def _in_words(until: datetime) -> dict[str, str]:
    return {name: format_instant(until, name) for name in LOCALES}


def _tell(event: MoveEvent | ReturnEvent, slug: str, matter_id: UUID, **facts: object) -> None:
    tell(
        person_id=event.person_id,
        slug=slug,
        source=f"{slug}:{matter_id}",
        facts={"station": places.station(event.station_id).name, **facts},
        about=About(ACCOUNT, event.person_id),
        at=event.at,
    )
