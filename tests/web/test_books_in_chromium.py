"""The pages of the books in a real browser: they fit a thumb and a desk, can be read, and need no script."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Browser

from app.kernel import clock as clock_module
from app.kernel.db import transaction
from app.rewards import catalogue
from app.rewards.books import closing, refunding, settling
from app.rewards.books.closing import Counted
from tests import make
from tests.conftest import StandingClock
from tests.media.make import jpeg
from tests.rewards import make as rewards
from tests.rewards.make import Scene
from tests.web.make import browser, person
from tests.web.test_desks_in_chromium import Opener, _looked_at, opened

pytestmark = pytest.mark.browser

__all__ = ["opened"]  # the fixture


@pytest.fixture
def scene(app: Flask) -> Scene:
    return rewards.scene(points=200, pick_up_hours=[*([["08:00", "20:00"]] for _ in range(5)), [], []])


def test_the_pages_of_a_stations_books_fit_and_can_be_read(
    scene: Scene, clock: StandingClock, opened: Opener
) -> None:
    given = scene.hand_over(scene.reserve())
    clock.advance(minutes=16)
    counter, at = f"/station/{scene.station.id}", clock_module.now()
    today = clock_module.city_day(at)
    with transaction():
        counts = [Counted(scene.reward.id, 3, "少了一瓶")]
        closed = closing.close_day(
            station_id=scene.station.id, day=today - timedelta(days=1), counts=counts, by=scene.manager, at=at
        )
        settling.settle(
            station_id=scene.station.id,
            month=today.replace(day=1) - timedelta(days=1),
            by=scene.manager,
            at=at,
        )
    pages = ["", "/day", f"/day/{closed.id}", f"/vouchers/{given.id}", "/settlements", "/on-behalf"]
    _looked_at(opened(person(scene.manager)), [counter + each for each in pages])


def test_the_departments_books_and_the_shop_fit_and_can_be_read(
    scene: Scene, clock: StandingClock, opened: Opener
) -> None:
    given, waiting = scene.hand_over(scene.reserve()), scene.reserve()
    clock.advance(minutes=16)
    at = clock_module.now()
    with transaction():
        someone = make.staff("department", region_code=make.CITY)
        catalogue.picture(reward_id=scene.reward.id, photo=jpeg(), by=make.actor(someone), at=at)
        refunding.ask_refund(voucher_id=given.id, reason="漏水", came_back=True, by=scene.manager, at=at)
        last_month = clock_module.city_day(at).replace(day=1) - timedelta(days=1)
        settling.settle(station_id=scene.station.id, month=last_month, by=scene.manager, at=at)
    desk = ["", "/refunds", "/settlements", f"/{scene.reward.id}"]
    _looked_at(opened(someone), [f"/desk/rewards{each}" for each in desk])
    shop = ["/shop", f"/shop/{scene.reward.id}", f"/vouchers/{waiting.id}"]
    _looked_at(opened(person(scene.rider)), shop)


def test_a_day_is_closed_without_script(app: Flask, scene: Scene, chromium: Browser, address: str) -> None:
    context = chromium.new_context(viewport={"width": 360, "height": 780}, java_script_enabled=False)
    client = browser(app, person(scene.manager))
    for name in ("fengxing_access", "fengxing_refresh", "csrf_access_token"):
        cookie = client.get_cookie(name)
        assert cookie is not None
        context.add_cookies([{"name": name, "value": cookie.value, "url": address}])
    screen = context.new_page()
    screen.goto(f"{address}/station/{scene.station.id}/day")
    screen.locator("[name='counts.0.counted']").fill("4")
    for reason in ("", "碎了一瓶"):
        screen.locator("[name='counts.0.reason']").fill(reason)
        screen.locator("main form .button").click()
    assert f"/station/{scene.station.id}/day/" in screen.url
    assert "碎了一瓶" in screen.content()
    context.close()
