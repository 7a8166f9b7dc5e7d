"""A rider's code made by the server, for browsers that cannot make their own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.codes import steps
from app.codes.enrolling import key_of, renew_server_handle
from app.codes.errors import HandleExpired
from app.codes.kinds import personal
from app.identity.actors import Actor


@dataclass(frozen=True, slots=True)
class ShownCode:
    """The digits to show now, and until when."""

    digits: str
    valid_from: datetime
    valid_until: datetime


def show_personal_code(*, by: Actor, at: datetime) -> ShownCode:
    """The rider's code of this moment."""
    handle = renew_server_handle(by=by, at=at)
    key = key_of(handle)
    if key is None:
        raise HandleExpired
    step = steps.step_at(at)
    digits = personal.make(key=key, handle=handle.handle, step=step, alg=handle.alg)
    return ShownCode(digits, steps.begins_at(step), steps.ends_at(step))
