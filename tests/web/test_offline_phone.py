"""A rider's phone without a signal, in a real browser: what is done is kept, survives, is sent once and told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from app.checkins.models import Checkin
from app.codes.kinds import station as poster
from app.identity.models import Person
from app.kernel.db import session, transaction
from app.places.models import Station
from app.sync.models import SyncItem
from app.web.looks import asset
from tests import make
from tests.conftest import StandingClock
from tests.web.make import browser

pytestmark = pytest.mark.browser

READY = """async () => {
  await navigator.serviceWorker.ready;
  for (const path of ["/", "/scan", "/outbox", "/offline", "/offline/check-in"])
    while (!(await caches.match(path))) await new Promise((again) => setTimeout(again, 50));
}"""
WAITING = """() => new Promise((done) => {
  const open = indexedDB.open("fengxing-outbox", 1);
  open.onsuccess = () => { const count = open.result.transaction("items").objectStore("items").count();
    count.onsuccess = () => { open.result.close(); done(count.result); }; };
})"""


def prepared(phone: Page) -> None:
    """The phone has been at home once with a signal."""
    phone.goto("/")
    phone.evaluate("async () => { await navigator.serviceWorker.ready; }")
    phone.reload()
    phone.evaluate(READY)
    expect(phone.locator(".qr canvas")).to_be_visible()  # it has its key


def checked_in() -> list[Checkin]:
    with transaction():
        return session.query(Checkin).all()


def path_of(station: Station) -> str:
    return "/S/" + poster.make(station.short_code).rpartition("/")[2]


def scan_without_signal(phone: Page, station: Station) -> None:
    phone.context.set_offline(True)
    phone.goto(path_of(station))
    expect(phone.get_by_role("heading", name="已存手机")).to_be_visible()


def test_a_poster_scanned_without_a_signal_is_kept_and_sent_once(
    phone: Page, city: Station, clock: StandingClock
) -> None:
    prepared(phone)
    happened_at = clock.at
    scan_without_signal(phone, city)
    phone.goto("/outbox")
    expect(phone.locator("[data-outbox] li")).to_contain_text("驿站签到")
    expect(phone.locator("[data-outbox] li")).to_contain_text("已存手机")
    later = phone.context.new_page()  # the tab is closed, the browser opened again
    phone.close()
    later.goto("/outbox")
    assert later.evaluate(WAITING) == 1
    assert checked_in() == []
    clock.advance(hours=2)
    later.context.clock.set_fixed_time(clock.at)
    later.goto("/offline")  # a page that stays where it is when the outbox has been sent
    later.context.set_offline(False)
    expect(later.locator("#waiting")).to_contain_text("签到已补上")
    for path in ("/me", "/outbox"):
        later.goto(path)
    expect(later.locator(".cells .tag").first).to_have_text("算上了")
    (made,) = checked_in()
    assert abs((made.happened_at - happened_at).total_seconds()) < 120
    assert (made.arrived_at, made.how) == (clock.at, "poster")
    assert later.evaluate(WAITING) == 0


def test_a_scan_in_the_app_works_without_a_signal(phone: Page, city: Station) -> None:
    prepared(phone)
    phone.context.set_offline(True)
    phone.goto("/scan")
    phone.fill("#f-text", "12345678")
    phone.locator("#scan-form button").click()
    expect(phone.locator("#scan-no-signal")).to_be_visible()
    phone.fill("#f-text", poster.make(city.short_code).lower())
    phone.locator("#scan-form button").click()
    expect(phone.get_by_role("heading", name="已存手机")).to_be_visible()


def test_an_answer_that_got_lost_doubles_nothing(phone: Page, city: Station) -> None:
    phone.goto("/me")
    phone.route("**/S/*", _arrives_unanswered, times=2)
    phone.goto(path_of(city))
    expect(phone.get_by_role("heading", name="已存手机")).to_be_visible()
    assert len(checked_in()) == 1  # it did arrive
    phone.goto("/me")
    expect(phone.locator("#waiting")).to_contain_text("补上")
    assert len(checked_in()) == 1
    assert phone.evaluate(WAITING) == 0


def _arrives_unanswered(route) -> None:
    if route.request.method != "POST":
        route.continue_()
        return
    route.fetch()
    route.abort()


def test_what_was_refused_says_why_and_stays_until_it_is_seen(
    phone: Page, city: Station, clock: StandingClock
) -> None:
    prepared(phone)
    phone.context.set_geolocation({"latitude": 31.9, "longitude": 118.7, "accuracy": 10})
    scan_without_signal(phone, city)
    phone.context.set_offline(False)
    phone.goto("/outbox")
    expect(phone.locator("[data-outbox] li")).to_contain_text("有点远")
    phone.locator("[data-outbox] button").click()
    expect(phone.locator("[data-none]")).to_be_visible()


def test_what_another_rider_kept_waits_sealed(phone: Page, city: Station, app, address: str) -> None:
    prepared(phone)
    scan_without_signal(phone, city)
    with transaction():
        other = make.rider("李师傅", name="李四", phone="+8613900139000")
    _sign_in(phone, app, other, address)  # in another tab, while this page is still the first rider's
    phone.context.set_offline(False)
    phone.wait_for_timeout(300)
    assert checked_in() == []
    phone.goto("/outbox")
    expect(phone.locator("[data-sealed]")).to_contain_text("另一位骑手")
    expect(phone.locator("[data-outbox]")).to_be_hidden()
    phone.wait_for_timeout(300)
    assert checked_in() == []
    with transaction():
        wang = session.query(Person).filter_by(phone="+8613800138000").one()
    _sign_in(phone, app, wang, address)
    phone.goto("/me")
    expect(phone.locator("#waiting")).to_contain_text("签到已补上")
    assert [each.person_id for each in checked_in()] == [wang.id]


def _sign_in(phone: Page, app, someone: Person, address: str) -> None:
    client = browser(app, someone)
    for name in ("fengxing_access", "fengxing_refresh", "csrf_access_token"):
        cookie = client.get_cookie(name)
        assert cookie is not None
        phone.context.add_cookies([{"name": name, "value": cookie.value, "url": address}])


def test_what_the_phone_cleared_by_itself_is_noticed_and_told(phone: Page, city: Station) -> None:
    prepared(phone)
    scan_without_signal(phone, city)
    phone.goto("/outbox")
    phone.evaluate(
        """() => new Promise((done) => { const open = indexedDB.open("fengxing-outbox", 1);
        open.onsuccess = () => { const whole = open.result.transaction("items", "readwrite");
        whole.objectStore("items").clear(); whole.oncomplete = () => { open.result.close(); done(); }; }; })"""
    )
    phone.context.set_offline(False)
    phone.goto("/outbox")
    expect(phone.locator("[data-gone]")).to_contain_text("被手机系统清掉了")
    expect(phone.locator("#waiting")).to_contain_text("清掉了")
    phone.locator("[data-gone] button").click()
    phone.goto("/me")
    expect(phone.locator("#waiting")).to_be_hidden()


def test_any_other_page_says_that_there_is_no_signal(phone: Page) -> None:
    prepared(phone)
    phone.context.set_offline(True)
    phone.goto("/activities")
    expect(phone.get_by_role("heading", name="离线")).to_be_visible()
    expect(phone.locator("#offline")).to_be_visible()
    phone.get_by_text("出示我的码").click()
    expect(phone.locator(".qr canvas")).to_be_visible()


def test_a_phone_that_never_got_its_key_shows_no_old_code(phone: Page) -> None:
    phone.route("**/api/v1/codes/device", lambda route: route.abort())
    phone.goto("/")
    phone.evaluate("async () => { await navigator.serviceWorker.ready; }")
    phone.reload()
    phone.evaluate(READY)
    expect(phone.locator(".qr svg")).to_be_visible()
    phone.context.set_offline(True)
    phone.goto("/")
    expect(phone.get_by_text("还没备好离线码")).to_be_visible()
    expect(phone.locator(".qr")).to_be_hidden()
    expect(phone.get_by_text("没网也能用")).to_be_hidden()
    expect(phone.locator("[data-digits]")).to_be_hidden()
    phone.context.set_offline(False)
    phone.unroute("**/api/v1/codes/device")
    phone.goto("/")
    expect(phone.locator(".qr canvas")).to_be_visible()
    expect(phone.get_by_text("还没备好离线码")).to_be_hidden()


def test_a_clock_that_runs_wrong_is_told_and_put_right(
    phone: Page, city: Station, clock: StandingClock
) -> None:
    prepared(phone)
    phone.context.clock.set_fixed_time(clock.at + timedelta(hours=1))  # an hour ahead
    phone.evaluate("localStorage.removeItem('fengxing-clock')")
    scan_without_signal(phone, city)
    phone.goto("/offline")
    phone.context.set_offline(False)
    expect(phone.locator("#waiting")).to_contain_text("手机时间快了 60 分钟")
    with transaction():
        (item,) = session.query(SyncItem).all()
        assert abs(item.clock_offset_s - 3_600) < 60
        assert abs((item.happened_at - clock.at).total_seconds()) < 60


# --- a signal that is none: the browser believes that it is online ---

WIFI = "<!doctype html><title>免费 Wi-Fi</title><h1>请先登录</h1>"
OFFLINE_IN_NAME_ONLY = "Object.defineProperty(Navigator.prototype, 'onLine', { get: () => false })"


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 200, "content_type": "text/html", "body": WIFI},
        {"status": 403, "content_type": "text/html", "body": WIFI},
        {"status": 200, "content_type": "application/json", "body": '{"location": "/", "items": []}'},
        {"status": 302, "headers": {"Location": "http://wifi.invalid/login"}},
    ],
    ids=["a page", "a refusal", "something like ours", "a way to elsewhere"],
)
def test_what_somebody_else_answers_is_no_answer(phone: Page, city: Station, answer: dict) -> None:
    prepared(phone)
    for path in ("**/S/*", "**/renew", "**/api/**"):
        phone.route(path, lambda route: route.fulfill(**answer) if _is_script(route) else route.continue_())
    phone.goto(path_of(city))
    expect(phone.get_by_role("heading", name="已存手机")).to_be_visible()
    phone.goto("/outbox")
    expect(phone.locator("[data-outbox] li")).to_contain_text("已存手机")
    expect(phone.locator("#offline")).to_be_visible()
    assert checked_in() == []
    assert phone.evaluate(WAITING) == 1
    phone.goto("/offline")  # a page that stays where it is when the outbox has been sent
    phone.wait_for_load_state("networkidle")  # its own first try is over
    phone.unroute_all()
    phone.evaluate("dispatchEvent(new Event('online'))")
    expect(phone.locator("#waiting")).to_contain_text("签到已补上")
    assert len(checked_in()) == 1


def _is_script(route) -> bool:
    return not route.request.is_navigation_request()


def test_the_sign_in_page_of_a_wifi_becomes_no_page_and_no_file_of_ours(
    phone: Page, app, city: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also the service worker asks: somebody else answers whatever the phone wants."""
    prepared(phone)
    ours, is_theirs = app.wsgi_app, [True]

    def answered(environ, start_response):
        if not is_theirs[0]:
            return ours(environ, start_response)
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        return [WIFI.encode()]

    monkeypatch.setattr(app, "wsgi_app", answered)
    phone.goto("/")
    expect(phone.locator("[data-personal] canvas")).to_be_attached()
    expect(phone.get_by_text("请先登录")).not_to_be_visible()
    file = asset("js/desk-keys.js")
    phone.evaluate("async (path) => { await fetch(path); }", file)
    phone.wait_for_timeout(500)  # the service worker keeps a file after it has handed it on
    assert phone.evaluate("async (path) => await caches.match(path) ?? null", file) is None
    phone.goto("/scan")
    phone.fill("#f-text", "12345678")
    phone.locator("#scan-form button").click()
    expect(phone.locator("#scan-no-signal")).to_be_visible()
    is_theirs[0] = False
    assert "desk" in phone.evaluate("async (path) => (await fetch(path)).url", file)
    phone.goto("/scan")
    expect(phone.locator("#scan-form")).to_be_visible()
    expect(phone.locator("#scan-no-signal")).not_to_be_visible()


