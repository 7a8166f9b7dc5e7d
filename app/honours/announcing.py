"""Announcing: a masked public notice in working days, its end, the final roll, those who were held, and taking back.

Each is a step of its own that somebody takes: nothing is published by the mere passing of time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from app.audit.recording import record
from app.honours import agreeing, queries, statuses
from app.honours.errors import (
    CandidateHeld,
    CandidateNotFound,
    ContactNeeded,
    NoticeNotEnded,
    NoticeRunning,
    ObjectionsOpen,
)
from app.honours.events import HonourRevoked, HonoursGranted, NoticeOpened
from app.honours.models import FINAL, IN, NOTICE, REVIEWED, Candidate, Honour, Selection
from app.honours.waiting import is_contested, waiting_of
from app.identity import queries as people
from app.identity.actors import Actor
from app.kernel import events, randomness
from app.kernel.calendar import WORKDAY, day_sort
from app.kernel.clock import city_day
from app.kernel.db import session
from app.places.queries import region_path

NOTICE_WORKING_DAYS = 5


def open_notice(
    *,
    selection_id: UUID,
    contact_phone: str,
    contact_place: str,
    contact_hours: str,
    contact_place_en: str | None = None,
    contact_hours_en: str | None = None,
    working_days: int = NOTICE_WORKING_DAYS,
    by: Actor,
    at: datetime,
) -> Selection:
    """Show the masked list to everybody, from today until the end of the last working day after.

    A meeting has agreed to it, and the notice says where to object without an account.
    """
    selection = _to_announce(selection_id, by)
    selection.must_be(REVIEWED)
    agreeing.must_be_agreed(selection.id)
    contact = {"contact_phone": contact_phone, "contact_place": contact_place, "contact_hours": contact_hours}
    if missing := [name for name, words in contact.items() if not words.strip()]:
        raise ContactNeeded(fields={name: ["contact-needed"] for name in missing})
    for name, words in contact.items():
        setattr(selection, name, words)
    selection.contact_place_en, selection.contact_hours_en = contact_place_en, contact_hours_en
    selection.notice_starts_on = city_day(at)
    selection.notice_ends_on = after_working_days(selection.notice_starts_on, working_days)
    selection.state = NOTICE
    session.flush()
    _trace("notice.opened", selection, by, at)
    events.publish(NoticeOpened(selection_id=selection.id, ends_on=selection.notice_ends_on, at=at))
    return selection


def end_notice(*, selection_id: UUID, by: Actor, at: datetime) -> Selection:
    """Record that the notice has run its days. Doing it twice changes nothing."""
    selection = _to_announce(selection_id, by)
    selection.must_be(NOTICE)
    assert selection.notice_ends_on is not None
    if city_day(at) <= selection.notice_ends_on:
        raise NoticeRunning(day=selection.notice_ends_on.isoformat())
    if selection.notice_ended_at is None:
        selection.notice_ended_at = at
        session.flush()
        _trace("notice.ended", selection, by, at)
    return selection


def finalise(*, selection_id: UUID, by: Actor, at: datetime) -> Selection:
    """Publish the roll after the notice; those in receive the honour, except those about whom something is open.

    Whoever was taken out during the notice is out of what the meeting agreed to: it confirms the list as it is now.
    """
    selection = _to_announce(selection_id, by)
    selection.must_be(NOTICE)
    if selection.notice_ended_at is None:
        raise NoticeNotEnded
    if is_contested(selection.id):
        raise ObjectionsOpen
    agreeing.must_be_agreed(selection.id)
    chosen = queries.chosen(selection_id)
    waiting = waiting_of([each.id for each in chosen])
    selection.state, selection.finalised_at = FINAL, at
    _grant([each for each in chosen if each.id not in waiting], selection, by, at)
    _trace("roll.finalised", selection, by, at)
    return selection


def grant_held(*, selection_id: UUID, candidate_id: UUID, by: Actor, at: datetime) -> Selection:
    """Honour somebody about whom nothing is open by now, after the roll became final without him."""
    selection = _to_announce(selection_id, by)
    selection.must_be(FINAL)
    candidate = queries.candidate(selection_id, candidate_id)
    if candidate.decision != IN or queries.honour_of(candidate.id) is not None:
        raise CandidateNotFound
    if waiting_of([candidate.id]):
        raise CandidateHeld
    _grant([candidate], selection, by, at)
    return selection


def revoke(*, honour_id: UUID, reason: str, by: Actor, at: datetime) -> Honour:
    """Take an honour back, with a reason; it leaves the roll and every later export. Doing it twice changes nothing."""
    honour = queries.honour(honour_id)
    selection = _to_announce(honour.selection_id, by)
    session.refresh(honour)  # whoever waited for the selection reads what was done to it meanwhile
    if honour.revoked_at is not None:
        return honour
    honour.revoked_at, honour.revoked_because = at, reason
    session.flush()
    _trace("honour.revoked", selection, by, at)
    tell_of_revocation(honour, selection, at)
    return honour


def tell_of_revocation(honour: Honour, selection: Selection, at: datetime) -> None:
    """Say that an honour was taken back, and why."""
    events.publish(
        HonourRevoked(
            honour_id=honour.id, person_id=honour.person_id, title_zh=selection.title_zh, title_en=selection.title_en,
            reason=honour.revoked_because or "", at=at,
        )
    )  # fmt: skip


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


def _grant(candidates: Sequence[Candidate], selection: Selection, by: Actor, at: datetime) -> None:
    """Honour these, except whoever closed the account since: nobody is there to be honoured."""
    closed = people.closed_among([each.person_id for each in candidates])
    there = [each for each in candidates if each.person_id not in closed]
    granted = [
        Honour(
            selection_id=selection.id,
            candidate_id=each.id,
            person_id=each.person_id,
            token=randomness.crockford(16),
            status_list=number,
            status_index=index,
            granted_at=at,
        )
        for each, (number, index) in zip(there, statuses.places(len(there)), strict=True)
    ]
    session.add_all(granted)
    session.flush()
    events.publish(
        HonoursGranted(
            selection_id=selection.id,
            region_code=selection.region_code,
            purpose=selection.purpose,
            person_ids=tuple(each.person_id for each in granted),
            honours={each.id: each.person_id for each in granted},
            at=at,
        )
    )
    if granted:
        facts = {"honours": len(granted)}
        record(action="honours.granted", subject=f"selection:{selection.id}", facts=facts, by=by, at=at)


def _to_announce(selection_id: UUID, by: Actor) -> Selection:
    selection = queries.selection_to_change(selection_id)
    by.must("selection.run", region_path=region_path(selection.region_code))
    return selection


def _trace(action: str, selection: Selection, by: Actor, at: datetime) -> None:
    facts = {"state": selection.state, "snapshot_sha256": selection.snapshot_sha256}
    record(action=action, subject=f"selection:{selection.id}", facts=facts, by=by, at=at)
