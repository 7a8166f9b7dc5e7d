"""First steps in a browser without script: phone and code, a station's invitation, staff, out again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.codes.kinds import station as station_code
from app.identity import senders
from app.identity.models import Person, SessionFamily
from app.identity.secrets_kept import hash_password
from app.identity.signing_in import invite_rider
from app.kernel import clock as clock_module
from app.kernel.db import session, transaction
from app.places.models import Station
from tests import make
from tests.conftest import StandingClock
from tests.web.make import form_on, read, send, wrong_fields


class Kept:
    """A sender that keeps what it was to send."""

    def __init__(self) -> None:
        self.code = ""

    def send(self, phone: str, code: str) -> None:
        self.code = code


@pytest.fixture
def sent() -> Iterator[Kept]:
    kept = Kept()
    with senders.use(kept):
        yield kept


def _ask(guest: FlaskClient, phone: str = "138 0013 8000") -> None:
    assert send(guest, "/sign-in?next=/points", "/sign-in", phone=phone).status_code == 303


def test_a_new_rider_comes_in(guest: FlaskClient, sent: Kept) -> None:
    _ask(guest)
    page = guest.get("/sign-in/code?next=/points")
    assert "138****8000" in page.text
    assert "consent" not in form_on(page, "/sign-in/code").ticked
    response = send(guest, "/sign-in/code?next=/points", "/sign-in/code", code=sent.code, consent="yes")
    assert response.headers["Location"] == "/first-steps"
    assert guest.get("/first-steps").status_code == 200
    response = send(guest, "/first-steps", "/first-steps", nickname="小李", district=make.XUANWU)
    assert response.headers["Location"].startswith("/me/community")
    assert "小李" in guest.get("/").text or guest.get("/code").status_code == 303


def test_number_and_code_are_taken_as_an_input_method_types_and_a_clipboard_pastes_them(
    guest: FlaskClient, wang: Person, sent: Kept
) -> None:
    _ask(guest, "\u202d１３８\u00a00013\u3000８０００\u202c")
    wide = sent.code.translate({ord("0") + each: 0xFF10 + each for each in range(10)})
    pasted = f" {wide[:3]}\u3000{wide[3:]}\t"
    assert send(guest, "/sign-in/code", "/sign-in/code", code=pasted).headers["Location"] == "/"


def test_nobody_joins_without_agreeing(guest: FlaskClient, sent: Kept) -> None:
    _ask(guest)
    response = send(guest, "/sign-in/code", "/sign-in/code", code=sent.code)
    assert response.status_code == 409
    assert 'href="#f-consent"' in response.text
    assert guest.get("/me").status_code == 303


def test_a_known_rider_goes_where_he_wanted(guest: FlaskClient, wang: Person, sent: Kept) -> None:
    _ask(guest)
    response = send(guest, "/sign-in/code?next=/points", "/sign-in/code", code=sent.code)
    assert response.headers["Location"] == "/points"


def test_the_phone_shows_what_the_rider_chose_on_another(
    guest: FlaskClient, wang: Person, sent: Kept
) -> None:
    with transaction():
        one = session.get_one(Person, wang.id)
        one.locale, one.large_type = "en", True
    _ask(guest)
    send(guest, "/sign-in/code", "/sign-in/code", code=sent.code)
    assert '<html lang="en" class="large">' in guest.get("/points").text


def test_a_browser_tells_at_length_what_it_is(guest: FlaskClient, wang: Person, sent: Kept) -> None:
    guest.environ_base["HTTP_USER_AGENT"] = long = "Mozilla/5.0 (Linux; Android 14) MicroMessenger/8.0 " * 9
    _ask(guest)
    assert send(guest, "/sign-in/code", "/sign-in/code", code=sent.code).status_code == 303
    with transaction(write=False):
        kept = session.scalars(select(SessionFamily.device).where(SessionFamily.person_id == wang.id)).one()
    assert kept == long[:80]


def test_no_address_leads_away(guest: FlaskClient, wang: Person, sent: Kept) -> None:
    _ask(guest)
    response = send(guest, "/sign-in/code?next=https://evil.example/", "/sign-in/code", code=sent.code)
    assert response.headers["Location"] == "/"


def test_a_wrong_code_is_named_at_its_field(guest: FlaskClient, sent: Kept) -> None:
    _ask(guest)
    wrong = "000000" if sent.code != "000000" else "111111"
    response = send(guest, "/sign-in/code", "/sign-in/code", code=wrong)
    assert response.status_code == 401
    assert 'href="#f-code"' in response.text


def test_a_wrong_number_is_kept_to_be_mended(guest: FlaskClient) -> None:
    response = send(guest, "/sign-in", "/sign-in", phone="12345")
    assert response.status_code == 422
    assert 'value="12345"' in response.text
    assert 'href="#f-phone"' in response.text


def test_the_number_stands_in_no_address(guest: FlaskClient, sent: Kept) -> None:
    response = send(guest, "/sign-in", "/sign-in", phone="13800138000")
    assert "138" not in response.headers["Location"]


def test_too_many_codes_are_refused_on_the_page(guest: FlaskClient, sent: Kept) -> None:
    for _ in range(5):
        _ask(guest)
    refused = send(guest, "/sign-in", "/sign-in", phone="13800138000")
    assert (refused.status_code, int(refused.headers["Retry-After"]) > 0) == (429, True)


def test_an_invitation_brings_a_rider_in(guest: FlaskClient, city: Station) -> None:
    with transaction():
        _, token, pin = invite_rider(
            station_id=city.id,
            by=make.actor(make.staff("station-manager", station_id=city.id)),
            at=clock_module.now(),
        )
    page = f"/I/{token}"
    assert city.name in guest.get(page).text
    response = send(guest, page, page, pin=pin, nickname="小张", consent="yes")
    assert response.status_code == 303
    assert "小张" in guest.get("/me").text


def test_an_invitation_that_is_not_one_says_so(guest: FlaskClient) -> None:
    assert guest.get("/I/ABCDEFGHJKMNPQRS").status_code == 404


@pytest.mark.parametrize("typed", ["manager", " Ｍanager　", "ｍａｎａｇｅｒ"])
def test_staff_sign_in_and_find_their_desk(app: Flask, guest: FlaskClient, city: Station, typed: str) -> None:
    with transaction():
        manager = make.staff("station-manager", station_id=city.id)
        manager.username, manager.password_hash = "manager", hash_password("a long enough password")
    wrong = send(guest, "/sign-in/staff", "/sign-in/staff", username="manager", password="guess")
    assert wrong.status_code == 401
    assert "guess" not in wrong.text
    response = send(
        guest, "/sign-in/staff", "/sign-in/staff", username=typed, password="a long enough password"
    )
    assert response.headers["Location"] == "/station"


def test_a_session_that_was_ended_elsewhere_leaves_no_cookie(
    rider: FlaskClient, wang: Person, clock: StandingClock
) -> None:
    with transaction():
        for family in session.scalars(select(SessionFamily).where(SessionFamily.person_id == wang.id)):
            family.revoked_at = clock.at
    clock.advance(minutes=20)
    answer = rider.get("/points")
    assert answer.headers["Location"].startswith("/sign-in")
    told = answer.headers.getlist("Set-Cookie")
    for name in ("fengxing_access", "fengxing_refresh"):
        assert any(each.startswith(f"{name}=;") for each in told)


def test_signing_out_ends_it(rider: FlaskClient) -> None:
    cookie = rider.get_cookie("fengxing_access")
    response = send(rider, "/me", "/sign-out")
    assert response.headers["Location"] == "/welcome"
    assert rider.get("/me").status_code == 303
    assert cookie is not None
    rider.set_cookie("fengxing_access", cookie.value)
    assert rider.get("/me").status_code == 303  # the copied token is good for nothing


def test_closing_the_account_needs_a_tick(rider: FlaskClient, wang: Person) -> None:
    assert wrong_fields(send(rider, "/me/close", "/me/close").text) == {"sure"}
    assert rider.get("/me").status_code == 200
    send(rider, "/me/close", "/me/close", sure="yes")
    assert rider.get("/me").status_code == 303
    with transaction(write=False):
        assert session.get_one(Person, wang.id).phone is None


def test_consents_are_given_and_taken_back(rider: FlaskClient) -> None:
    def offered() -> list[str]:
        page = read(rider.get("/me/consents").text)
        return [each.fields["given"] for each in page.found if each.action == "/me/consents"]

    assert offered() == ["yes", "no"] * 3  # nobody was asked yet, and may say no before that
    send(rider, "/me/consents", "/me/consents")
    assert offered() == ["no", "yes", "no", "yes", "no"]
    send(rider, "/me/consents", "/me/consents")
    assert offered() == ["yes", "yes", "no", "yes", "no"]


def test_whoever_took_the_location_back_is_not_asked_for_it(rider: FlaskClient, wang: Person) -> None:
    with transaction():
        here = make.station()
        poster = station_code.make(here.short_code)
        poster = poster[poster.index("/S/") :]
    assert 'name="lat"' in rider.get("/report").text
    assert 'name="lat"' in rider.get(poster).text
    for _ in range(2):  # yes, and no
        send(rider, "/me/consents", "/me/consents")
    for page in ("/report", poster):
        shown = rider.get(page).text
        assert 'name="lat"' not in shown
        assert 'href="/me/consents"' in shown
