"""A forgotten password on two small screens: what the administrator reads out, and where the colleague types it."""

from __future__ import annotations

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from app.identity.secrets_kept import hash_password
from app.kernel.db import transaction
from tests import make
from tests.web.test_desks_in_chromium import Opener, faults_of, opened  # noqa: F401 -- a fixture
from tests.web.test_in_chromium import LOOK

pytestmark = pytest.mark.browser

NEW = "a wet glove, one bar"
FITS = {"wide": False, "small": []}


def test_it_is_read_out_and_traded_in(
    app: Flask,
    city: object,
    chromium: Browser,
    address: str,
    opened: Opener,  # noqa: F811 -- the fixture
) -> None:
    with transaction():
        admin = make.staff("admin", region_code=make.CITY)
        li = make.staff("dispatcher", region_code=make.XUANWU)
        li.username, li.password_hash = "li", hash_password("three rainy days")
    desk = opened(admin)
    desk.goto(f"/desk/people/{li.id}")
    desk.locator("summary", has_text="忘了密码").click()
    assert (desk.evaluate(LOOK), faults_of(desk)) == (FITS, [])
    desk.get_by_role("button", name="给临时密码").click()
    word = desk.locator("[data-passing]").text_content() or ""
    assert (desk.evaluate(LOOK), faults_of(desk)) == (FITS, [])
    context = chromium.new_context(viewport={"width": 360, "height": 780}, locale="en-GB", base_url=address)
    phone = context.new_page()
    phone.goto("/sign-in/staff")
    phone.get_by_label("Name").fill("li")
    phone.get_by_label("Password").fill(word)
    assert (phone.evaluate(LOOK), faults_of(phone)) == (FITS, [])
    phone.get_by_role("button", name="Sign in").click()
    expect(phone.get_by_role("heading", name="Choose a new password")).to_be_visible()
    assert (phone.evaluate(LOOK), faults_of(phone)) == (FITS, [])
    phone.get_by_label("New password", exact=True).fill(NEW)
    phone.get_by_label("New password again").fill(NEW)
    phone.get_by_role("button", name="Use this one").click()
    expect(phone.get_by_text("Your new password counts")).to_be_visible()
    context.close()
