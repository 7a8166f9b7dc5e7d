"""The whole loop in a real browser at 360x780, codes read from the screen by two decoders: from a scan to the roll."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import zxingcpp
from openpyxl import load_workbook
from PIL import Image
from playwright.sync_api import Page, expect

from app.kernel.db import transaction
from app.ledger.verify import verify
from app.rules.replay import replay
from tests.conftest import StandingClock
from tests.journeys.conftest import Cast

pytestmark = pytest.mark.browser

Screen = Callable[..., Page]
SHOTS = Path(__file__).parents[2] / "var" / "shots"


def read_code(page: Page, where: str) -> str:
    """The code on the screen, read by zxing and by zbar; both must see the same."""
    picture = page.locator(where).first.screenshot()
    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)))
    zbar = subprocess.run(
        ["zbarimg", "--quiet", "--raw", "-"], input=picture, capture_output=True, check=True
    )
    assert zbar.stdout.decode().strip() == found.text
    return found.text


def path_of(link: str) -> str:
    return urlsplit(link).path


def shot(page: Page, name: str) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png", full_page=True)
    wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    assert not wide, f"{name} scrolls sideways"


def photo(tmp_path: Path) -> Path:
    file = tmp_path / "pothole.jpg"
    Image.effect_noise((900, 700), 60).convert("RGB").save(file)
    return file


def test_the_loop_from_a_scan_to_the_roll(
    cast: Cast, screen: Screen, clock: StandingClock, tmp_path: Path
) -> None:
    rider, counter = screen(cast.rider), screen(cast.manager)
    _check_in(rider, counter, cast)
    _report(rider, screen(cast.dispatcher), clock, tmp_path)
    _volunteer(rider, screen(cast.organiser), clock)
    _redeem(rider, counter, cast)
    _select(screen(cast.department, width=1280, height=800), screen(cast.reviewer), clock)
    with transaction(write=False):
        assert verify() == []
        assert replay().mismatches == []


def _check_in(rider: Page, counter: Page, cast: Cast) -> None:
    counter.goto(f"/station/{cast.station.id}/poster")
    rider.goto(path_of(read_code(counter, ".poster svg")))
    expect(rider.locator("main.result")).to_have_attribute("data-tone", "ok", timeout=10_000)
    expect(rider.locator(".gain")).to_contain_text("+")
    shot(rider, "a-checked-in")


def _report(rider: Page, desk: Page, clock: StandingClock, tmp_path: Path) -> None:
    rider.goto("/report")
    rider.set_input_files("#f-photo", photo(tmp_path))
    rider.locator("input[name=category][value=pothole]").check()
    rider.fill("#f-place_words", "中山东路 301 号门前")
    shot(rider, "b-report")
    rider.locator("form[data-report] .bar button").click()
    rider.wait_for_url("**/reports/*/sent", timeout=15_000)
    shot(rider, "b-sent")
    desk.goto("/grid")
    shot(desk, "b-grid")
    desk.locator(".cells a.cell").first.click()
    desk.get_by_role("button", name="受理").click()
    clock.advance(minutes=30)
    desk.fill("form[action$='/resolve'] [name=note]", "已经补好。")
    shot(desk, "b-case")
    desk.get_by_role("button", name="办结").click()
    expect(desk.locator(".strip.done:not(#waiting)")).to_be_visible()
    rider.goto("/reports")
    rider.locator(".cells a.cell").first.click()
    expect(rider.get_by_text("已经补好。")).to_be_visible()
    shot(rider, "b-resolved")
    rider.get_by_role("button", name="解决了").click()
    expect(rider.locator("body")).to_contain_text("解决")


def _volunteer(rider: Page, desk: Page, clock: StandingClock) -> None:
    desk.goto("/activities/desk")
    desk.locator("#new summary").click()
    desk.fill("#f-title_zh", "路口文明劝导")
    desk.fill("#f-place_words", "汉府街路口")
    desk.get_by_role("button", name="存为草稿").click()
    desk.fill("form[action$='/shifts'] [name=starts_at]", "2026-11-24T15:00")
    desk.fill("form[action$='/shifts'] [name=ends_at]", "2026-11-24T18:00")
    desk.fill("form[action$='/shifts'] [name=places]", "5")
    desk.get_by_role("button", name="加一个班次").click()
    desk.get_by_role("button", name="发布给骑手").click()
    rider.goto("/activities")
    rider.get_by_text("路口文明劝导").first.click()
    rider.get_by_role("button", name="报名").click()
    shot(rider, "c-signed-up")
    clock.advance(minutes=30)  # 15:02 in the city
    desk.locator(".cells a.cell").first.click()
    shift = desk.url
    desk.goto(f"{shift}/code")
    shot(desk, "c-code")
    rider.goto(path_of(read_code(desk, ".qr svg")))
    rider.locator("form button").first.click()
    clock.advance(hours=1)
    desk.goto(shift)
    desk.get_by_role("link", name="现在点").click()
    desk.get_by_label("现场有几人").fill("1")
    shot(desk, "c-heads")
    desk.get_by_role("button", name="点好了").click()
    clock.advance(hours=1, minutes=2)
    desk.goto(f"{shift}/code")
    rider.goto(path_of(read_code(desk, ".qr svg")))
    rider.locator("form button").first.click()
    shot(rider, "c-signed-out")
    desk.goto(shift)
    shot(desk, "c-shift")
    desk.get_by_role("button", name="全部确认").click()
    rider.goto("/hours")
    expect(rider.locator("body")).to_contain_text("2")
    shot(rider, "c-hours")


def _redeem(rider: Page, counter: Page, cast: Cast) -> None:
    rider.goto("/points")
    shot(rider, "d-points")
    rider.locator(".cells a.cell").first.click()
    expect(rider.locator("body")).to_contain_text("R-0")
    rider.goto("/shop")
    shot(rider, "e-shop")
    rider.get_by_text("矿泉水").first.click()
    rider.get_by_role("button", name="20").click()
    rider.wait_for_url("**/vouchers/*")
    shot(rider, "e-voucher")
    code = read_code(rider, ".qr svg")
    assert len(code) == 26
    counter.goto(f"/station/{cast.station.id}")
    expect(counter.locator("form[data-gun=ready]")).to_be_attached()
    counter.keyboard.type(code, delay=3)
    counter.keyboard.press("Enter")
    counter.wait_for_url("**/vouchers/*")
    expect(counter.locator("body")).to_contain_text("矿泉水")
    shot(counter, "e-preview")
    counter.locator("[data-confirm]").click()
    expect(counter.locator("[data-result=ok]")).to_be_visible()
    shot(counter, "e-handed-over")
    rider.reload()
    shot(rider, "e-receipt")


def _select(desk: Page, reviewer: Page, clock: StandingClock) -> None:
    clock.advance(days=1)
    desk.goto("/desk/honours")
    desk.get_by_role("link", name="新的评选").click()
    steps = (
        {"title_zh": "十一月最美骑手"},
        {"period_start_on": "2026-11-01", "period_end_on": "2026-11-24", "seats": "3"},
        {"enrolled_days": "0"},  # the rider of this journey came yesterday
        {},
        {"minimum_marks": "1"},  # there is one reviewer here
    )
    for number, filled in enumerate(steps, 1):
        expect(desk.locator("body")).to_contain_text(f"第 {number} 步")
        for name, text in filled.items():
            desk.fill(f"#f-{name}", text)
        if number < len(steps):
            desk.get_by_role("button", name="下一步").click()
    shot(desk, "f-criteria")
    desk.get_by_role("button", name="定下标准").click()
    desk.wait_for_url("**/desk/honours/*-*")
    reviewer.goto(desk.url)
    with reviewer.expect_navigation():
        reviewer.get_by_role("button", name="我看过，同意这份标准").click()
    desk.reload()
    with desk.expect_navigation():
        desk.get_by_role("button", name="封存数据并生成候选").click()
    reviewer.goto(desk.url)
    shot(reviewer, "f-review")
    reviewer.get_by_role("link", name="打开评审台").click()
    reviewer.get_by_role("link", name="开始评分").click()
    expect(reviewer.locator("body")).not_to_contain_text("王小明")
    reviewer.fill("#f-score", "88")
    reviewer.fill("#f-comment", "服务扎实")
    shot(reviewer, "f-marking")
    reviewer.get_by_role("button", name="存下，看下一位").click()
    reviewer.locator("#names > summary").click()
    reviewer.get_by_role("button", name="结束，公开姓名给评审").click()
    expect(reviewer.locator("body")).to_contain_text("88.0")
    shot(reviewer, "f-case-file")
    reviewer.get_by_role("link", name="去做决定").click()
    with reviewer.expect_navigation():
        reviewer.get_by_role("button", name="评审签字").click()
    desk.reload()
    shot(desk, "f-selection")
    with desk.expect_download() as download:
        desk.locator("#export > summary").click()
        desk.select_option("#f-kind", "roll.xlsx")
        desk.fill("#export [name=reason]", "季度工作例会")
        desk.locator("#export button").click()
    sheet = load_workbook(io.BytesIO(Path(download.value.path()).read_bytes())).worksheets[0]
    assert sheet.max_row == 2
    assert "骑手" in str([cell.value for cell in sheet[1]]) or "姓名" in str(
        [cell.value for cell in sheet[1]]
    )
    assert "王小明" not in str([cell.value for cell in sheet[2]])  # nobody agreed to a full name