def test_an_answer_that_never_comes_is_waited_for_no_longer_than_a_minute(phone: Page, city: Station) -> None:
    prepared(phone)
    phone.clock.install()
    held: list = []
    phone.route("**/S/*", lambda route: held.append(route) if _is_script(route) else route.continue_())
    phone.route("**/sync/batches", lambda route: route.abort())  # what was saved waits until we look
    with phone.expect_request(lambda request: request.method == "POST"):
        phone.goto(path_of(city))
    expect(phone.get_by_role("heading", name="已存手机")).not_to_be_visible()
    phone.clock.fast_forward(61_000)
    expect(phone.get_by_role("heading", name="已存手机")).to_be_visible()
    assert len(held) == 1
    phone.goto("/offline")  # a page that stays where it is when the outbox has been sent
    phone.wait_for_load_state("networkidle")  # its own first try is over
    phone.unroute_all()
    phone.evaluate("dispatchEvent(new Event('online'))")
    expect(phone.locator("#waiting")).to_contain_text("签到已补上")
    assert len(checked_in()) == 1


def test_a_browser_that_is_wrong_about_being_offline_stops_nothing(phone: Page, city: Station) -> None:
    phone.add_init_script(OFFLINE_IN_NAME_ONLY)
    prepared(phone)
    expect(phone.locator("[data-personal] canvas")).to_be_attached()  # its key came from the server
    expect(phone.locator("#offline")).to_be_hidden()
    phone.goto("/scan")
    phone.fill("#f-text", "12345678")
    phone.locator("#scan-form button").click()
    expect(phone.locator("#scan-no-signal")).not_to_be_visible()
    expect(phone.locator("body")).to_contain_text("商品")  # the server's own words
    with phone.expect_response(lambda answer: answer.request.method == "POST"):
        phone.goto(path_of(city))
    expect(phone.locator("main.result")).to_be_visible()
    assert len(checked_in()) == 1


