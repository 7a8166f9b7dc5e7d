"""A rider without a number on the way back: every page on it fits a small screen and can be read."""

from __future__ import annotations

import pytest
from flask import Flask
from playwright.sync_api import Page

from app.identity import returning, signing_in
from app.kernel.db import transaction
from tests import make
from tests.conftest import StandingClock
from tests.web.test_desks_in_chromium import Opener, faults_of, opened  # noqa: F401 -- a fixture
from tests.web.test_in_chromium import LOOK

pytestmark = pytest.mark.browser


def fits(screen: Page) -> None:
    assert (screen.evaluate(LOOK), faults_of(screen)) == ({"wide": False, "small": []}, [])


def test_the_pages_of_a_rider_on_the_way_back_fit_and_can_be_read(
    app: Flask,
    clock: StandingClock,
    opened: Opener,  # noqa: F811 -- the fixture
) -> None:
    with transaction():
        make.regions()
        station = make.station("驿站")
        manager, boss = (
            make.staff("station-manager", station_id=station.id),
            make.staff("department", region_code=make.CITY),
        )
        _, token, pin = signing_in.invite_rider(station_id=station.id, by=make.actor(manager), at=clock.at)
        rider = signing_in.sign_in_with_invite(
            token=token, pin=pin, nickname="老陈", consent=True, at=clock.at
        )
        asked = returning.ask(
            nickname="老陈", joined_on=None, station_id=station.id, reason="常来的骑手",
            by=make.actor(manager), at=clock.at,
        )  # fmt: skip
    phone, desk = opened(rider), opened(boss)
    for screen, path in ((phone, "/me/code"), (desk, "/desk/number-moves")):
        screen.goto(path)
        fits(screen)
    desk.get_by_role("button", name="同意", exact=True).click()
    clock.at += returning.OBJECTION
    counter = opened(manager)
    counter.goto(f"/station/{station.id}/help")
    fits(counter)
    counter.get_by_role("button", name="给邀请码").click()
    fits(counter)
    with transaction():
        _, token, _ = returning.invite(return_id=asked.id, by=make.actor(manager), at=clock.at)
    counter.goto(f"/I/{token}")
    fits(counter)
