"""What only a real browser can tell of the desks: a gun never confirms, every page fits a thumb."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from app.codes.kinds import voucher as voucher_code
from app.honours import weighing
from app.identity.models import Person
from app.kernel import clock
from app.kernel.db import session, transaction
from app.ledger import reversing
from app.ledger.accounts import wallet_of
from app.ledger.posting import entry_of
from app.rewards.models import Voucher
from app.rules.models import RuleSetVersion
from tests import make
from tests.cases import make as cases
from tests.conftest import StandingClock
from tests.doubts import make as doubts
from tests.honours import make as honours
from tests.ledger import make as points
from tests.rewards import make as rewards
from tests.rewards.make import Scene
from tests.rules import make as rules
from tests.volunteering import make as volunteering
from tests.web.make import browser, person
from tests.web.test_in_chromium import AXE, LOOK

pytestmark = pytest.mark.browser

Opener = Callable[[Person], Page]


@pytest.fixture
def opened(chromium: Browser, address: str, app: Flask) -> Iterator[Opener]:
    """A screen at which somebody is signed in. Any error of a script fails the test."""
    errors: list[str] = []
    contexts = []

    def open_for(someone: Person) -> Page:
        context = chromium.new_context(
            viewport={"width": 360, "height": 780}, locale="zh-CN", base_url=address
        )
        contexts.append(context)
        client = browser(app, someone)
        for name in ("fengxing_access", "fengxing_refresh", "csrf_access_token"):
            cookie = client.get_cookie(name)
            assert cookie is not None
            context.add_cookies([{"name": name, "value": cookie.value, "url": address}])
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield open_for
    for each in contexts:
        each.close()
    assert errors == []


def _state(voucher: Voucher) -> str:
    with transaction(write=False):
        return session.scalars(select(Voucher.state).where(Voucher.id == voucher.id)).one()


def _as_fast_as_a_gun(screen: Page) -> None:
    """Time stands still on the page: keys follow each other as fast as a gun's, on any machine."""
    screen.clock.install(time=clock.now())
    screen.clock.pause_at(clock.now() + timedelta(seconds=1))


def _manager(scene: Scene) -> Person:
    with transaction():
        return session.scalars(select(Person).where(Person.id == scene.manager.id)).one()


@pytest.mark.parametrize("focus", ["[data-confirm]", "[name=text]", "body"])
def test_a_gun_at_the_counter_scans_and_never_confirms(app: Flask, opened: Opener, focus: str) -> None:
    scene = rewards.scene()
    first, second = scene.reserve(), scene.reserve()
    counter = f"/station/{scene.station.id}"
    screen = opened(_manager(scene))
    _as_fast_as_a_gun(screen)
    screen.goto(f"{counter}/vouchers/{first.id}")
    expect(screen.locator("form[data-gun=ready]")).to_be_attached()
    screen.evaluate(
        "(where) => where === 'body' ? document.activeElement.blur() : document.querySelector(where).focus()",
        focus,
    )
    screen.keyboard.type(voucher_code.make(second.serial))
    screen.keyboard.press("Enter")
    screen.wait_for_url(f"**/vouchers/{second.id}")
    assert (_state(first), _state(second)) == ("reserved", "reserved")
    screen.keyboard.press("F2")
    expect(screen.locator("[data-result=ok]")).to_be_visible()
    assert (_state(first), _state(second)) == ("reserved", "handed_over")


def test_the_next_scan_starts_on_a_refusal(app: Flask, opened: Opener) -> None:
    scene = rewards.scene()
    used, good = scene.reserve(), scene.reserve()
    scene.hand_over(used)
    screen = opened(_manager(scene))
    _as_fast_as_a_gun(screen)
    screen.goto(f"/station/{scene.station.id}")
    for voucher, tells in ((used, "main[data-tone=warn]"), (good, "[data-confirm]")):
        expect(screen.locator("form[data-gun=ready]")).to_be_attached()
        screen.keyboard.type(voucher_code.make(voucher.serial))
        screen.keyboard.press("Enter")
        expect(screen.locator(tells)).to_be_visible()
    assert _state(good) == "reserved"


def test_keys_typed_before_the_script_was_ready_belong_to_the_code(app: Flask, opened: Opener) -> None:
    scene = rewards.scene()
    good = scene.reserve()
    code = voucher_code.make(good.serial)
    screen = opened(_manager(scene))
    _as_fast_as_a_gun(screen)
    screen.goto(f"/station/{scene.station.id}")
    expect(screen.locator("form[data-gun=ready]")).to_be_attached()
    screen.locator("[name=text]").fill(code[:10])
    screen.keyboard.type(code[10:])
    screen.keyboard.press("Enter")
    screen.wait_for_url(f"**/vouchers/{good.id}")
    assert _state(good) == "reserved"


