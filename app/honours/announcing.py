"""Announcing: a masked public notice for five working days, then the final roll; taking an honour back."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from app.audit.recording import record
from app.honours import queries
from app.honours.errors import NoticeRunning
from app.honours.events import HonourRevoked, HonoursGranted, NoticeOpened
from app.honours.models import FINAL, NOTICE, REVIEWED, Honour, Selection
from app.identity.actors import Actor
from app.kernel import events
from app.kernel.calendar import WORKDAY, day_sort
from app.kernel.clock import city_day
from app.kernel.db import session
from app.places.queries import region_path

NOTICE_WORKING_DAYS = 5


def open_notice(*, selection_id: UUID, by: Actor, at: datetime) -> Selection:
    """Show the masked list to everybody, from today until the end of the fifth working day after."""
    selection = _to_announce(selection_id, by)
    selection.must_be(REVIEWED)
    selection.notice_starts_on = city_day(at)
    selection.notice_ends_on = after_working_days(selection.notice_starts_on, NOTICE_WORKING_DAYS)
    selection.state = NOTICE
    session.flush()
    _trace("notice.opened", selection, by, at)
    events.publish(NoticeOpened(selection_id=selection.id, ends_on=selection.notice_ends_on, at=at))
    return selection


def finalise(*, selection_id: UUID, by: Actor, at: datetime) -> Selection:
    """Make the roll final once the notice has run; those in receive the honour."""
    selection = _to_announce(selection_id, by)
    selection.must_be(NOTICE)
    assert selection.notice_ends_on is not None
    if city_day(at) <= selection.notice_ends_on:
        raise NoticeRunning(day=selection.notice_ends_on.isoformat())
    chosen = queries.chosen(selection_id)
    granted = [
        Honour(selection_id=selection.id, candidate_id=each.id, person_id=each.person_id, granted_at=at)
        for each in chosen
    ]
    session.add_all(granted)
    selection.state, selection.finalised_at = FINAL, at
    session.flush()
    _trace("roll.finalised", selection, by, at)
    people = tuple(each.person_id for each in chosen)
    events.publish(
        HonoursGranted(
            selection_id=selection.id,
            person_ids=people,
            honours={each.id: each.person_id for each in granted},
            region_code=selection.region_code,
            purpose=selection.purpose,
            at=at,
        )
    )
    return selection


def revoke(*, honour_id: UUID, reason: str, by: Actor, at: datetime) -> Honour:
    """Take an honour back, with a reason; it leaves the roll and every later export. Doing it twice changes nothing."""
    honour = queries.honour_to_change(honour_id)
    selection = _to_announce(honour.selection_id, by)
    if honour.revoked_at is not None:
        return honour
    honour.revoked_at, honour.revoked_because = at, reason
    session.flush()
    _trace("honour.revoked", selection, by, at)
    events.publish(HonourRevoked(honour_id=honour.id, person_id=honour.person_id, at=at))
    return honour


def after_working_days(start_on: date, count: int) -> date:
    """The last of `count` working days that follow a day: holidays off, make-up days on."""
    day = start_on
    while count:
        day += timedelta(days=1)
        count -= is_working_day(day)
    return day


def is_working_day(day: date) -> bool:
    """By the official calendar; Monday to Friday for years whose holidays are not published yet."""
    return day_sort(day) == WORKDAY


def _to_announce(selection_id: UUID, by: Actor) -> Selection:
    selection = queries.selection_to_change(selection_id)
    by.must("selection.run", region_path=region_path(selection.region_code))
    return selection


def _trace(action: str, selection: Selection, by: Actor, at: datetime) -> None:
    facts = {"state": selection.state, "snapshot_sha256": selection.snapshot_sha256}
    record(action=action, subject=f"selection:{selection.id}", facts=facts, by=by, at=at)
