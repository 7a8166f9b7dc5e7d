"""An invitation on paper or a screen: a token for the QR link and a PIN to say aloud. Only digests of them are kept."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from app.identity.actors import Actor
from app.identity.models import Invite
from app.identity.secrets_kept import digest
from app.kernel import randomness
from app.kernel.db import session


def invitation(
    *,
    station_id: UUID,
    expires_at: datetime,
    person_id: UUID | None = None,
    return_id: UUID | None = None,
    by: Actor,
    at: datetime,
) -> tuple[Invite, str, str]:
    """(invitation, token, PIN) for somebody new, or for the rider whom it brings back."""
    token, pin = randomness.crockford(16), randomness.digits(6)
    invite = Invite(
        token_digest=digest("invite-token", token),
        pin_digest="",
        station_id=station_id,
        made_by=by.id,
        person_id=person_id,
        return_id=return_id,
        made_at=at,
        expires_at=expires_at,
    )
    session.add(invite)
    session.flush()
    invite.pin_digest = digest("invite-pin", invite.id.hex, pin)
    return invite, token, pin
