"""Taking back a scan: the station's own, within a quarter of an hour. Nothing is rewritten; a second row says so."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from app.checkins.errors import AnnulledAlready, AnnulTooLate, CheckinNotFound
from app.checkins.events import CheckinAnnulled
from app.checkins.models import SCANNED, AnnulledCheckin, Checkin
from app.identity.actors import Actor
from app.kernel.db import insert_if_absent, session
from app.kernel.events import publish
from app.kernel.ids import new_id

WITHIN = timedelta(minutes=15)


def annul_check_in(
    *, checkin_id: UUID, station_id: UUID, reason: str, by: Actor, at: datetime
) -> AnnulledCheckin:
    """Take back a check-in that this station scanned (the wrong person, a try). Its points go back by the event."""
    by.must("station.scan", station_id=station_id)
    made = session.get(Checkin, checkin_id)
    if made is None or made.station_id != station_id:
        raise CheckinNotFound
    if not may_be_annulled(made, at):
        raise AnnulTooLate(minutes=WITHIN // timedelta(minutes=1))
    values = {"id": new_id(), "checkin_id": made.id, "reason": reason, "by_id": by.person_id, "at": at}
    if not insert_if_absent(AnnulledCheckin, values):  # `once` settles two at the same moment
        raise AnnulledAlready
    publish(CheckinAnnulled(checkin_id=made.id, person_id=made.person_id, station_id=station_id, at=at))
    return session.get_one(AnnulledCheckin, values["id"])


def may_be_annulled(made: Checkin, at: datetime) -> bool:
    """Whether the station may still take it back."""
    return made.how == SCANNED and at < made.arrived_at + WITHIN
