"""Every page of guests and riders: it is there, works without script, and carries nothing inline."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.identity.models import Person
from app.kernel import i18n
from app.kernel.db import transaction
from app.kernel.ids import new_id
from app.notices.models import Notice
from app.notices.subscribers import ABOUT
from app.places.models import Station
from app.rules.kinds import KINDS
from app.web.desk.dry_run_words import said_day
from app.web.rider.leading import page_of
from tests import make
from tests.web.make import browser, form_on, read

GUEST = (
    "/welcome",
    "/agreement",
    "/sign-in",
    "/sign-in/staff",
    "/stations",
    "/shop",
    "/activities",
    "/rules",
    "/talk",
)
RIDER = (
    "/", "/scan", "/report", "/reports", "/points", "/vouchers", "/hours", "/inbox", "/check-ins", "/me",
    "/me/profile", "/me/community", "/me/consents", "/me/close", "/hardship", "/first-steps", *GUEST[4:],
)  # fmt: skip
HALF_WIDTH = re.compile(r"[\u4e00-\u9fff][,:;?!][\u4e00-\u9fff]|[\u4e00-\u9fff][,:;?!]\s*<")


def _sound(html: str) -> None:
    page = read(html)
    assert page.inline == []
    assert not HALF_WIDTH.search(html)
    names = {name for _, attributes in page.tags for name in attributes}
    assert "user-scalable=0" not in html
    assert "style" not in names
    for form in page.found:
        assert form.method in ("get", "post")
        assert not form.ticked - {"nickname", "occupation", "platform", "station_id"}, (
            "nothing is ticked beforehand"
        )
    assert 'href="/talk"' in html  # a complaint entry, language and type size on every page
    assert {"lang", "large"} <= form_on_names(page.found)


def form_on_names(forms: list) -> set[str]:  # type: ignore[type-arg]
    return {name for form in forms if form.action == "/preferences" for name in form.names}


def test_a_message_about_any_fact_leads_somewhere(rider: FlaskClient) -> None:
    for kind in KINDS:
        about = Notice(about_kind=ABOUT.get(kind, kind), about_id=new_id())
        assert page_of(about).startswith("/"), kind
        assert rider.get(page_of(about)).status_code in (200, 404), kind  # a report of nobody is not there
    assert page_of(Notice(about_kind="of-old", about_id=new_id())) == ""


def test_the_day_a_budget_ends_is_told_with_its_year(built_app: Flask) -> None:
    with built_app.test_request_context(), i18n.speaking("zh"):
        assert (said_day("2027-03-05"), said_day(None)) == ("2027年3月5日", "十年以上")


@pytest.mark.parametrize(("method", "words"), [("delete", "method-not-allowed"), ("get", "not-found")])
def test_what_is_no_page_is_told_in_words(guest: FlaskClient, method: str, words: str) -> None:
    answer = getattr(guest, method)("/welcome" if method == "delete" else "/nowhere")
    assert i18n.words()[words]["zh"] in answer.text


@pytest.mark.parametrize("path", GUEST)
def test_guests_may_look(guest: FlaskClient, path: str) -> None:
    response = guest.get(path)
    assert response.status_code == 200
    _sound(response.text)


@pytest.mark.parametrize("path", RIDER)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_rider_finds_every_page(rider: FlaskClient, path: str, lang: str) -> None:
    rider.set_cookie("lang", lang)
    response = rider.get(path, follow_redirects=True)
    assert response.status_code == 200, response.text
    assert f'lang="{"en" if lang == "en" else "zh-CN"}"' in response.text
    _sound(response.text)


@pytest.mark.parametrize("path", RIDER)
def test_every_form_of_a_signed_in_person_carries_its_token(rider: FlaskClient, path: str) -> None:
    for form in read(rider.get(path, follow_redirects=True).text).found:
        assert form.method == "get" or form.fields.get("csrf_token"), form.action


@pytest.mark.parametrize("path", [each for each in RIDER if each not in GUEST and each != "/"])
def test_whoever_is_not_signed_in_is_asked_to_and_comes_back(guest: FlaskClient, path: str) -> None:
    response = guest.get(path)
    assert response.status_code == 303
    assert response.headers["Location"] == f"/sign-in?next={path}"


@pytest.mark.parametrize("path", ["/", "/stations", "/activities", "/shop", "/honours", "/sign-in", "/seals"])
def test_what_a_messenger_adds_to_a_link_does_no_harm(guest: FlaskClient, path: str) -> None:
    assert guest.get(f"{path}?from=singlemessage&isappinstalled=0").status_code in (200, 303)


def test_an_unknown_address_is_a_friendly_page(guest: FlaskClient) -> None:
    response = guest.get("/no-such-page")
    assert response.status_code == 404
    _sound(response.text)


def test_a_method_that_a_page_does_not_know_is_told_which_it_does(guest: FlaskClient) -> None:
    answer = guest.patch("/shop")
    assert (answer.status_code, answer.mimetype) == (405, "text/html")
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_the_policy_of_pages_lets_nothing_inline_pass(rider: FlaskClient) -> None:
    policy = rider.get("/").headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "'wasm-unsafe-eval'" in rider.get("/scan").headers["Content-Security-Policy"]


def test_language_and_type_size_are_kept_for_the_person(app: Flask, rider: FlaskClient, wang: object) -> None:
    fields = form_on(rider.get("/me"), "/preferences").fields
    response = rider.post("/preferences", data=fields | {"large": "yes", "lang": "en", "back": "/points"})
    assert response.headers["Location"] == "/points"
    page = rider.get("/points").text
    assert 'class="large"' in page
    assert 'lang="en"' in page


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_no_form_leads_to_another_site(guest: FlaskClient, back: str) -> None:
    response = guest.post("/preferences", data={"back": back, "lang": "en"})
    assert response.headers["Location"] == "/"


def test_the_browser_of_another_person_finds_nothing_of_mine(app: Flask, rider: FlaskClient) -> None:
    assert rider.get("/me").headers["Cache-Control"] == "no-store"
    assert browser(app).get("/me").status_code == 303


def test_a_phone_that_draws_its_own_code_need_not_be_sent_it(app: Flask, city: Station, wang: Person) -> None:
    phone = browser(app, wang)
    with_picture = phone.get("/", follow_redirects=True).text
    assert "data-again" in with_picture
    assert phone.get("/renew?draws=yes").status_code == 204
    without = phone.get("/").text
    assert "data-own" in without
    assert 'content="0; url=/code"' in without  # no script after all: the picture comes back
    assert len(without) < len(with_picture) - 2_500
    assert "data-again" in phone.get("/code", follow_redirects=True).text
    assert phone.get("/renew?draws=perhaps").status_code == 422


def test_what_one_riders_phone_draws_is_not_left_out_for_another(
    app: Flask, city: Station, wang: Person
) -> None:
    phone = browser(app, wang)
    phone.get("/renew?draws=yes")
    with transaction():
        other = make.rider("李师傅", name="李大力")
    second = browser(app, other)
    kept = phone.get_cookie("draws")
    assert kept is not None
    second.set_cookie("draws", kept.value)
    assert "data-again" in second.get("/", follow_redirects=True).text