def test_second_looks_fit_a_thumb(app: Flask, opened: Opener, clock: StandingClock) -> None:
    town = doubts.town()
    town.check_in(town.here)
    town.check_in(town.there)
    town.report()
    town.report(metres=30)
    doubts.wanting(doubts.look(clock)[0], town.first)
    with transaction(write=False):
        second = session.get_one(Person, town.second.id)
    screen = opened(second)
    _looked_at(screen, ["/desk/doubts"])
    screen.locator("summary", has_text="对不上").first.click()
    screen.get_by_label("为什么不算").locator("visible=true").fill("两条是同一个坑")
    screen.get_by_role("button", name="提出").locator("visible=true").click()
    expect(screen.get_by_text("这条记录还没发积分")).to_be_visible()
    _looked_at(opened(town.rider), ["/points", "/points/doubts"])


def _looked_at(screen: Page, paths: list[str]) -> None:
    for path in paths:
        for width in (360, 1280):
            screen.set_viewport_size({"width": width, "height": 780})
            answer = screen.goto(path)
            assert answer is not None
            assert answer.status < 400, path
            assert screen.evaluate(LOOK) == {"wide": False, "small": []}, (path, width)
        assert faults_of(screen) == [], path


def faults_of(screen: Page) -> list[str]:
    """What axe says of the page that stands there."""
    screen.evaluate(AXE.read_text("utf-8"))
    rules_to_run = {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"],
    }
    found: list[str] = screen.evaluate(
        "async (options) => (await axe.run(document, options)).violations.map((v) => v.id)",
        {"runOnly": rules_to_run, "rules": {"target-size": {"enabled": False}}},
    )
    return found


def test_the_pages_of_a_station_fit_and_can_be_read(app: Flask, opened: Opener) -> None:
    scene = rewards.scene()
    voucher, used = scene.reserve(), scene.reserve()
    scene.hand_over(used)
    counter = f"/station/{scene.station.id}"
    pages = ["", "/stock", "/invite", "/poster", f"/vouchers/{voucher.id}", f"/vouchers/{used.id}"]
    _looked_at(opened(_manager(scene)), [counter + each for each in pages])


def test_the_pages_of_the_department_fit_and_can_be_read(app: Flask, opened: Opener) -> None:
    here = honours.setting(120, 60)
    selection = honours.frozen(here)
    with transaction():
        shift = volunteering.shift(here.activity, here.department)
        department = session.scalars(select(Person).where(Person.id == here.department.id)).one()
        rewards.reward(make.station())
        editor = make.actor(make.staff("rule-editor", region_code=make.CITY))
        version: RuleSetVersion = rules.in_force(
            rules.Scene(editor, here.department, here.riders[0]), rules.STARTER_RULES
        )
        rules.fund(1000)
        wallet, line, big = _mistakes(here.riders[0].id)
        asker = make.actor(make.staff("department", region_code=make.CITY))
        reversing.ask_to_reverse(entry_id=big, reason="记了两遍", by=asker, at=clock.now())
    paths = [
        "/desk", "/grid", "/activities/desk", f"/activities/desk/{here.activity.id}", f"/desk/shifts/{shift.id}",
        f"/desk/shifts/{shift.id}/code", "/desk/hours", "/desk/rules", f"/desk/rules/{version.id}", "/desk/rewards",
        "/desk/ledger", f"/desk/ledger/accounts/{wallet}", f"/desk/ledger/entries/{line}/reversal",
        "/desk/ledger/reversals", "/desk/debt-policies", "/desk/honours", f"/desk/honours/{selection.id}",
    ]  # fmt: skip
    screen = opened(department)
    _looked_at(screen, paths)
    screen.locator("#export summary").click()
    screen.get_by_label("用途").fill("归档")
    with screen.expect_download():
        screen.get_by_role("button", name="导出").click()
    expect(
        screen.get_by_role("button", name="导出")
    ).to_be_enabled()  # for the next file: the page stays as it is
    screen.set_viewport_size({"width": 180, "height": 390})  # a phone enlarged twice
    screen.context.add_cookies([{"name": "large", "value": "yes", "url": screen.url}])
    screen.goto("/desk/ledger")
    assert screen.evaluate("document.documentElement.scrollWidth") <= 180


def test_heads_are_counted_on_a_phone_and_one_is_unticked(
    app: Flask, opened: Opener, clock: StandingClock
) -> None:
    here = volunteering.setting()
    came = [volunteering.new_rider(name) for name in ("王师傅", "李师傅", "赵师傅")]
    for each in came:
        volunteering.scan(here.shift, each, here.shift.starts_at)
    clock.at = here.shift.starts_at + timedelta(minutes=40)
    screen = opened(person(here.organiser))
    page = f"/desk/shifts/{here.shift.id}"
    _looked_at(screen, [page, f"{page}/heads"])
    screen.get_by_label("现场有几人").fill("2")
    screen.get_by_role("button", name="点好了").click()
    expect(screen.get_by_role("alert")).to_contain_text("对不上")
    screen.get_by_label("李师傅").uncheck()
    screen.get_by_role("button", name="点好了").click()
    screen.wait_for_url(f"**{page}")
    expect(screen.get_by_text("没点到", exact=False).first).to_be_visible()
    _looked_at(screen, [page, f"{page}/heads"])
    _looked_at(opened(person(came[0])), [f"/shifts/{here.shift.id}"])


