"""A code shown on one browser and filmed by another; a poster's link; what a first visit weighs."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from app.checkins.models import Checkin
from app.codes import bars, reading, steps
from app.codes.enrolling import enrol_phone
from app.codes.kinds import station as poster
from app.codes.kinds.personal import PersonalCode
from app.codes.models import PHONE, PersonalHandle
from app.codes.presenting import identify
from app.codes.queries import handle_in_use
from app.identity.models import Person
from app.kernel.db import session, transaction
from app.places.models import Station
from bench.browser import filmed
from tests import make
from tests.conftest import CHROMIUM, FLAGS, StandingClock
from tests.web.make import browser

pytestmark = pytest.mark.browser

HOME_BYTES = 30 * 1024


@pytest.fixture
def manager(city: Station) -> Person:
    with transaction():
        return make.staff("station-manager", station_id=city.id)


KEPT = """() => new Promise((done) => {
  const open = indexedDB.open("fengxing-code", 1);
  open.onsuccess = () => {
    const asked = open.result.transaction("devices").objectStore("devices").getAll();
    asked.onsuccess = () => {
      const [one] = asked.result;
      open.result.close();
      done(one ? [one.handle, one.claim ?? null] : []);  // between two keys there is none: ask again
    };
  };
})"""  # the phone that has its key has forgotten what it asked for it with


def signed_in(app: Flask, someone: Person, address: str) -> list[dict[str, str]]:
    client = browser(app, someone)
    kept = (
        (name, client.get_cookie(name))
        for name in ("fengxing_access", "fengxing_refresh", "csrf_access_token")
    )
    return [{"name": name, "value": cookie.value, "url": address} for name, cookie in kept if cookie]


@pytest.mark.parametrize("code_px", [150, 240])
def test_the_station_films_the_riders_live_code_and_checks_the_rider_in(
    app: Flask, phone: Page, address: str, manager: Person, city: Station, tmp_path: Path, code_px: int
) -> None:
    phone.goto("/")
    expect(phone.locator(".qr canvas")).to_be_visible()
    film = filmed(phone.locator(".qr").screenshot(), tmp_path / "film.y4m", code_px)
    flags = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    second = phone.context.browser.browser_type.launch(  # type: ignore[union-attr]
        executable_path=CHROMIUM, args=[*FLAGS, *flags, f"--use-file-for-fake-video-capture={film}"]
    )
    try:
        context = second.new_context(base_url=address, locale="zh-CN", permissions=["camera"])
        context.add_cookies(signed_in(app, manager, address))  # type: ignore[arg-type]
        counter = context.new_page()
        counter.goto(f"/station/{city.id}")
        counter.wait_for_url("**/riders/*")
        expect(counter.locator("[data-result=ok]")).to_be_visible()
    finally:
        second.close()
    with transaction(write=False):
        assert session.query(Checkin).one().how == "scanned"


def test_a_posters_link_ends_at_a_green_tick_without_a_tap(phone: Page, city: Station) -> None:
    link = poster.make(city.short_code)
    phone.goto(urlsplit(link).path)
    phone.wait_for_url("**/check-ins/*")
    expect(phone.locator("main.result[data-tone=ok]")).to_be_visible()


def test_a_first_visit_of_the_riders_home_weighs_little(phone: Page) -> None:
    weights: dict[str, int] = {}

    def weigh(response) -> None:  # type: ignore[no-untyped-def]
        if response.status == 200 and response.request.service_worker is None:
            weights[urlsplit(response.url).path] = len(gzip.compress(response.body(), 9))

    phone.context.route("**/sw.js", lambda route: route.abort())  # a dark start's files come later
    phone.on("response", weigh)
    phone.goto("/")
    expect(phone.locator(".qr canvas")).to_be_visible()
    phone.wait_for_load_state("networkidle")
    assert any(path.endswith("fengxing.css") for path in weights)
    assert any(path.endswith("lean-qr.js") for path in weights)
    assert sum(weights.values()) <= HOME_BYTES, weights


def test_the_phone_draws_the_bars_that_the_server_draws(phone: Page) -> None:
    phone.goto("/")
    expect(phone.locator(".qr canvas")).to_be_visible()
    phone.locator("summary").first.click()
    digits = (phone.text_content("[data-digits]") or "").replace(" ", "")
    path = phone.locator(".bars svg path").get_attribute("d")
    assert f'd="{path}"' in bars.svg(digits)


def test_a_phone_that_draws_its_code_is_not_sent_it_again(phone: Page, wang: Person) -> None:
    phone.goto("/")
    with phone.expect_response("**/renew?draws=yes"):
        expect(phone.locator(".qr canvas")).to_be_visible()
    page = phone.reload()
    assert page is not None
    assert "<svg" not in page.text().partition('class="qr"')[2].partition('class="tick"')[0]
    expect(phone.locator(".qr canvas")).to_be_visible()
    phone.locator("summary").first.click()
    digits = (phone.text_content("[data-digits]") or "").replace(" ", "")
    path = phone.locator(".bars svg path").get_attribute("d")
    assert f'd="{path}"' in bars.svg(digits)


def test_a_phone_that_lost_its_key_gets_the_picture_back(phone: Page, wang: Person) -> None:
    phone.goto("/")
    with phone.expect_response("**/renew?draws=yes"):
        expect(phone.locator(".qr canvas")).to_be_visible()
    phone.route("**/api/v1/codes/device", lambda route: route.abort())
    phone.evaluate("indexedDB.deleteDatabase('fengxing-code')")
    phone.reload()
    expect(phone.locator(".qr svg")).to_be_visible()
    expect(phone.locator("[data-digits]")).to_contain_text(re.compile(r"8\d"))


def _arrives_unanswered(route) -> None:  # type: ignore[no-untyped-def]
    if route.request.method == "POST":
        route.fetch()
        route.abort()
    else:
        route.continue_()


def test_a_phone_whose_key_got_lost_on_the_way_asks_again_and_is_no_other_phone(
    phone: Page, wang: Person, clock: StandingClock
) -> None:
    phone.route("**/api/v1/codes/device", _arrives_unanswered)
    with phone.expect_event("requestfailed"):
        phone.goto("/")
    with transaction(write=False):
        given = handle_in_use(wang.id, PHONE)
    phone.unroute("**/api/v1/codes/device")
    phone.reload()
    expect(phone.locator(".qr canvas")).to_be_visible()
    expect(phone.locator("[data-elsewhere]")).to_be_hidden()
    with transaction(write=False):
        assert handle_in_use(wang.id, PHONE) == given
    assert phone.evaluate(KEPT) == [given.handle, None]  # type: ignore[union-attr]


def test_the_same_when_a_week_is_over(
    app: Flask, phone: Page, address: str, wang: Person, clock: StandingClock
) -> None:
    phone.goto("/")
    with phone.expect_response("**/renew?draws=yes"):
        expect(phone.locator(".qr canvas")).to_be_visible()
    clock.advance(days=7)
    phone.context.add_cookies(signed_in(app, wang, address))  # type: ignore[arg-type]
    phone.route("**/api/v1/codes/device", _arrives_unanswered)
    with phone.expect_event("requestfailed"):
        phone.reload()
    with transaction(write=False):
        given = handle_in_use(wang.id, PHONE)
    phone.unroute("**/api/v1/codes/device")
    phone.reload()
    phone.wait_for_function(f"async (handle) => (await ({KEPT})()).join() === handle + ','", arg=given.handle)  # type: ignore[union-attr]
    expect(phone.locator(".qr canvas")).to_be_visible()


def test_another_phone_is_asked_before_it_takes_the_code_over(
    phone: Page, wang: Person, clock: StandingClock
) -> None:
    with transaction():
        enrol_phone(device_name="红米 Note", by=make.actor(wang), at=clock())
    phone.goto("/")
    note = phone.locator("[data-elsewhere]")
    expect(note).to_contain_text("红米 Note")
    expect(phone.locator(".qr svg")).to_be_visible()  # the server's code, which counts as well
    with transaction(write=False):
        assert handle_in_use(wang.id, PHONE).device_name == "红米 Note"  # type: ignore[union-attr]
    note.get_by_role("button").click()
    expect(phone.locator(".qr canvas")).to_be_visible()
    with transaction(write=False):
        assert handle_in_use(wang.id, PHONE).device_name != "红米 Note"  # type: ignore[union-attr]


def test_a_wrong_clock_is_told_and_corrected(phone: Page, wang: Person, clock: StandingClock) -> None:
    clock.advance(minutes=5)  # the phone's own clock stays behind
    phone.goto("/")
    expect(phone.locator("[data-clock]")).to_contain_text(re.compile("(29[5-9]|300) 秒"))
    expect(phone.locator(".qr canvas")).to_be_visible()
    digits = (phone.text_content("[data-digits]") or "").replace(" ", "")
    code = reading.read(digits, at=clock())
    with transaction(write=False):
        assert isinstance(code, PersonalCode)
        handle, step = identify(code, clock())
        assert (handle.maker, steps.in_time(step, clock())) == ("phone", True)


def test_a_lost_phone_is_ended_and_signed_out(
    app: Flask, phone: Page, wang: Person, clock: StandingClock
) -> None:
    lost = browser(app, wang)
    with transaction():
        gone = enrol_phone(device_name="旧手机", by=make.actor(wang), at=clock())[0]
    phone.goto("/me/code")
    expect(phone.get_by_text("旧手机")).to_be_visible()
    phone.locator("#lost summary").click()
    phone.locator("#lost").get_by_role("button").click()
    expect(phone.get_by_text("已停用，其他设备已退出登录。")).to_be_visible()
    assert lost.get("/me").status_code == 303
    with transaction(write=False):
        assert session.get_one(PersonalHandle, gone.id).revoked_at is not None
