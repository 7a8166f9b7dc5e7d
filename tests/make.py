"""Builders of what many tests need: regions, a station, people with roles, signed-in clients."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient

from app.identity import queries as people
from app.identity import sessions
from app.identity.actors import SYSTEM, Actor
from app.identity.appointing import appoint
from app.identity.edge import give_tokens
from app.identity.models import Consent, Person
from app.kernel import clock
from app.kernel.db import session, transaction
from app.kernel.geo import Position
from app.kernel.ids import new_id
from app.places.hours import every_day
from app.places.models import Region, Station
from app.places.opening import open_station

CITY, XUANWU, MEIYUAN, COMMUNITY = "3201", "320102", "320102002", "320102002001"
QINHUAI = "320104"
STATION_POSITION = Position(32.0435, 118.7980)


def regions() -> None:
    """A city with two districts, one subdistrict and one community. Run inside a unit of work."""
    for code, name, level, parent, path in (
        (CITY, "南京市", "city", None, "3201/"),
        (XUANWU, "玄武区", "district", CITY, "3201/320102/"),
        (QINHUAI, "秦淮区", "district", CITY, "3201/320104/"),
        (MEIYUAN, "梅园新村街道", "subdistrict", XUANWU, "3201/320102/320102002/"),
        (COMMUNITY, "梅园新村社区居委会", "community", MEIYUAN, "3201/320102/320102002/320102002001/"),
    ):
        session.add(Region(code=code, name=name, level=level, parent_code=parent, path=path))
        session.flush()


def station(
    name: str = "梅园驿站",
    *,
    region_code: str = COMMUNITY,
    position: Position = STATION_POSITION,
    **more: Any,
) -> Station:
    """A station that never closes, unless `hours` says otherwise."""
    values: dict[str, Any] = {
        "hours": every_day(),
        "facilities": ["water", "charging"],
        "address": "梅园路 1 号",
    } | more
    return open_station(name=name, region_code=region_code, position=position, at=clock.now(), **values)


def rider(
    nickname: str = "王师傅", *, name: str | None = "王小明", phone: str | None = None, **more: Any
) -> Person:
    """An enrolled rider who agreed to the core terms."""
    at = clock.now()
    someone = Person(nickname=nickname, name=name, phone=phone, enrolled_at=at, created_at=at, **more)
    session.add(someone)
    session.flush()
    session.add(Consent(person_id=someone.id, purpose="core", version=1, given=True, at=at))
    session.flush()
    return someone


def staff(
    role: str, *, region_code: str | None = None, station_id: UUID | None = None, name: str = "李站长"
) -> Person:
    """A member of staff with one role, in a region or at a station."""
    someone = Person(name=name, created_at=clock.now())
    session.add(someone)
    session.flush()
    appoint(
        person_id=someone.id,
        role=role,
        region_code=region_code,
        station_id=station_id,
        by=SYSTEM,
        at=clock.now(),
    )
    return someone


def actor(someone: Person) -> Actor:
    """The person as an actor, with the roles held now."""
    return people.actor_of(someone)


def once() -> dict[str, str]:
    """The header of a request that counts once: a key that no other has."""
    return {"Idempotency-Key": new_id().hex}


def signed_in(app: Flask, someone: Person, at: datetime | None = None) -> FlaskClient:
    """A client that sends the person's bearer token."""
    with transaction():
        refresh = sessions.open_session(person=someone, device="test", at=at or clock.now())
        tokens = give_tokens(refresh=refresh, person=someone, at=at or clock.now())
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {tokens.access_token}"
    return client
