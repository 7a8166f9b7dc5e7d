"""What was done without a signal: devices of stations, their lease for the day, batches that come back, conflicts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from app.identity.actors import Actor
from app.identity.edge import named_caller
from app.kernel import clock
from app.kernel.http import Api, gives, gives_page, limited, public, requires, takes, takes_query, traced
from app.kernel.limits import Limit
from app.kernel.paging import Page
from app.sync import deciding, enrolling, leasing, manifest, queries, schemas
from app.sync.models import CODE_LIVES, PER_RIDER_A_DAY, Conflict, StationDevice, SyncItem
from app.sync.receiving import Receipt, receive

api = Api("sync", "/sync", "What was done without a signal")

MOST = 2 * 1024 * 1024  # bytes: a thousand entries, each with its text, its hash and its signature
BATCHES = Limit("sync-batch", tries=600, per_s=60)
ENROLMENTS = Limit("sync-enrol", tries=10, per_s=600)


# Open to everybody, because a device that was cut off for days has no session left: a device signs each batch and each
# entry with its own key; a phone's items need its rider signed in. Items carry their own ids, so no Idempotency-Key.
@api.post("/batches")
@public
@limited(BATCHES, named_caller)
@takes(schemas.BatchIn, most=MOST)
@gives(schemas.BatchRead)
def send_batch(
    owner: UUID | None,
    sent_at: str,
    clock_offset_s: int,
    log: dict[str, Any] | None,
    items: list[Any],
    by: Actor,
) -> Receipt:
    """Send what was done without a signal

    Each item counts once, however often it is sent, and is answered by itself: `waiting` (received, judged when earlier
    ones have arrived), `counted`, `already`, `refused` or `review` (a person decides).
    """
    return receive(
        owner=owner,
        sent_at=sent_at,
        clock_offset_s=clock_offset_s,
        log=log,
        items=items,
        by=by,
        at=clock.now(),
    )


@api.get("/items/mine")
@requires("self")
@gives_page(schemas.ItemRead)
def list_my_items(cursor: str | None, limit: int, by: Actor) -> Page[SyncItem]:
    """What I did without a signal, and what became of it"""
    return queries.my_items(by.id, cursor, limit)


@api.post("/stations/<uuid:station_id>/enrolment-codes")
@requires("station.devices")
@gives(schemas.EnrolmentCodeRead, 201)
def make_enrolment_code(station_id: UUID, by: Actor) -> dict[str, Any]:
    """Make a code that enrols one device within a quarter of an hour"""
    at = clock.now()
    code = enrolling.make_enrolment_code(station_id=station_id, by=by, at=at)
    return {"code": code, "expires_at": at + CODE_LIVES}


@api.post("/stations/<uuid:station_id>/devices")
@requires("station.scan")
@limited(ENROLMENTS, named_caller)
@takes(schemas.EnrolStationDevice)
@gives(schemas.StationDeviceRead, 201)
def enrol_station_device(station_id: UUID, code: str, name: str, public_key: str, by: Actor) -> StationDevice:
    """Enrol this device at a station, with the code a colleague made"""
    return enrolling.enrol_device(
        station_id=station_id, code=code, name=name, public_key=public_key, by=by, at=clock.now()
    )


@api.get("/stations/<uuid:station_id>/devices")
@requires("station.devices")
@gives(schemas.StationDeviceRead, many=True)
def list_station_devices(station_id: UUID, by: Actor) -> Sequence[StationDevice]:
    """A station's devices"""
    by.must("station.devices", station_id=station_id)
    return queries.devices_of(station_id)


@api.delete("/devices/<uuid:device_id>")
@requires("station.devices")
@gives(None)
def revoke_station_device(device_id: UUID, by: Actor) -> None:
    """Take a device out of use"""
    enrolling.revoke_device(device_id=device_id, by=by, at=clock.now())


@api.post("/devices/<uuid:device_id>/lease")
@requires("station.scan")
@gives(schemas.ManifestRead)
def renew_lease(device_id: UUID, by: Actor) -> dict[str, Any]:
    """The lease of the day for this device, with what it needs to work without a signal"""
    at = clock.now()
    lease = leasing.renew_lease(device_id=device_id, by=by, at=at)
    facts = manifest.manifest_for(lease, at=at)
    return {"server_time": at, "lease": lease, "per_rider_a_day": PER_RIDER_A_DAY} | facts


@api.get("/leases")
@requires("station.manage")
@gives(schemas.TrustList)
def list_leases(by: Actor) -> dict[str, Any]:
    """Open leases, and what may be lost at worst"""
    stations = queries.trust_for(by)
    lost = queries.lost_since(by, clock.now() - timedelta(days=30))
    worst = sum(each.lease.points_limit for each in stations)
    return {"worst_loss": worst, "lost_30_days": lost, "stations": stations}


@api.get("/conflicts")
@requires("station.manage")
@traced("conflict.seen")
@takes_query(schemas.ConflictQuery)
@gives_page(schemas.ConflictRead)
def list_conflicts(show: str, cursor: str | None, limit: int, by: Actor) -> Page[Conflict]:
    """Conflicts that wait for a decision, or those that were decided"""
    return queries.conflicts_for(by, decided=show == "decided", cursor=cursor, limit=limit)


@api.get("/conflicts/<uuid:conflict_id>")
@requires("station.manage")
@traced("conflict.seen")
@gives(schemas.ConflictRead)
def read_conflict(conflict_id: UUID, by: Actor) -> Conflict:
    """One conflict with its evidence"""
    return queries.conflict_for(by, conflict_id)


@api.post("/conflicts/<uuid:conflict_id>/decision")
@requires("station.manage")
@takes(schemas.DecideConflict)
@gives(schemas.ConflictRead)
def decide_conflict(conflict_id: UUID, decision: str, note: str | None, by: Actor) -> Conflict:
    """Decide a conflict; once for all"""
    return deciding.decide(conflict_id=conflict_id, decision=decision, note=note, by=by, at=clock.now())
