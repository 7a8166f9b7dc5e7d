"""What only a real browser can tell: codes made by the phone, scanner guns, reports without a signal, looks."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from app.cases.models import Case
from app.codes import reading
from app.codes.kinds.personal import PersonalCode
from app.codes.presenting import identify
from app.identity.models import Person
from app.kernel import clock
from app.kernel.db import session, transaction
from app.web.looks import asset

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
PAGES = (
    "/", "/stations", "/scan", "/report", "/reports", "/points", "/shop", "/vouchers", "/activities", "/hours",
    "/inbox", "/me", "/me/profile", "/me/community", "/me/consents", "/me/close", "/talk", "/hardship",
    "/check-ins", "/rules", "/outbox", "/offline", "/offline/check-in",
    "/agreement", "/no-such-page",
)  # fmt: skip
LOOK = """() => {
  const width = document.documentElement.clientWidth;
  const targets = document.querySelectorAll("a, button, input:not([type=hidden]), select, textarea, summary");
  const small = [...targets].filter((each) => {
    const box = each.getBoundingClientRect();
    return box.height && box.height < 43.5 && !["radio", "checkbox"].includes(each.type) && !each.matches(".skip");
  }).map((each) => each.outerHTML.slice(0, 80));
  return { wide: document.documentElement.scrollWidth > width, small };
}"""


def test_the_phone_makes_the_code_that_the_server_expects(phone: Page, wang: Person) -> None:
    phone.goto("/")
    expect(phone.locator(".qr canvas")).to_be_visible()
    picture = Image.open(io.BytesIO(phone.screenshot()))
    (found,) = zxingcpp.read_barcodes(picture)
    assert found.text == (phone.text_content("[data-digits]") or "").replace(" ", "")
    code = reading.read(found.text, at=clock.now())
    assert isinstance(code, PersonalCode)
    with transaction(write=False):
        handle, _ = identify(code, clock.now())
        assert (handle.person_id, handle.maker) == (wang.id, "phone")


def test_the_key_cannot_be_read_out_again(phone: Page) -> None:
    phone.goto("/")
    expect(phone.locator(".qr canvas")).to_be_visible()
    extractable = phone.evaluate(
        """() => new Promise((resolve) => { const open = indexedDB.open("fengxing-code");
        open.onsuccess = () => { open.result.transaction("devices").objectStore("devices").getAll().onsuccess =
        (event) => resolve(event.target.result.map((each) => each.key.extractable)); }; })"""
    )
    assert extractable == [False]


GUN = """async ([address, digits, times]) => {
  const { listen } = await import(address);
  const box = document.createElement("div");
  box.innerHTML = "<button id=b>确认</button><input id=i><textarea id=t></textarea>";
  document.body.append(box);
  let clicks = 0, at = 0;
  const read = [];
  box.querySelector("#b").addEventListener("click", () => { clicks += 1; });
  const stop = listen((text) => read.push(text), { now: () => at });
  const type = (text, gap, key) => { for (const each of [...text, "Enter"]) {
    at += gap;
    const code = each === "Enter" ? "Enter" : `Digit${each}`;
    const target = document.activeElement;
    const down = new KeyboardEvent("keydown", { code, key: key ?? each, bubbles: true, cancelable: true });
    const open = target.dispatchEvent(down);
    if (open && each === "Enter" && target.tagName === "BUTTON") target.click();
    if (open && each !== "Enter" && "value" in target && target.tagName !== "BUTTON") target.value += each;
    target.dispatchEvent(new KeyboardEvent("keyup", { code, key: each, bubbles: true, cancelable: true }));
  } };
  const places = ["#b", "#i", "#t", null];
  for (let n = 0; n < times; n += 1) {
    const place = places[n % places.length];
    if (place) box.querySelector(place).focus(); else document.activeElement.blur();
    type(digits, 3, n % 3 ? undefined : "Process");
    at += 500;
  }
  const quick = read.length, wrong = read.filter((each) => each !== digits).length;
  const left = box.querySelector("#i").value + box.querySelector("#t").value;
  box.querySelector("#i").focus();
  type("1234567890", 150);
  stop();
  return { quick, wrong, clicks, left, slow: read.length - quick, typed: box.querySelector("#i").value };
}"""


def test_a_scanner_gun_is_read_wherever_the_focus_is_and_never_confirms(phone: Page) -> None:
    phone.goto("/talk")
    digits = "91234567890123456789012345"
    told = phone.evaluate(GUN, [asset("js/scan-gun.js"), digits, 500])
    assert told == {"quick": 500, "wrong": 0, "clicks": 0, "left": "", "slow": 0, "typed": "1234567890"}


def _photo(tmp_path: Path) -> Path:
    file = tmp_path / "hole.jpg"
    Image.effect_noise((2400, 1800), 80).convert("RGB").save(file, quality=90)
    return file


def _reports() -> int:
    with transaction(write=False):
        return session.scalar(select(func.count()).select_from(Case)) or 0


def test_a_report_with_a_photo_is_sent_small(phone: Page, tmp_path: Path) -> None:
    phone.goto("/report")
    phone.set_input_files(
        "#f-photo", {"name": "IMG_1.HEIC", "mimeType": "image/heic", "buffer": b"no picture here"}
    )
    expect(phone.locator(".shot .strong")).to_have_text(
        "IMG_1.HEIC"
    )  # not drawn, yet it is seen that one was chosen
    phone.set_input_files("#f-photo", _photo(tmp_path))
    expect(phone.locator(".shot img")).to_be_visible()
    phone.locator(".chips label").first.click()
    phone.get_by_role("button", name="上报", exact=True).click()
    phone.wait_for_url("**/sent")
    phone.get_by_role("link", name="看进展").click()
    expect(phone.locator(".photos img")).to_be_visible()
    assert _reports() == 1


def test_a_report_without_a_signal_waits_on_the_phone_and_counts_once(phone: Page) -> None:
    phone.goto("/report")
    phone.locator(".chips label").first.click()
    expect(phone.locator("[data-place]")).to_contain_text("位置有了")
    phone.context.set_offline(True)
    phone.get_by_role("button", name="上报", exact=True).click()
    expect(phone.locator("#kept")).to_be_visible()
    assert _reports() == 0
    phone.context.set_offline(False)
    phone.goto("/me")
    phone.evaluate(SENT)
    for _ in range(2):
        phone.goto("/reports")
        expect(phone.locator(".cells a").first).to_be_visible()
    assert _reports() == 1


SENT = """async () => {
  const database = await new Promise((done) => {
    const open = indexedDB.open("fengxing-outbox", 1);
    open.onsuccess = () => done(open.result);
  });
  const waiting = () => new Promise((done) => {
    const count = database.transaction("items").objectStore("items").count();
    count.onsuccess = () => done(count.result);
  });
  while (await waiting()) {
    dispatchEvent(new Event("online"));
    await new Promise((again) => setTimeout(again, 50));
  }
}"""
KEPT = """async () => { for (const path of ["/", "/report"]) {
  while (!(await caches.match(path))) await new Promise((again) => setTimeout(again, 50));
} }"""


def test_home_starts_without_a_signal(phone: Page) -> None:
    phone.goto("/")
    phone.evaluate("async () => { await navigator.serviceWorker.ready; }")
    phone.reload()
    expect(phone.locator(".qr canvas")).to_be_visible()
    phone.evaluate(KEPT)
    phone.context.set_offline(True)
    phone.goto("/")
    expect(phone.locator(".qr canvas")).to_be_visible()
    phone.goto("/report")
    expect(phone.get_by_role("button", name="上报", exact=True)).to_be_visible()


def test_nothing_stays_on_the_phone_after_signing_out(phone: Page) -> None:
    phone.goto("/")
    expect(phone.locator(".qr canvas")).to_be_visible()
    phone.goto("/me")
    phone.get_by_role("button", name="退出登录").click()
    phone.wait_for_url("**/welcome")
    names = phone.evaluate("async () => (await indexedDB.databases()).map((each) => each.name)")
    assert "fengxing-code" not in names


@pytest.mark.parametrize("width, large", [(360, "no"), (360, "yes"), (320, "no")])
def test_every_page_fits_a_thumb(phone: Page, address: str, width: int, large: str) -> None:
    phone.context.add_cookies([{"name": "large", "value": large, "url": address}])
    phone.set_viewport_size({"width": width, "height": 780})
    phone.context.clear_permissions()
    for path in PAGES:
        phone.goto(path)
        assert phone.evaluate(LOOK) == {"wide": False, "small": []}, path


def test_no_page_has_an_accessibility_fault(phone: Page) -> None:
    source = AXE.read_text("utf-8")
    phone.context.clear_permissions()
    rules = {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "wcag2aaa", "best-practice"],
    }
    # What scrolls under the tab bar counts as covered for axe; sizes are measured by test_every_page_fits_a_thumb.
    options = {"runOnly": rules, "rules": {"target-size": {"enabled": False}}}
    for path in PAGES:
        phone.goto(path)
        phone.evaluate(source)
        faults = phone.evaluate(
            "async (options) => (await axe.run(document, options)).violations.map((v) => v.id)", options
        )
        assert faults == [], path
