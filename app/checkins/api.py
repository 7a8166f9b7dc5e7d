"""A rider's own presence: what counted, and what was turned away. (Checking in goes through /scans.)"""

from __future__ import annotations

from uuid import UUID

from app.checkins import queries
from app.checkins.annulling import annul_check_in
from app.checkins.models import AnnulledCheckin, Checkin, RefusedScan
from app.checkins.queries import CheckinAt
from app.checkins.schemas import AnnulCheckin, AnnulledRead, MyCheckinRead, RefusalRead, StationCheckinRead
from app.identity.actors import Actor
from app.kernel import clock
from app.kernel.http import Api, gives, gives_page, idempotent, requires, takes, traced
from app.kernel.paging import Page

api = Api("checkins", "/checkins", "Presence at stations")


@api.get("/mine")
@requires("self")
@gives_page(MyCheckinRead)
def list_my_checkins(cursor: str | None, limit: int, by: Actor) -> Page[CheckinAt]:
    """My check-ins, newest first"""
    return queries.my_check_ins(by.id, cursor, limit)


@api.get("/refused")
@requires("self")
@gives_page(RefusalRead)
def list_my_refusals(cursor: str | None, limit: int, by: Actor) -> Page[RefusedScan]:
    """My scans that were turned away, and why"""
    return queries.my_refusals(by.id, cursor, limit)


@api.post("/<uuid:checkin_id>/annul")
@requires("station.scan")
@idempotent
@takes(AnnulCheckin)
@gives(AnnulledRead)
def annul(checkin_id: UUID, station_id: UUID, reason: str, by: Actor) -> AnnulledCheckin:
    """Take back a scan of one's own station within 15 minutes; its points go back"""
    return annul_check_in(checkin_id=checkin_id, station_id=station_id, reason=reason, by=by, at=clock.now())


@api.get("/stations/<uuid:station_id>")
@requires("station.scan")
@traced("checkins.seen")
@gives_page(StationCheckinRead)
def list_station_checkins(station_id: UUID, cursor: str | None, limit: int, by: Actor) -> Page[Checkin]:
    """Who checked in at a station, names masked"""
    by.must("station.scan", station_id=station_id)
    return queries.check_ins_at(station_id, cursor, limit)


@api.get("/stations/<uuid:station_id>/refused")
@requires("station.scan")
@gives_page(RefusalRead)
def list_station_refusals(station_id: UUID, cursor: str | None, limit: int, by: Actor) -> Page[RefusedScan]:
    """Scans that were turned away at a station, and why"""
    by.must("station.scan", station_id=station_id)
    return queries.refused_at(station_id, cursor, limit)
