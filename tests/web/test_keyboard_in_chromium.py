"""Whoever has the keyboard alone, or enlarges a lot, sees where they are and keeps what they typed."""

from __future__ import annotations

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from app.identity.models import Person
from app.kernel.db import transaction
from tests import make
from tests.cases import make as cases
from tests.web.make import browser

pytestmark = pytest.mark.browser

TABS = 16
# Where the focus is: whether something lies over it, and whether the ring around it is cut off by what it is in.
SEEN = """() => {
  const here = document.activeElement, box = here.getBoundingClientRect();
  if (here === document.body) return "";
  const over = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  if (!over || !(here.contains(over) || over.contains(here))) return `below something: ${here.innerText}`;
  const ring = getComputedStyle(here), out = parseFloat(ring.outlineOffset) + parseFloat(ring.outlineWidth);
  const list = here.closest(".cells")?.getBoundingClientRect();
  return list && box.right + out > list.right ? `cut off: ${here.innerText}` : "";
}"""
# How much of the window stays covered however far one scrolls.
COVERED = """() => [...document.querySelectorAll("body *")]
  .filter((each) => ["sticky", "fixed"].includes(getComputedStyle(each).position))
  .reduce((sum, each) => sum + each.getBoundingClientRect().height, 0) / innerHeight"""


def test_the_focus_is_seen_wherever_it_goes(phone: Page) -> None:
    phone.set_viewport_size({"width": 360, "height": 500})
    phone.goto("/me")
    told = []
    for _ in range(TABS):
        phone.keyboard.press("Tab")
        told.append(phone.evaluate(SEEN))
    assert [each for each in told if each] == []


@pytest.mark.parametrize("size", [(320, 256), (640, 400)])
def test_enlarged_the_page_has_the_window_and_not_what_sticks_to_it(
    phone: Page, size: tuple[int, int]
) -> None:
    phone.set_viewport_size({"width": size[0], "height": size[1]})
    phone.goto("/report")
    assert phone.evaluate(COVERED) < 0.25


def seat(chromium: Browser, address: str, app: Flask, someone: Person, width: int = 1280) -> Page:
    """A screen of this width at which somebody is signed in."""
    context = chromium.new_context(base_url=address, locale="zh-CN", viewport={"width": width, "height": 640})
    client = browser(app, someone)
    for name in ("fengxing_access", "fengxing_refresh", "csrf_access_token"):
        cookie = client.get_cookie(name)
        assert cookie is not None
        context.add_cookies([{"name": name, "value": cookie.value, "url": address}])
    return context.new_page()


def test_each_desk_of_the_menu_is_seen_whole(chromium: Browser, address: str, app: Flask) -> None:
    with transaction():
        make.regions()
        department = make.staff("department", region_code=make.CITY)
    page = seat(chromium, address, app, department, 360)
    page.goto("/desk/rewards")
    page.locator(".side a").first.focus()
    cut = []
    for _ in range(page.locator(".side a").count()):
        left, right = page.evaluate(
            "() => { const at = document.activeElement.getBoundingClientRect(); return [at.left, at.right] }"
        )
        cut += [] if left >= 0 and right <= 360 else [page.evaluate("document.activeElement.innerText")]
        page.keyboard.press("Tab")
    assert cut == []
    page.context.close()


def test_escape_closes_the_question_and_not_the_page(chromium: Browser, address: str, app: Flask) -> None:
    with transaction():
        town = cases.town()
        case = cases.report(town.rider)
    page = seat(chromium, address, app, town.dispatcher)
    page.goto(f"/grid/{case.id}")
    page.keyboard.press("g")
    words = page.locator("#reassign textarea")
    words.fill("请玄武门街道来看")
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(page.locator("#reassign > summary")).to_be_focused()
    assert page.locator("#reassign").get_attribute("open") is None
    page.keyboard.press("Enter")
    expect(words).to_have_value("请玄武门街道来看")
    page.context.close()
