"""What makes a city to live in: divisions, stations, staff, budgets, rules, rewards."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from app.identity import appointing
from app.identity.actors import Actor
from app.kernel.geo import Position
from app.ledger import budgets
from app.places.importing import import_divisions
from app.places.opening import open_station
from app.rewards import catalogue
from app.rules.starter import publish_starter
from simulator.product.answers import Facts


def found_regions(*, by: Actor, at: datetime, file: str) -> Facts:
    """The official divisions."""
    with Path(file).open(encoding="utf-8-sig", newline="") as lines:
        return {"added": import_divisions(lines=lines, file=Path(file).name).added}


def found_station(*, by: Actor, at: datetime, lat: float, lng: float, **facts: Any) -> Facts:
    """Open a station of the demo city."""
    made = open_station(position=Position(lat, lng), is_demo=True, at=at, **facts)
    return {"station": str(made.id)}


def hire(
    *,
    by: Actor,
    at: datetime,
    username: str,
    password: str,
    name: str,
    role: str,
    region_code: str | None = None,
    station_id: str | None = None,
) -> Facts:
    """A member of staff with one role."""
    someone = appointing.add_staff(
        username=username, password=password, name=name, is_demo=True, by=by, at=at
    )
    where = UUID(station_id) if station_id else None
    appointing.appoint(
        person_id=someone.id, role=role, region_code=region_code, station_id=where, by=by, at=at
    )
    return {"person": str(someone.id)}


def fund(*, by: Actor, at: datetime, region_code: str, period: str, points: int, source: str) -> Facts:
    """Fill a budget."""
    budgets.fund_budget(region_code=region_code, period=period, points=points, source=source, by=by, at=at)
    return {"points": points}


def start_rules(*, by: Actor, at: datetime, region_code: str, written_by: Actor) -> Facts:
    """Put the starter rules in force, unless others are."""
    version = publish_starter(region_code=region_code, written_by=written_by, reviewed_by=by, at=at)
    return {"version": str(version.id)}


def offer(*, by: Actor, at: datetime, **facts: Any) -> Facts:
    """Offer a reward."""
    return {"reward": str(catalogue.offer(is_demo=True, by=by, at=at, **facts).id)}
