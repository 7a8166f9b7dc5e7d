"""Requests that would be right: what a schema asks for, filled with the ids and words of the world."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import marshmallow as ma
from marshmallow import fields, validate

from app.kernel import clock
from app.web.forms import CityMoment, Tick
from tests.security.world import HERE, World

SAID = ("number", "serial", "digits")
# What no schema can say by itself, by the name of the field.
OWN: dict[str, Any] = {
    "region_code": HERE,
    "unit_region_code": HERE,
    "phone": "13800138099",
    "old_phone": "13800138001",
    "new_phone": "13900139111",
    "code": "000000",
    "username": "newcomer",
    "password": "three rainy days",
    "reason": "写清楚原因",
    "digits": "",
    "client_ref": "x-1",
    "role": "dispatcher",
    "period": "2026Q4",
    "key": "R-01",
}


def filled(schema: ma.Schema | None, world: World, *, every: bool = False) -> dict[str, Any]:
    """The required fields of a schema (or every one) with values it accepts, as JSON or a form would carry them."""
    if schema is None:
        return {}
    return {
        (found.data_key or name): value
        for name, found in schema.load_fields.items()
        if found.required or every
        if (value := _value(name, found, world)) is not None
    }


def _value(name: str, found: fields.Field[Any], world: World) -> Any:
    if name in world.ids and (name.endswith("_id") or name in SAID):
        return str(world.ids[name])
    if name in OWN:
        return OWN[name]
    if isinstance(found, fields.Nested):
        return filled(found.schema, world)
    if isinstance(found, fields.List):
        return [_value(name, found.inner, world)]
    return _plain(name, found)


def _plain(name: str, found: fields.Field[Any]) -> Any:
    if (choice := _choice(found)) is not None:
        return choice
    if isinstance(found, CityMoment | fields.AwareDateTime):
        return _moment(name, local=isinstance(found, CityMoment))
    if isinstance(found, fields.Date):
        return clock.city_day(clock.now()).isoformat()
    if isinstance(found, fields.UUID):
        return str(UUID(int=7))
    if isinstance(found, Tick):
        return "yes"
    if isinstance(found, fields.Boolean):
        return True
    if isinstance(found, fields.Float | fields.Integer):
        return _least(found)
    return "写清楚"


def _choice(found: fields.Field[Any]) -> Any:
    return next((rule.choices[0] for rule in found.validators if isinstance(rule, validate.OneOf)), None)


def _least(found: fields.Field[Any]) -> int:
    ranges = [
        rule.min for rule in found.validators if isinstance(rule, validate.Range) and rule.min is not None
    ]
    return max([1, *(int(least) for least in ranges)])


def _moment(name: str, *, local: bool) -> str:
    """Begins in an hour, ends in two; what was, was an hour ago."""
    hours = {"starts_at": 1, "ends_at": 2}.get(name, -1)
    at: datetime = clock.now() + timedelta(hours=hours)
    return at.astimezone(clock.CITY).strftime("%Y-%m-%dT%H:%M") if local else at.isoformat()
