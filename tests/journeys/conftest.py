"""A small city with everybody the loop needs, and a browser for each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page

from app.identity.models import Person
from app.kernel.db import transaction
from app.ledger.accounts import quarter
from app.ledger.budgets import fund_budget
from app.places.models import Station
from app.rewards import catalogue, stocking
from app.rules.starter import publish_starter
from tests import make
from tests.conftest import StandingClock
from tests.web.make import browser

COOKIES = ("fengxing_access", "fengxing_refresh", "csrf_access_token")


@dataclass(frozen=True, slots=True)
class Cast:
    """Who takes part."""

    station: Station
    rider: Person
    manager: Person
    dispatcher: Person
    organiser: Person
    department: Person
    reviewer: Person


@pytest.fixture
def cast(app: Flask, clock: StandingClock) -> Cast:
    """One station with water on the shelf, a funded budget, the starter rules, and a person for each role."""
    with transaction():
        make.regions()
        station = make.station()
        roles = ("dispatcher", "organiser", "department", "reviewer", "rule-editor")
        staff = {role: make.staff(role, region_code=make.CITY, name=role) for role in roles}
        manager = make.staff("station-manager", station_id=station.id)
        rider = make.rider(phone="+8613800138000")
        boss, at = make.actor(staff["department"]), clock.at
        fund_budget(region_code=make.CITY, period=quarter(at), points=100_000, source="loop", by=boss, at=at)
        writer = make.actor(staff["rule-editor"])
        publish_starter(region_code=make.CITY, written_by=writer, reviewed_by=boss, at=at)
        water = catalogue.offer(
            name_zh="矿泉水", name_en="Water", kind="goods", points=20, region_code=make.CITY, by=boss, at=at
        )
        stocking.deliver(reward_id=water.id, station_id=station.id, quantity=5, by=make.actor(manager), at=at)
    del staff["rule-editor"]
    return Cast(station=station, rider=rider, manager=manager, **staff)


@pytest.fixture
def screen(
    chromium: Browser, address: str, app: Flask, clock: StandingClock
) -> Iterator[Callable[..., Page]]:
    """Open a browser for somebody who is signed in: `screen(person)`; everybody stands at the station."""
    contexts = []

    def open_for(someone: Person, *, width: int = 360, height: int = 780) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            locale="zh-CN",
            device_scale_factor=2,
            permissions=["geolocation"],
            geolocation={"latitude": 32.0435, "longitude": 118.798, "accuracy": 12},
            base_url=address,
            accept_downloads=True,
        )
        client = browser(app, someone)
        for name in COOKIES:
            cookie = client.get_cookie(name)
            assert cookie is not None
            context.add_cookies([{"name": name, "value": cookie.value, "url": address}])
        contexts.append(context)
        return context.new_page()

    yield open_for
    for context in contexts:
        context.close()
