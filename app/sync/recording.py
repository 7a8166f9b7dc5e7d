"""Writing down what became of an item: on the item, among the refusals, at the conflict desk, in the rider's inbox."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete

from app.checkins.refusing import remember_refusal
from app.codes.queries import use_of_step
from app.identity.actors import SYSTEM
from app.kernel.bulk import among, update_all
from app.kernel.db import session
from app.kernel.errors import Problem
from app.notices.telling import About, tell
from app.places import queries as places
from app.sync import resolving, verifying
from app.sync.models import REFUSED, REVIEW, Conflict, Lease, SaidPosition, StationDevice, SyncItem
from app.sync.outcomes import Outcome
from app.sync.queries import Waiting


def write_down(item: SyncItem, outcome: Outcome, *, at: datetime) -> None:
    """The item is settled; whoever is concerned is told."""
    note(item, outcome, at=at)
    session.flush()
    if outcome.state == REVIEW:
        _open_conflict(item, outcome, at)
    elif outcome.state == REFUSED:
        _refuse(item, outcome, at)


def note(item: SyncItem, outcome: Outcome, *, at: datetime) -> None:
    """What became of an item, on the item; written when the session is flushed."""
    item.state, item.slug, item.words = outcome.state, outcome.slug, outcome.words
    item.points, item.checkin_id, item.voucher_id = outcome.points, outcome.checkin_id, outcome.voucher_id
    item.settled_at = at
    if not item.of_station:
        session.execute(delete(SaidPosition).where(SaidPosition.item_id == item.id))


def note_all(outcomes: Sequence[tuple[Waiting, Outcome]], *, at: datetime) -> None:
    """The same of many, at once. Whatever the session holds of them is out of date then."""
    update_all(
        SyncItem,
        [
            {
                "id": item.id,
                "state": outcome.state,
                "slug": outcome.slug,
                "words": outcome.words,
                "points": outcome.points,
                "checkin_id": outcome.checkin_id,
                "voucher_id": outcome.voucher_id,
                "settled_at": at,
            }
            for item, outcome in outcomes
        ],
    )
    told = [item.id for item, _ in outcomes if not item.of_station]
    if told:
        session.execute(delete(SaidPosition).where(among(SaidPosition.item_id, told)))


def _refuse(item: SyncItem, outcome: Outcome, at: datetime) -> None:
    if outcome.problem is not None:
        person_id = (
            None if item.of_station else item.person_id
        )  # nobody writes refusals into another's history
        remember_refusal(
            outcome.problem,
            person_id=person_id,
            station_id=item.station_id,
            happened_at=item.known_at,
            device=_device_of(item),
            by=SYSTEM,
            at=item.arrived_at,
        )
    if not item.of_station:
        _tell(item, "offline-refused", {"why": outcome.words}, at)


def _device_of(item: SyncItem) -> str | None:
    """The name of the station's device that made it; a rider's own phone has none here."""
    if item.lease_id is None:
        return None
    return session.get_one(StationDevice, session.get_one(Lease, item.lease_id).device_id).name


def _open_conflict(item: SyncItem, outcome: Outcome, at: datetime) -> None:
    lease = session.get_one(Lease, item.lease_id)
    station = places.station(lease.station_id)
    session.add(
        Conflict(
            item_id=item.id,
            slug=outcome.slug,
            region_code=station.region_code,
            station_id=station.id,
            person_id=item.person_id,
            evidence=_evidence(item, lease),
            points=(outcome.points or 0) if item.of_goods else 0,
            loss=outcome.loss,
            opened_at=at,
        )
    )
    session.flush()
    _tell(item, "offline-review", {"station": station.name}, at)


def _evidence(item: SyncItem, lease: Lease) -> dict[str, Any]:
    """What a person needs to see in order to decide, as it was known then."""
    device = session.get_one(StationDevice, lease.device_id)
    return {
        "kind": item.kind,
        "happened_at": item.happened_at.isoformat(),
        "arrived_at": item.arrived_at.isoformat(),
        "device": device.name,
        "seq": item.seq,
        "clock_offset_s": item.clock_offset_s,
        "lease_from": lease.granted_at.isoformat(),
        "lease_until": lease.ends_at.isoformat(),
    } | _about_code(item)


def _about_code(item: SyncItem) -> dict[str, Any]:
    try:
        shown = verifying.shown_code(resolving.told_by(item)["code"], item.happened_at)
    except Problem:
        return {}
    facts: dict[str, Any] = {"phone_skew_s": shown.skew_s}
    if shown.handle.revoked_at is not None:
        facts["revoked_at"] = shown.handle.revoked_at.isoformat()
    used = use_of_step(shown.handle.id, shown.step)
    if used is not None and used.station_id != item.station_id:
        facts |= {
            "other_station": places.station(used.station_id).name,
            "other_at": used.opened_at.isoformat(),
        }
    return facts


def _tell(item: SyncItem, slug: str, facts: dict[str, Any], at: datetime) -> None:
    tell(
        person_id=item.person_id,
        slug=slug,
        source=f"sync:{item.id}:{slug}",
        facts=facts,
        about=About("offline", item.id),
        at=at,
    )
