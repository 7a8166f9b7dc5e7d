"""What a person says about themself, all of it optional, and closing the account."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import update

from app.identity import consent, queries, second_factor
from app.identity.actors import Actor
from app.identity.events import AccountClosed
from app.identity.models import OPEN_MOVES, OPEN_RETURNS, REFUSED, NumberMove, Person, RiderReturn
from app.identity.sessions import end_all_sessions
from app.kernel import idempotency
from app.kernel.db import session
from app.kernel.events import publish
from app.places.queries import region

EDITABLE = ("nickname", "name", "occupation", "platform", "home_region_code", "locale", "large_type")


def change_profile(*, changes: dict[str, Any], by: Actor, at: datetime) -> Person:
    """Change only the fields that were given."""
    someone = queries.self_to_change(by)
    if changes.get("home_region_code"):
        region(changes["home_region_code"])
    for name in EDITABLE:
        if name in changes:
            setattr(someone, name, changes[name])
    session.flush()
    return someone


def close_account(*, by: Actor, at: datetime) -> None:
    """Forget who this was. Points, hours and reports stay under a number that means nothing outside."""
    someone = queries.self_to_change(by)
    someone.name = someone.nickname = someone.phone = someone.username = someone.password_hash = None
    someone.password_passes_at = None
    someone.occupation = someone.platform = someone.home_region_code = None
    someone.closed_at = at
    consent.withdraw_all(someone, at)
    session.execute(
        update(NumberMove)
        .where(NumberMove.person_id == someone.id, NumberMove.state.in_(OPEN_MOVES))
        .values(state=REFUSED, new_phone=None, ended_at=at)
    )
    session.execute(
        update(RiderReturn)
        .where(RiderReturn.person_id == someone.id, RiderReturn.state.in_(OPEN_RETURNS))
        .values(state=REFUSED, ended_at=at)
    )
    second_factor.forget(someone.id)
    idempotency.forget_of(by.key)
    end_all_sessions(person_id=someone.id, at=at)
    session.flush()
    publish(AccountClosed(person_id=someone.id, at=at))
