"""What is done without a signal and told later: a station's device, its lease, its log, and a phone's outbox."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from app.identity.actors import Actor
from app.sync import deciding, enrolling, leasing, receiving, settling
from app.sync.receiving import Receipt, Unkept
from simulator.product.answers import Facts


def enrol_device(*, by: Actor, at: datetime, station_id: str, name: str, public_key: str) -> Facts:
    """A tablet becomes one of the station's."""
    code = enrolling.make_enrolment_code(station_id=UUID(station_id), by=by, at=at)
    made = enrolling.enrol_device(
        station_id=UUID(station_id), code=code, name=name, public_key=public_key, by=by, at=at
    )
    return {"device": str(made.id)}


def renew_lease(*, by: Actor, at: datetime, device_id: str) -> Facts:
    """What it may do without a signal from now on."""
    lease = leasing.renew_lease(device_id=UUID(device_id), by=by, at=at)
    return {"lease": str(lease.id), "ends_at": lease.ends_at.isoformat()}


def revoke_device(*, by: Actor, at: datetime, device_id: str) -> Facts:
    """A tablet that is lost."""
    return {"device": str(enrolling.revoke_device(device_id=UUID(device_id), by=by, at=at).id)}


def tell(*, by: Actor, at: datetime, sent_at: str, log: dict[str, Any], items: list[dict[str, Any]]) -> Facts:
    """A piece of a tablet's log."""
    named = {name: UUID(log[name]) for name in ("device_id", "lease_id")}
    heard = receiving.receive(sent_at=sent_at, clock_offset_s=0, log=log | named, items=items, by=by, at=at)
    return _of(heard) | {"missing": len(heard.missing)}


def bring(*, by: Actor, at: datetime, sent_at: str, items: list[dict[str, Any]]) -> Facts:
    """What a rider's phone kept."""
    return _of(receiving.receive(sent_at=sent_at, clock_offset_s=0, log=None, items=items, by=by, at=at))


def settle(*, by: Actor, at: datetime) -> Facts:
    """What is ripe."""
    return {"settled": settling.settle_ripe(at=at)}


def decide_conflict(*, by: Actor, at: datetime, conflict_id: str, decision: str) -> Facts:
    """A person looks at what no rule can judge."""
    note = "看过记录，按实际情况定。"
    decided = deciding.decide(conflict_id=UUID(conflict_id), decision=decision, note=note, by=by, at=at)
    return {"conflict": str(decided.id), "decision": decided.decision}


def _of(heard: Receipt) -> Facts:
    return {
        "items": [str(each.id) for each in heard.items if not isinstance(each, Unkept)],
        "unkept": [f"{each.id}: {each.slug}" for each in heard.items if isinstance(each, Unkept)],
    }
