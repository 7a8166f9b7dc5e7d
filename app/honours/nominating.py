"""Nominating: a story about somebody, told before the facts are sealed; with links and photos it informs, unscored."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from app.audit.recording import record
from app.honours import calling, picturing, queries
from app.honours.errors import NomineeUnfit, SelectionMovedOn
from app.honours.links import safe
from app.honours.models import DRAFT, FROZEN, Nomination, Voice
from app.honours.picturing import Given
from app.identity import queries as people
from app.identity.actors import Actor
from app.kernel.db import insert_if_absent, session
from app.kernel.ids import new_id


def nominate(
    *,
    selection_id: UUID,
    phone: str,
    story: str,
    links: Collection[str] = (),
    photos: Collection[Given] = (),
    by: Actor,
    at: datetime,
) -> None:
    """Put a rider forward, or second whoever is put forward already. Whether the number is known is not told.

    The unique constraints settle two at once: one nomination per rider, one voice per person.
    """
    selection = queries.selection_to_change(selection_id)
    selection.must_be(DRAFT, FROZEN)
    if selection.named_at is not None:  # whoever came now would have no marks, and could not be taken in
        raise SelectionMovedOn(state=selection.state)
    shown = safe(links)
    nominee = people.person_with_phone_to_change(phone)  # whoever is leaving is put forward no more
    if nominee is not None and nominee.id == by.id:
        raise NomineeUnfit
    picturing.take(photos, region_code=selection.region_code, nominee=nominee, by=by, at=at)
    if nominee is None or not nominee.is_rider:
        picturing.drop(photos, at)
        return
    which = {"selection_id": selection_id, "person_id": nominee.id}
    insert_if_absent(Nomination, {"id": new_id(), **which, "created_at": at})
    nomination = session.scalars(select(Nomination).filter_by(**which)).one()
    calling.call_up(selection, nominee.id, at=at)
    said = {"role": _role_of(by), "story": story, "links": shown, "at": at}
    voice = {"id": new_id(), "nomination_id": nomination.id, "by_id": by.id, **said}
    if not insert_if_absent(Voice, voice):
        picturing.drop(photos, at)
        return
    picturing.give(photos, voice, selection, nominee.id)
    facts = {"nomination": str(nomination.id), "role": voice["role"], "photos": len(photos)}
    record(action="nomination.voiced", subject=f"selection:{selection_id}", facts=facts, by=by, at=at)


def _role_of(by: Actor) -> str:
    if by.holds("station.scan"):
        return "station"
    return "organiser" if by.holds("activity.organise") else "peer"


def voices_for(selection_id: UUID, person_id: UUID) -> list[Voice]:
    """What was said for somebody, the nomination first."""
    said = (
        select(Voice)
        .join(Nomination, Nomination.id == Voice.nomination_id)
        .where(Nomination.selection_id == selection_id, Nomination.person_id == person_id)
        .order_by(Voice.id)
    )
    return list(session.scalars(said))