def test_the_own_code_does_not_wait_for_a_signal_that_moves_nothing(phone: Page, city: Station) -> None:
    prepared(phone)
    expect(phone.locator("[data-personal] canvas")).to_be_attached()
    address = phone.locator("[data-personal]").get_attribute("data-personal")
    held: list = []
    phone.route(f"**{address}", lambda route: held.append(route))  # noqa: PLW0108 -- it is inspected
    phone.reload()
    expect(phone.locator("[data-personal] canvas")).to_be_attached(timeout=4_000)
    assert held


def test_what_was_typed_stays_on_the_page_while_there_is_no_signal(phone: Page) -> None:
    prepared(phone)
    phone.goto("/talk")
    phone.locator(".chips label").first.click()
    phone.fill("[name=words]", "写了很久\n还没写完")
    phone.context.set_offline(True)
    phone.locator("main form .button").click()
    expect(phone.get_by_text("写的都在")).to_be_visible()
    expect(phone.locator("[name=words]")).to_have_value("写了很久\n还没写完")
    phone.context.set_offline(False)
    phone.locator("main form .button").click()
    phone.wait_for_url("**/reports/*")


def test_what_was_typed_is_there_again_after_signing_in(phone: Page) -> None:
    phone.goto("/talk")
    phone.locator(".chips label").first.click()
    phone.fill("[name=words]", "写了很久\n还没写完")
    session_cookies = phone.context.cookies()
    phone.context.clear_cookies()
    phone.locator("main form .button").click()
    phone.wait_for_url("**/sign-in?next=/talk")
    phone.context.add_cookies(session_cookies)
    phone.goto("/talk")
    expect(phone.locator("[name=words]")).to_have_value("写了很久\n还没写完")
    phone.locator("main form .button").click()
    phone.wait_for_url("**/reports/*")
    phone.goto("/talk")
    expect(phone.locator("[name=words]")).to_have_value("")