def _mistakes(person_id: UUID) -> tuple[UUID, UUID, UUID]:
    """A wallet with two lines that were booked by mistake, a small and a big one."""
    wallet_id = wallet_of(person_id).id
    lines = [
        entry_of(points.give(person_id, n, kind="correction", source=f"x:{n}").source, wallet_id)
        for n in (30, 300)
    ]
    assert lines[0] is not None
    assert lines[1] is not None
    return wallet_id, lines[0], lines[1]


def test_the_pages_of_a_review_fit_and_can_be_read(app: Flask, opened: Opener) -> None:
    here = honours.setting(120, 60)
    selection = honours.frozen(here)
    with transaction():
        reviewer = session.scalars(select(Person).where(Person.id == here.reviewer.id)).one()
        first = weighing.desk_for(selection.id, here.reviewer).sheets[0].candidate.id
    home = f"/desk/honours/{selection.id}"
    paths = [home, f"{home}/review", f"{home}/review/candidates/{first}", f"{home}/review/file"]
    screen = opened(reviewer)
    _looked_at(screen, paths)
    honours.weighed(here, selection)
    _looked_at(screen, paths)


def test_the_pages_of_people_fit_and_can_be_read(app: Flask, city: object, opened: Opener) -> None:
    with transaction():
        admin = make.staff("admin", region_code=make.CITY)
        other = make.staff("dispatcher", region_code=make.XUANWU)
    _looked_at(opened(admin), ["/desk", "/desk/conflicts", "/desk/people", f"/desk/people/{other.id}"])


def test_the_browsers_own_way_back_through_a_selection_loses_nothing(opened: Opener, app: Flask) -> None:
    page = opened(person(honours.setting(120).department))
    page.goto("/desk/honours/new")
    page.locator("input[name=title_zh]").fill("雨天")
    page.locator("select[name=purpose]").select_option("example")
    page.get_by_role("button", name="下一步").click()
    expect(page.locator("input[name=seats]")).to_be_visible()
    for name, value in (("period_start_on", "2026-10-01"), ("period_end_on", "2026-10-31"), ("seats", "3")):
        page.locator(f"input[name={name}]").fill(value)
    page.get_by_role("button", name="下一步").click()
    expect(page.locator("input[name=minimum_hours]")).to_be_visible()
    page.go_back()
    expect(page.locator("input[name=seats]")).to_have_value("3")


def test_the_browsers_own_way_back_leads_past_a_refusal_to_its_form(opened: Opener, wang: Person) -> None:
    page, words = opened(wang), "textarea[name=words]"
    page.goto("/talk")
    page.locator("input[name=category] >> nth=0").check(force=True)
    for typed, then in ((" ", "#e-words"), ("水太烫", ".strip.done")):
        page.locator(words).fill(typed)
        page.get_by_role("button", name="发出去").click()
        expect(page.locator(then)).to_be_visible()
    page.go_back()  # without a question whether to send the empty words again
    expect(page.locator(words)).to_be_visible()
    assert page.locator("#e-words").count() == 0


def test_a_desk_without_a_signal_ends_on_a_page_of_ours(opened: Opener, app: Flask, city: object) -> None:
    with transaction():
        someone = make.staff("department", region_code=make.CITY)
    screen = opened(someone)
    screen.goto("/desk")
    screen.evaluate("async () => { await navigator.serviceWorker.ready; }")
    screen.goto("/desk/honours")
    screen.wait_for_function("""async () => Boolean(await caches.match("/offline"))""", timeout=10_000)
    screen.context.set_offline(True)
    expect(screen.locator("#offline")).to_contain_text("写的都在")
    screen.goto("/desk/ledger")
    expect(screen.locator("main")).to_contain_text("这一页打不开")
    expect(screen.locator("main")).not_to_contain_text("出示我的码")


def test_the_way_back_from_a_row_leads_to_the_list_as_it_was_picked(opened: Opener, app: Flask) -> None:
    with transaction():
        town = cases.town()
        case = cases.report(town.rider)
    screen = opened(town.dispatcher)
    screen.goto("/grid?show=waiting")
    for way in ("header.top > a", "Escape"):
        screen.locator("main a.cell").click()
        screen.wait_for_url(f"**/grid/{case.id}")
        screen.keyboard.press(way) if way == "Escape" else screen.locator(way).click()
        screen.wait_for_url("**/grid?show=waiting")


def test_the_way_back_leads_to_the_same_place_also_after_something_was_done(
    opened: Opener, app: Flask
) -> None:
    with transaction():
        town = cases.town()
        for _ in range(12):
            cases.report(town.rider)
    screen = opened(town.dispatcher)
    screen.goto("/grid?show=waiting&kind=report")
    screen.locator("main a.cell").last.click()
    screen.wait_for_url("**/grid/*-*")
    screen.locator("header.top > a").click()
    screen.wait_for_url("**/grid?show=waiting&kind=report")
    screen.wait_for_function("scrollY > 100")
    screen.locator("main a.cell").last.click()
    screen.locator("form[action$='/accept'] button").click()
    expect(screen.locator(".strip.done").last).to_be_visible()
    screen.locator("header.top > a").click()
    screen.wait_for_url("**/grid?show=waiting&kind=report")
