"""The second step in a browser without script: set up, signed in with, lost, and the devices one is signed in on."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from app.identity import second_factor
from app.identity.models import Person
from app.identity.secrets_kept import hash_password
from app.kernel import settings
from app.kernel.db import session, transaction
from app.web.rider.safety import device_words
from tests.conftest import StandingClock
from tests.identity.test_second_factor import PASSWORD, code_at
from tests.web.make import browser, desk, form_on, send, staff

PAGE, STEP = "/me/second-step", "/sign-in/staff/code"


@pytest.fixture
def boss(city: object) -> Person:
    someone = staff("department")
    with transaction():
        session.add(someone)
        session.execute(
            update(Person)
            .where(Person.id == someone.id)
            .values(username="boss", password_hash=hash_password(PASSWORD))
        )
        session.refresh(someone)
        return someone


def set_up(client: FlaskClient, boss: Person, clock: StandingClock) -> list[str]:
    assert send(client, PAGE, PAGE).status_code == 303
    shown = client.get(PAGE).text
    assert "<svg" in shown
    assert "otpauth://totp/" in shown
    done = send(client, PAGE, f"{PAGE}/confirm", code=code_at(boss, clock.at))
    assert done.status_code == 200
    clock.at += timedelta(seconds=30)
    return re.findall(r"<li>([0-9A-Z]{5}-[0-9A-Z]{5})</li>", done.text)


def first_step(guest: FlaskClient, next_path: str = "") -> str:
    page = f"/sign-in/staff?next={next_path}"
    response = send(guest, page, "/sign-in/staff", username="boss", password=PASSWORD)
    assert response.status_code == 303
    return str(response.headers["Location"])


def test_it_is_set_up_and_signed_in_with(
    app: Flask, guest: FlaskClient, boss: Person, clock: StandingClock
) -> None:
    papers = set_up(browser(app, boss), boss, clock)
    assert len(papers) == 10
    first = send(guest, "/sign-in/staff", "/sign-in/staff", username="boss", password=PASSWORD)
    (proof,) = first.headers.getlist("Set-Cookie")
    assert "HttpOnly" in proof  # no script reads it
    there = first_step(guest, "/desk/rewards")
    assert there.startswith(STEP)
    assert guest.get("/desk/rewards").status_code == 303  # nobody is signed in yet
    wrong = send(guest, there, STEP, code="000 000")
    assert wrong.status_code == 401
    assert 'href="#f-code"' in wrong.text
    right = send(guest, there, STEP, code=f" {code_at(boss, clock.at)[:3]} {code_at(boss, clock.at)[3:]}")
    assert (right.status_code, right.headers["Location"]) == (303, "/desk/rewards")
    assert guest.get("/desk/rewards").status_code == 200


def test_roles_sleep_also_in_the_request_that_renews_the_session(
    app: Flask, boss: Person, clock: StandingClock
) -> None:
    set_up(browser(app, boss), boss, clock)
    without = browser(app, boss)  # as a phone code opens it
    for _ in range(3):
        assert without.get("/desk/rewards").status_code == 403
        clock.advance(minutes=16)  # the short access has run out: it is renewed in passing


def test_in_a_session_of_an_hour_ago_it_leads_to_signing_in_again(
    app: Flask, boss: Person, clock: StandingClock
) -> None:
    client = browser(app, boss)
    assert "开始设置" in client.get(PAGE).text
    clock.advance(hours=1)
    late = client.get(PAGE).text
    assert "开始设置" not in late
    assert "重新登录" in late
    assert 'action="/sign-out"' in late


def test_a_code_from_paper_signs_in(
    app: Flask, guest: FlaskClient, boss: Person, clock: StandingClock
) -> None:
    papers = set_up(browser(app, boss), boss, clock)
    there = first_step(guest)
    assert send(guest, there, STEP, code=papers[3]).status_code == 303
    shown = guest.get(PAGE).text
    assert "9" in shown
    assert form_on(guest.get(PAGE), f"{PAGE}/remove")
    anew = send(guest, PAGE, f"{PAGE}/papers", code=papers[4]).text
    assert ("备用码换好了" in anew, "第二步验证可以用了" in anew) == (True, False)


def test_the_first_step_is_good_for_five_minutes_one_password_and_one_browser(
    app: Flask, guest: FlaskClient, boss: Person, clock: StandingClock
) -> None:
    set_up(browser(app, boss), boss, clock)
    there = first_step(guest)
    form = form_on(guest.get(there), STEP)
    cookie = guest.get_cookie("second_step")
    assert cookie is not None
    assert app.test_client().get(STEP).headers["Location"] == "/sign-in/staff"

    who, moment, mark = cookie.value.split(".")
    other = "0" if mark[-1] != "0" else "1"
    forgeries = [
        f"{who}.{moment}.{mark[:-1]}{other}",
        f"{who}.{'9' * 400}.x",
        f"{who}.-1.{mark}",
        f"{who}.x.",
        who,
    ]
    for value in forgeries:
        forged = app.test_client()
        forged.set_cookie("second_step", value)
        csrf = form_on(forged.get(STEP), STEP)
        answer = forged.post(STEP, data=csrf.fields | {"code": code_at(boss, clock.at)})
        assert answer.status_code == 401

    clock.at += timedelta(minutes=5)
    late = guest.post(STEP, data=form.fields | {"code": code_at(boss, clock.at)})
    assert late.status_code == 401
    assert guest.get("/desk/rewards").status_code == 303


@pytest.mark.parametrize(
    ("cookie", "step", "filled", "start"),
    [
        ("second_step", STEP, {"code": "123456", "next": "/desk/rewards"}, "/sign-in/staff"),
        ("signing_in", "/sign-in/code", {"code": "123456", "next": "/desk/rewards"}, "/sign-in"),
        ("passing", "/sign-in/staff/new-password", {"new": PASSWORD, "again": PASSWORD}, "/sign-in/staff"),
    ],
)
def test_a_step_that_stood_open_for_too_long_says_so_and_keeps_what_waits(
    guest: FlaskClient, boss: Person, cookie: str, step: str, filled: dict[str, str], start: str
) -> None:
    guest.set_cookie(cookie, "x")
    form = form_on(guest.get(step), step)
    guest.delete_cookie(cookie)
    late = guest.post(step, data=form.fields | filled)
    onward = "?next=/desk/rewards" if "next" in filled else ""
    assert (late.status_code, late.headers["Location"]) == (303, start + onward)
    assert "停得太久" in guest.get(late.headers["Location"]).text


@pytest.mark.parametrize("spelling", [str.upper, lambda text: f"{{{text}}}", lambda text: f"urn:uuid:{text}"])
def test_another_spelling_of_the_id_buys_no_more_tries(
    app: Flask, guest: FlaskClient, boss: Person, clock: StandingClock, spelling: Callable[[str], str]
) -> None:
    set_up(browser(app, boss), boss, clock)
    form = form_on(guest.get(first_step(guest)), STEP)
    cookie = guest.get_cookie("second_step")
    assert cookie is not None
    person_hex, rest = cookie.value.split(".", 1)
    guest.set_cookie("second_step", f"{spelling(person_hex)}.{rest}")
    answer = guest.post(STEP, data=form.fields | {"code": code_at(boss, clock.at)})
    assert answer.status_code == 401
    assert guest.get("/desk/rewards").status_code == 303


def test_where_it_is_needed_signing_in_leads_to_setting_it_up(
    guest: FlaskClient, boss: Person, clock: StandingClock
) -> None:
    before = settings.current()
    settings.use(replace(before, second_factor_needed=True))
    try:
        assert first_step(guest) == PAGE
        refused = guest.get("/desk/rewards")
        assert refused.status_code == 403
        assert "第二步验证" in refused.text
        set_up(guest, boss, clock)
        assert guest.get("/desk/rewards").status_code == 200
    finally:
        settings.use(before)


def test_an_administrator_resets_it_on_the_persons_page(
    app: Flask, boss: Person, clock: StandingClock
) -> None:
    set_up(browser(app, boss), boss, clock)
    client = desk(app, "admin")
    page = f"/desk/people/{boss.id}"
    assert send(client, page, f"{page}/second-step/reset").status_code == 303
    with transaction(write=False):
        assert not second_factor.state_of(boss.id).is_set
    assert f"{page}/second-step/reset" not in client.get(page).text


def test_another_device_is_signed_out_from_here(app: Flask, boss: Person) -> None:
    there, here = browser(app, boss), browser(app, boss)
    page = here.get("/me/devices")
    assert page.text.count('name="session_id"') == 1  # this one is ended by signing out
    assert send(here, "/me/devices", "/me/devices").status_code == 303
    assert there.get("/me").status_code == 303
    assert here.get("/me").status_code == 200


@pytest.mark.parametrize(
    ("called", "words"),
    [
        (
            "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/120 Mobile Safari/537.36",
            "Chrome · Android",
        ),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit Safari/604", "Safari · iPhone"),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/120 MicroMessenger/8.0", "微信 WeChat · Android"),
        ("蜂行 App", "蜂行 App"),
        ("Mozilla/5.0 (a new thing)", ""),
    ],
)
def test_a_device_is_named_as_its_owner_would(called: str, words: str) -> None:
    assert device_words(called) == words
