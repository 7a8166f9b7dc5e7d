"""A station's tablet without a signal, in a real browser: it verifies, notes, hands over, and comes back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, Route, expect

from app.checkins.models import Checkin
from app.identity.queries import person
from app.kernel.db import session, transaction
from app.sync import enrolling
from app.sync.models import Conflict, Lease, SyncItem
from tests.conftest import StandingClock
from tests.sync import make
from tests.web.make import browser

pytestmark = pytest.mark.browser


@dataclass
class Counter:
    """A tablet at the counter, enrolled and ready."""

    page: Page
    scene: make.Scene

    @property
    def path(self) -> str:
        return f"/station/{self.scene.here.station.id}"

    def scan(self, text: str) -> None:
        field = self.page.locator("#f-text")
        field.fill(text)
        expect(field).to_have_value(text)
        field.press("Enter")  # a click may miss: what the page says about the signal moves the button

    def says(self, words: str) -> None:
        expect(self.page.locator("[data-verdict]")).to_contain_text(words)


@pytest.fixture
def counter(chromium: Browser, address: str, app: Flask, clock: StandingClock) -> Iterator[Counter]:
    scene = make.scene(riders=3, tablets=0)
    with transaction():
        station = scene.station
        manager = make.make.actor(make.make.staff("station-manager", station_id=station.id))
        code = enrolling.make_enrolment_code(station_id=station.id, by=manager, at=clock.at)
        someone = person(manager.person_id)
    scene.tablets.append(make.Tablet(0, station, manager, station.id, station.id))
    context = chromium.new_context(viewport={"width": 360, "height": 780}, locale="zh-CN", base_url=address)
    client = browser(app, someone)
    for name in ("fengxing_access", "fengxing_refresh", "csrf_access_token"):
        cookie = client.get_cookie(name)
        assert cookie is not None
        context.add_cookies([{"name": name, "value": cookie.value, "url": address}])
    context.clock.install(time=clock.at)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"/station/{station.id}/offline")
    page.fill("#f-code", code)
    page.get_by_role("button", name="登记").click()
    expect(page.get_by_text("断网也能用，已准备好")).to_be_visible()
    page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    page.reload()
    expect(page.get_by_text("断网也能用，已准备好")).to_be_visible()
    yield Counter(page, scene)
    context.close()
    assert errors == []


def items() -> list[tuple[str, str]]:
    with transaction():
        return [(each.kind, each.state) for each in session.query(SyncItem).order_by(SyncItem.seq)]


def test_going_dark_by_hand_and_coming_back(counter: Counter, clock: StandingClock) -> None:
    wang, li, _ = counter.scene.riders
    counter.page.get_by_role("button", name="转为离线").click()
    expect(counter.page.locator("[data-mode]")).to_be_visible()
    counter.page.context.set_offline(True)
    counter.scan(wang.phone.code())
    counter.says("有效，已记下")
    counter.scan(wang.phone.code())
    counter.says("这 4 小时里已经记过")
    counter.scan(li.phone.code())
    counter.says("有效，已记下")
    assert items() == []
    counter.page.goto(counter.path)  # any page of the counter is the offline counter now
    expect(counter.page.get_by_text("已记 2 条")).to_be_visible()
    counter.page.get_by_role("button", name="恢复联网").click()
    expect(counter.page.locator("[data-fault]")).to_contain_text("还没连上")
    counter.page.context.set_offline(False)
    counter.page.get_by_role("button", name="恢复联网").click()
    expect(counter.page.locator("[data-part=back]")).to_contain_text("记了 2 条，收到 2 条")
    expect(counter.page.locator("[data-outcome] .tag.ok")).to_have_count(2)
    expect(counter.page.locator("[data-outcome]")).to_contain_text("签到已补上")
    assert items() == [("scan", "counted"), ("scan", "counted")]
    with transaction(write=False):
        assert session.query(Checkin).count() == 2
        assert session.query(Lease).filter(Lease.closed_at.is_(None)).count() == 1


def test_going_dark_by_itself_and_coming_back_by_itself(counter: Counter) -> None:
    counter.page.context.set_offline(True)
    expect(counter.page.locator("[data-mode]")).to_be_visible()
    counter.scan(counter.scene.rider.phone.code())
    counter.says("有效，已记下")
    counter.page.context.set_offline(False)
    expect(counter.page.locator("[data-part=back]")).to_contain_text("记了 1 条，收到 1 条")
    expect(counter.page.locator("[data-part=ready]")).to_be_visible()
    assert items() == [("scan", "counted")]


def held_back(page: Page) -> list:
    """What the device sends from now on does not arrive until the test lets it."""
    held: list = []
    page.route("**/api/v1/sync/batches", lambda route: held.append(route), times=1)  # noqa: PLW0108 -- it is inspected
    return held


def arrived(page: Page, held: list) -> Route:
    """What was held back, as soon as it is there."""
    while not held:
        page.evaluate("0")  # a word with the browser, which brings the news
    return held.pop()


def test_going_dark_by_hand_counts_even_while_it_reports_back(counter: Counter) -> None:
    held = held_back(counter.page)
    with counter.page.expect_request("**/api/v1/sync/batches"):
        counter.page.reload()
    counter.page.get_by_role("button", name="转为离线").click()
    expect(counter.page.locator("[data-mode]")).to_be_visible()
    arrived(counter.page, held).continue_()
    expect(counter.page.get_by_role("button", name="恢复联网")).to_be_enabled()
    counter.scan(counter.scene.rider.phone.code())
    counter.says("有效，已记下")
    expect(counter.page.locator("[data-mode]")).to_be_visible()
    counter.page.reload()
    expect(counter.page.get_by_text("已记 1 条")).to_be_visible()
    assert items() == []


STATES = """() => {
  const root = document.getElementById("dark");
  window.states = [];
  new MutationObserver(() => window.states.push(root.dataset.state)).observe(root, { attributeFilter: ["data-state"] });
}"""


def test_an_answer_asked_for_before_the_signal_went_brings_nothing_back(counter: Counter) -> None:
    page = counter.page
    held = held_back(page)
    with page.expect_request("**/api/v1/sync/batches"):
        page.reload()
    route = arrived(page, held)
    answer = route.fetch()
    page.context.set_offline(True)
    expect(page.locator("[data-mode]")).to_be_visible()
    page.evaluate(STATES)
    route.fulfill(response=answer)
    expect(page.get_by_role("button", name="恢复联网")).to_be_enabled()
    counter.scan(counter.scene.rider.phone.code())
    counter.says("有效，已记下")
    assert set(page.evaluate("window.states")) <= {"dark"}


def test_what_is_noted_while_it_comes_back_is_sent_too(counter: Counter) -> None:
    wang, li, _ = counter.scene.riders
    counter.page.context.set_offline(True)
    counter.scan(wang.phone.code())
    counter.says("有效，已记下")
    held = held_back(counter.page)
    with counter.page.expect_request("**/api/v1/sync/batches"):
        counter.page.context.set_offline(False)
    counter.scan(li.phone.code())
    expect(counter.page.get_by_text("已记 2 条")).to_be_visible()
    arrived(counter.page, held).continue_()
    expect(counter.page.locator("[data-part=back]")).to_contain_text("记了 2 条，收到 2 条")
    expect(counter.page.locator("[data-part=ready]")).to_be_visible()
    assert items() == [("scan", "counted"), ("scan", "counted")]


def test_goods_go_out_within_the_lease_and_never_by_a_scan(counter: Counter) -> None:
    wang, li, _ = counter.scene.riders
    _, voucher = make.reserve(counter.scene, li)
    counter.page.reload()
    expect(counter.page.locator("[data-facts]")).to_contain_text("1 张本站兑换券")
    counter.page.context.set_offline(True)
    counter.scan(wang.phone.code())
    confirm = counter.page.get_by_role("button", name="确认兑换")
    expect(confirm).to_be_disabled()
    counter.page.keyboard.press("Enter")
    counter.page.locator("[data-rewards] label").click()
    confirm.click()
    counter.says("已交付，记下了")
    counter.scan(wang.phone.code())
    counter.says("今天已离线领过一件")
    counter.scan(voucher)
    counter.says("本站的券")
    counter.page.locator("[data-rewards] label").click()
    confirm.click()
    counter.scan(voucher)
    counter.says("这张券刚用过")
    counter.page.context.set_offline(False)
    expect(counter.page.locator("[data-outcome] .tag.ok")).to_have_count(3)
    assert items() == [("scan", "counted"), ("redeem", "counted"), ("voucher", "counted")]
    assert (make.usable(wang), make.usable(li)) == (85, 80)
    assert make.owed(counter.scene.here) == 40


def test_a_voucher_scanned_again_while_it_is_handed_over_is_found_used(counter: Counter) -> None:
    """The tablet is slow to sign and to store; both are asked for in one moment."""
    _, voucher = make.reserve(counter.scene, counter.scene.riders[1])
    counter.page.reload()
    expect(counter.page.locator("[data-facts]")).to_contain_text("1 张本站兑换券")
    counter.page.context.set_offline(True)
    counter.scan(voucher)
    counter.says("本站的券")
    counter.page.locator("[data-rewards] label").click()
    counter.page.evaluate(
        """(voucher) => {
          document.querySelector("[data-do=confirm]").click();
          document.querySelector("#f-text").value = voucher;
          document.querySelector("#scan-form").requestSubmit();
        }""",
        voucher,
    )
    counter.says("这张券刚用过")
    expect(counter.page.get_by_text("已记 1 条")).to_be_visible()
    expect(counter.page.get_by_role("button", name="确认兑换")).to_be_hidden()


def test_what_is_not_genuine_is_not_taken(counter: Counter, clock: StandingClock) -> None:
    counter.page.context.set_offline(True)
    code = counter.scene.rider.phone.code()
    counter.scan(code[:-1] + str((int(code[-1]) + 1) % 10))
    counter.says("没读准")
    counter.scan(make.resealed(code[:24] + "00000000"))
    counter.says("码对不上")
    counter.scan(make.resealed("81" + "0" * 30))
    counter.says("名单里没有")
    counter.scan(counter.scene.rider.phone.code(ahead_s=-300))
    counter.says("码过期了")
    counter.scan("9" + "1" * 25)
    counter.says("没读准")
    counter.scan("hello")
    counter.says("离线时不能用")
    for _ in range(5):
        counter.scan(make.resealed(code[:24] + "00000001"))
    counter.says("错码太多")
    assert counter.page.locator("[data-log] li").count() == 0


def test_an_answer_that_got_lost_doubles_nothing(counter: Counter) -> None:
    counter.page.context.set_offline(True)
    counter.scan(counter.scene.rider.phone.code())
    counter.says("有效，已记下")
    counter.page.route("**/api/v1/sync/batches", _arrives_unanswered, times=1)
    with counter.page.expect_event("requestfailed", lambda request: request.url.endswith("/batches")):
        counter.page.context.set_offline(False)
    expect(counter.page.locator("[data-fault]")).to_contain_text("还没连上")
    assert items() == [("scan", "counted")]
    counter.page.get_by_role("button", name="恢复联网").click()
    expect(counter.page.locator("[data-part=back]")).to_contain_text("记了 1 条，收到 1 条")
    assert items() == [("scan", "counted")]
    assert make.usable(counter.scene.rider) == 105


def _arrives_unanswered(route) -> None:
    route.fetch()
    route.abort()


HELD = """() => new Promise((done) => {
  const open = indexedDB.open("fengxing-station", 1);
  open.onsuccess = () => {
    const asked = open.result.transaction("facts").objectStore("facts").get("lease");
    asked.onsuccess = () => {
      const { riders, head } = asked.result;
      open.result.close();
      done([riders.length, head.length]);
    };
  };
})"""


def test_a_tablet_forgets_the_riders_when_its_lease_is_over_and_still_tells_what_it_noted(
    counter: Counter, clock: StandingClock
) -> None:
    counter.page.context.set_offline(True)
    counter.scan(counter.scene.rider.phone.code())
    counter.says("有效，已记下")
    assert counter.page.evaluate(HELD) == [3, 32]
    counter.page.context.clock.fast_forward("24:01:00")
    clock.advance(hours=24, minutes=1)
    counter.page.evaluate("dispatchEvent(new Event('offline'))")
    counter.scan(counter.scene.riders[1].phone.code())
    counter.says("离线额度过期了")
    assert counter.page.evaluate(HELD) == [0, 32]
    counter.page.context.set_offline(False)
    expect(counter.page.locator("[data-part=back]")).to_contain_text("记了 1 条，收到 1 条")
    expect(counter.page.locator("[data-part=ready]")).to_be_visible()
    assert items() == [("scan", "counted")]
    assert counter.page.evaluate(HELD) == [3, 32]  # with a signal there is a new lease


def test_a_log_that_was_cut_goes_to_a_person(counter: Counter) -> None:
    wang, li, _ = counter.scene.riders
    counter.page.context.set_offline(True)
    for each in (wang, li):
        counter.scan(each.phone.code())
        expect(counter.page.locator("[data-log]")).to_be_visible()
        counter.page.wait_for_timeout(100)
    counter.page.evaluate(
        """() => new Promise((done) => { const open = indexedDB.open("fengxing-station", 1);
        open.onsuccess = () => { const cut = open.result.transaction("log", "readwrite");
        cut.objectStore("log").delete(2); cut.oncomplete = () => { open.result.close(); done(); }; }; })"""
    )
    counter.page.reload()
    expect(counter.page.locator("[data-missing]")).to_contain_text("1 条记录被设备清掉了")
    counter.page.context.set_offline(False)
    expect(counter.page.locator("[data-part=back]")).to_contain_text("记了 2 条，收到 1 条")
    assert items() == [("scan", "waiting")]  # until somebody takes the device out of use, or its time is over
    with transaction(write=False):
        assert session.query(Conflict).count() == 0


def test_a_tablet_that_is_closed_with_a_signal_keeps_nobody_waiting(counter: Counter) -> None:
    def asleep() -> bool:
        with transaction():
            return session.query(Lease).one().asleep_at is not None

    counter.page.evaluate("navigator.serviceWorker.ready")
    counter.page.goto(counter.path)
    expect(counter.page.locator("body[data-heard=yes]")).to_be_attached()
    assert not asleep()
    counter.page.evaluate("dispatchEvent(new Event('pagehide'))")
    for _ in range(100):
        if asleep():
            break
        counter.page.wait_for_timeout(100)
    assert asleep()


# --- a signal that is none: the browser believes that it is online ---


def dark_without_an_event(counter: Counter) -> None:
    """It looks by itself after half a minute, and waits five seconds for an answer."""
    counter.page.context.clock.fast_forward(31_000)
    counter.page.wait_for_timeout(200)
    counter.page.context.clock.fast_forward(6_000)
    expect(counter.page.locator("[data-mode]")).to_be_visible()


def noted_and_brought_back(counter: Counter) -> None:
    counter.scan(counter.scene.rider.phone.code())
    counter.says("有效，已记下")
    expect(counter.page.get_by_text("已记 1 条")).to_be_visible()
    assert items() == []
    counter.page.unroute_all()
    counter.page.evaluate("dispatchEvent(new Event('online'))")
    expect(counter.page.locator("[data-part=back]")).to_contain_text("记了 1 条，收到 1 条")
    expect(counter.page.locator("[data-part=ready]")).to_be_visible()
    assert items() == [("scan", "counted")]


def test_somebody_elses_page_is_no_signal(counter: Counter) -> None:
    for path in ("**/renew", "**/api/**"):
        counter.page.route(
            path, lambda route: route.fulfill(status=200, content_type="text/html", body="<h1>Wi-Fi</h1>")
        )
    dark_without_an_event(counter)
    noted_and_brought_back(counter)


def test_a_signal_that_moves_nothing_is_none(counter: Counter) -> None:
    held: list = []
    for path in ("**/renew", "**/api/**"):
        counter.page.route(path, lambda route: held.append(route))  # noqa: PLW0108 -- it is inspected
    dark_without_an_event(counter)
    assert held
    noted_and_brought_back(counter)


def test_a_browser_that_is_wrong_about_being_offline_stays_at_the_counter(counter: Counter) -> None:
    counter.page.add_init_script("Object.defineProperty(Navigator.prototype, 'onLine', { get: () => false })")
    counter.page.reload()
    expect(counter.page.locator("[data-part=ready]")).to_be_visible()
    expect(counter.page.locator("[data-mode]")).to_be_hidden()
    counter.page.goto(counter.path)
    counter.page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    counter.scan("12345678")
    expect(counter.page).not_to_have_url(f"**{counter.path}/offline")
