"""What every answer tells the browser that gets it: pages, refusals, redirects, files, downloads and cookies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import Client, TestResponse

from app.identity.models import Person
from app.kernel import settings
from app.main import doors
from app.places.models import Station
from app.web.looks import asset
from tests.conftest import StandingClock
from tests.web.make import browser, desk, form_on

Asking = Callable[[Flask, Person], TestResponse]


def signing_in(app: Flask, *, phone: str) -> TestResponse:
    guest = browser(app)
    return guest.post("/sign-in", data=form_on(guest.get("/sign-in"), "/sign-in").fields | {"phone": phone})


def signing_out(app: Flask, someone: Person) -> TestResponse:
    mine = browser(app, someone)
    return mine.post("/sign-out", data={"csrf_token": csrf_of(mine)})


def csrf_of(client: FlaskClient) -> str:
    cookie = client.get_cookie("csrf_access_token")
    assert cookie is not None
    return cookie.value


def broken(app: Flask, someone: Person) -> TestResponse:
    def fail(**_: object) -> None:
        raise RuntimeError("a bug")

    kept, app.view_functions["web-shop.get-shop"] = app.view_functions["web-shop.get-shop"], fail  # type: ignore[assignment]
    app.config["PROPAGATE_EXCEPTIONS"] = False
    try:
        return browser(app, someone).get("/shop")
    finally:
        app.view_functions["web-shop.get-shop"] = kept
        app.config["PROPAGATE_EXCEPTIONS"] = None


PAGES: dict[str, tuple[int, Asking]] = {
    "a page for everybody": (200, lambda app, _: browser(app).get("/welcome")),
    "a page of one's own": (200, lambda app, someone: browser(app, someone).get("/me")),
    "a desk": (200, lambda app, _: desk(app, "auditor").get("/desk/ledger")),
    "the way to sign in": (303, lambda app, _: browser(app).get("/me")),
    "a form done": (303, signing_out),
    "a form refused": (422, lambda app, _: signing_in(app, phone="12")),
    "a form from elsewhere": (403, lambda app, someone: browser(app, someone).post("/sign-out")),
    "a door that is shut": (403, lambda app, someone: browser(app, someone).get("/desk/ledger")),
    "an unknown address": (404, lambda app, _: browser(app).get("/nowhere")),
    "nothing there": (404, lambda app, _: browser(app).get("/stations/0198f000-0000-7000-8000-000000000001")),
    "another method": (405, lambda app, _: browser(app).patch("/shop")),
    "a bug": (500, broken),
    "a download": (200, lambda app, _: desk(app, "auditor").get("/desk/ledger/trial-balance.csv")),
}
FILES: dict[str, tuple[int, Asking]] = {
    "a static file": (200, lambda app, _: browser(app).get(asset("fengxing.css"))),
    "a script": (200, lambda app, _: browser(app).get(asset("js/app.js"))),
    "no static file": (404, lambda app, _: browser(app).get("/static/x/nothing.css")),
    "the service worker": (200, lambda app, _: browser(app).get("/sw.js")),
    "the manifest": (200, lambda app, _: browser(app).get("/manifest.webmanifest")),
}
ALL = PAGES | FILES


def answered(app: Flask, someone: Person, name: str) -> TestResponse:
    status, ask = ALL[name]
    answer = ask(app, someone)
    assert answer.status_code == status
    return answer


def policy_of(answer: TestResponse) -> dict[str, list[str]]:
    parts = [part.split() for part in answer.headers["Content-Security-Policy"].split(";")]
    return {name: values for name, *values in parts}


@pytest.mark.parametrize("name", ALL)
def test_each_answer_lets_only_what_is_ours_run_and_nobody_frame_it(
    app: Flask, wang: Person, name: str
) -> None:
    with answered(app, wang, name) as answer:
        policy = policy_of(answer)
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == ["'none'"]
    assert policy["form-action"] == policy["style-src"] == ["'self'"]
    assert set(policy["script-src"]) <= {"'self'", "'wasm-unsafe-eval'"}
    everything = {value for values in policy.values() for value in values}
    assert everything <= {"'none'", "'self'", "'wasm-unsafe-eval'", "data:", "blob:"}


@pytest.mark.parametrize("name", ALL)
def test_each_answer_is_what_it_says_it_is_and_its_address_goes_to_nobody(
    app: Flask, wang: Person, name: str
) -> None:
    with answered(app, wang, name) as answer:
        told = answer.headers
    assert told["X-Content-Type-Options"] == "nosniff"
    assert told["Referrer-Policy"] == "same-origin"
    allowed = dict(each.strip().split("=") for each in told["Permissions-Policy"].split(","))
    assert allowed["microphone"] == "()"
    assert {allowed["camera"], allowed["geolocation"]} == {"(self)"}
    assert told["Cross-Origin-Opener-Policy"] == "same-origin"
    assert not [each for each, _ in told if each.lower().startswith("access-control-")]
    assert told.getlist("Content-Security-Policy") == [told["Content-Security-Policy"]]


@pytest.mark.parametrize("name", PAGES)
def test_no_browser_keeps_what_it_was_told_of_anybody(app: Flask, wang: Person, name: str) -> None:
    assert answered(app, wang, name).headers["Cache-Control"] == "no-store"


def test_a_download_is_a_file_and_is_not_opened_in_the_page(app: Flask, wang: Person) -> None:
    answer = answered(app, wang, "a download")
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.mimetype == "text/csv"


def cookies_of(answer: TestResponse) -> dict[str, dict[str, str]]:
    """What each cookie that is set says of itself, without those that are taken back."""
    found = {}
    for each in answer.headers.getlist("Set-Cookie"):
        (name, value), *marks = ([*part.strip().split("=", 1), ""][:2] for part in each.split(";"))
        if value.strip('"'):
            found[name] = {mark.lower(): said for mark, said in marks}
    return found


def given(app: Flask, someone: Person, clock: StandingClock) -> dict[str, dict[str, str]]:
    """Every cookie that a browser is ever given: of a choice, of what is said once, and of a session renewed."""
    mine = browser(app, someone)
    csrf = {"csrf_token": csrf_of(mine)}
    chosen = mine.post("/preferences", data=csrf | {"back": "/", "lang": "en", "large": "yes"})
    agreed = mine.post("/me/consents", data=csrf | {"purpose": "location", "given": "yes"})
    clock.advance(minutes=16)
    return cookies_of(chosen) | cookies_of(agreed) | cookies_of(mine.get("/me"))


def test_every_cookie_stays_with_its_site_and_scripts_read_no_session(
    app: Flask, wang: Person, clock: StandingClock
) -> None:
    told = given(app, wang, clock)
    assert {"fengxing_access", "fengxing_refresh", "lang", "large", "said"} <= set(told)
    assert {each["samesite"] for each in told.values()} == {"Lax"}
    readable = {name for name, each in told.items() if "httponly" not in each}
    assert readable == {"csrf_access_token", "csrf_refresh_token"}  # what a form repeats


def test_over_tls_every_cookie_goes_over_tls_alone(app: Flask, wang: Person) -> None:
    mine = browser(app, wang)
    there = {"base_url": "https://localhost", "headers": {"Origin": "https://localhost"}}
    for name in ("fengxing_access", "fengxing_refresh", "csrf_access_token"):
        cookie = mine.get_cookie(name)
        assert cookie is not None
        mine.set_cookie(name, cookie.value, secure=True)
    csrf = {"csrf_token": csrf_of(mine)}
    chosen = mine.post("/preferences", data=csrf | {"back": "/", "lang": "en", "large": "yes"}, **there)
    agreed = mine.post("/me/consents", data=csrf | {"purpose": "location", "given": "yes"}, **there)
    told = cookies_of(chosen) | cookies_of(agreed)
    assert {"lang", "large", "said"} <= set(told)
    assert [name for name, each in told.items() if "secure" not in each] == []


@pytest.fixture
def tls(app: Flask) -> Client:
    """The product as it stands behind https."""
    there = replace(settings.current(), public_url="https://bees.example.cn")
    return Client(doors(app.wsgi_app, there), use_cookies=False)


@pytest.mark.parametrize(
    "path",
    ["/welcome", "/me", "/nowhere", "/sw.js", "/api/v1/places/stations", "/api/v1/nowhere", "/healthz"],
)
def test_over_tls_each_answer_asks_for_tls_for_a_year(city: Station, tls: Client, path: str) -> None:
    answer = tls.get(path, base_url="https://bees.example.cn")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_in_the_clear_nobody_is_asked_for_tls(app: Flask, city: Station) -> None:
    assert "Strict-Transport-Security" not in browser(app).get("/welcome").headers
