"""Signing up for a shift and stepping back from it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import update

from app.identity.actors import Actor
from app.identity.queries import self_to_change
from app.kernel import events
from app.kernel.db import session
from app.volunteering import queries
from app.volunteering.errors import ActivityClosed, RidersOnly, ShiftFull, ShiftOverlap, ShiftStarted
from app.volunteering.events import SignedUp, SignUpCancelled
from app.volunteering.models import Shift, SignUp, changed


def sign_up(*, shift_id: UUID, by: Actor, at: datetime) -> SignUp:
    """Take a place on a shift that has not begun. Signing up twice is the same as once."""
    if not by.is_rider:
        raise RidersOnly
    shift = queries.shift(shift_id)
    activity = queries.activity_to_join(shift.activity_id)  # before its riders, as whoever calls it off
    self_to_change(by)  # two shifts of one rider taken at the same moment queue here and see each other
    if activity.state != "open":
        raise ActivityClosed
    if at >= shift.starts_at:
        raise ShiftStarted(at=shift.starts_at)
    before = queries.sign_up_of(shift_id, by.id)
    if before is not None and before.state == "active":
        return before
    other = queries.shift_that_overlaps(shift, by.id)
    if other is not None:
        raise ShiftOverlap(title=queries.title_of(other.activity_id), at=other.starts_at)
    taken = take_place(shift=shift, before=before, person_id=by.id, at=at)
    events.publish(SignedUp(shift_id=shift_id, person_id=by.id, at=at))
    return taken


def cancel_sign_up(*, shift_id: UUID, by: Actor, at: datetime) -> SignUp | None:
    """Give the place back, until the shift begins. Doing it twice is the same as once."""
    self_to_change(by)  # whoever scans the shift's code at the same moment takes a place again
    shift = queries.shift(shift_id)
    if at >= shift.starts_at:
        raise ShiftStarted(at=shift.starts_at)
    # Two cancellations at once: the conditional update lets one of them give the place back.
    mine = update(SignUp).where(
        SignUp.shift_id == shift_id, SignUp.person_id == by.id, SignUp.state == "active"
    )
    if changed(mine.values(state="cancelled")):
        session.execute(update(Shift).where(Shift.id == shift_id).values(taken=Shift.taken - 1))
        events.publish(SignUpCancelled(shift_id=shift_id, person_id=by.id, at=at))
    return queries.sign_up_of(shift_id, by.id)


def take_place(*, shift: Shift, before: SignUp | None, person_id: UUID, at: datetime) -> SignUp:
    """Take a place for a rider whose row is locked; `before` is the sign-up he cancelled earlier, if any.

    The last place goes to one of those who reach for it: the count moves only while there is room.
    """
    room = update(Shift).where(Shift.id == shift.id, Shift.taken < Shift.places).values(taken=Shift.taken + 1)
    if not changed(room):
        raise ShiftFull(title=queries.title_of(shift.activity_id))
    taken = before or SignUp(shift_id=shift.id, person_id=person_id)
    taken.state, taken.signed_up_at = "active", at
    session.add(taken)
    session.flush()
    return taken
