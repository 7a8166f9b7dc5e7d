"""Riders sign in by code or invitation, staff by password; wrong, late and too many tries are refused."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from app.identity import senders
from app.identity.models import Person, SignInCode
from app.identity.my_data import rows_about
from app.identity.senders.null import NullSender
from app.identity.signing_in import forget_codes
from app.kernel.db import session, transaction
from app.main import JOBS
from tests import make

PHONE = "13812341204"


class Kept:
    """A sender that remembers what it sent."""

    def __init__(self) -> None:
        self.codes: list[str] = []

    def send(self, phone: str, code: str) -> None:
        self.codes.append(code)


@pytest.fixture
def kept():
    with senders.use(Kept()) as _:
        yield senders.sender()


def ask(client):
    return client.post("/api/v1/sign-in/codes", json={"phone": PHONE})


def enter(client, code, **more):
    return client.post("/api/v1/sign-in", json={"phone": PHONE, "code": code, **more})


def test_it_enrols_a_new_rider_who_agreed(client, kept):
    assert ask(client).status_code == 202
    answer = enter(client, kept.codes[-1], consent=True)
    assert answer.status_code == 200
    assert answer.json["person"]["is_rider"] is True
    assert answer.json["person"]["phone"] == "138****1204"


def test_it_enrols_nobody_without_consent(client, kept):
    ask(client)
    answer = enter(client, kept.codes[-1])
    assert (answer.status_code, answer.json["code"]) == (409, "consent-needed")
    with transaction(write=False):
        assert session.query(Person).count() == 0
    assert enter(client, kept.codes[-1], consent=True).status_code == 200


def test_whoever_is_known_by_the_number_but_no_rider_yet_agrees_too(client, kept):
    with transaction():
        make.regions()
        known = make.staff("auditor", region_code=make.CITY)
        known.phone = "+86" + PHONE.removeprefix("+86")
    ask(client)
    answer = enter(client, kept.codes[-1])
    assert (answer.status_code, answer.json["code"]) == (409, "consent-needed")
    answer = enter(client, kept.codes[-1], consent=True)
    assert (answer.status_code, answer.json["person"]["id"]) == (200, str(known.id))
    assert answer.json["person"]["is_rider"] is True


def test_it_refuses_a_wrong_code_and_counts_the_try(client, kept):
    ask(client)
    wrong = "000000" if kept.codes[-1] != "000000" else "111111"
    first, second = enter(client, wrong, consent=True), enter(client, wrong, consent=True)
    assert first.status_code == 401
    assert (first.json["facts"]["tries_left"], second.json["facts"]["tries_left"]) == (4, 3)


def test_it_refuses_even_the_right_code_after_five_wrong_ones(client, kept):
    ask(client)
    wrong = "000000" if kept.codes[-1] != "000000" else "111111"
    for _ in range(5):
        enter(client, wrong, consent=True)
    answer = enter(client, kept.codes[-1], consent=True)
    assert (answer.status_code, answer.json["code"]) == (410, "code-tries-used-up")


def test_it_refuses_an_old_code(client, kept, clock):
    ask(client)
    clock.advance(minutes=5)
    assert enter(client, kept.codes[-1], consent=True).json["code"] == "code-expired"


def test_it_takes_a_code_once(client, kept):
    ask(client)
    assert enter(client, kept.codes[-1], consent=True).status_code == 200
    assert enter(client, kept.codes[-1], consent=True).json["code"] == "code-expired"


def test_a_new_code_ends_the_old_one(client, kept):
    ask(client)
    ask(client)
    if kept.codes[0] != kept.codes[1]:
        assert enter(client, kept.codes[0], consent=True).status_code == 401


def test_once_the_newest_code_was_used_no_older_one_signs_in(client, kept):
    ask(client)
    ask(client)
    assert enter(client, kept.codes[1], consent=True).status_code == 200
    assert enter(client, kept.codes[0], consent=True).json["code"] == "code-expired"


def test_it_limits_how_often_a_phone_is_sent_a_code(client, kept):
    answers = [ask(client).status_code for _ in range(6)]
    assert answers == [202] * 5 + [429]
    spaced = client.post("/api/v1/sign-in/codes", json={"phone": "138 1234 1204"})
    assert spaced.status_code == 429
    assert int(spaced.headers["Retry-After"]) > 0


@pytest.mark.parametrize("phone", ["12345", "0", "+1", "١٣٨١٢٣٤١٢٠٤", "13812341204' OR 1=1"])
def test_it_names_the_phone_when_it_is_wrong(client, kept, phone):
    answer = client.post("/api/v1/sign-in/codes", json={"phone": phone})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == "phone"


def test_staff_sign_in_by_password(app, client):
    from app.identity.actors import SYSTEM
    from app.identity.appointing import add_staff
    from app.kernel import clock

    with transaction():
        add_staff(username="li", password="correct horse battery", name="李站长", by=SYSTEM, at=clock.now())
    right = {"username": "Li", "password": "correct horse battery"}
    assert client.post("/api/v1/sign-in/password", json=right).status_code == 200
    for wrong in ({**right, "password": "x"}, {**right, "username": "nobody"}):
        assert client.post("/api/v1/sign-in/password", json=wrong).json["code"] == "password-wrong"


def invited(app):
    with transaction():
        make.regions()
        station = make.station()
        manager = make.staff("station-manager", station_id=station.id)
    made = make.signed_in(app, manager).post("/api/v1/invites", json={"station_id": str(station.id)}).json
    return {"token": made["url"].rsplit("/", 1)[1], "pin": made["pin"], "nickname": "老陈", "consent": True}


def test_a_rider_signs_in_with_a_station_invite_and_pin_once(app, client):
    body = invited(app)
    assert client.post("/api/v1/sign-in/invite", json=body | {"pin": "999999"}).status_code == 401
    answer = client.post("/api/v1/sign-in/invite", json=body)
    assert (answer.status_code, answer.json["person"]["nickname"]) == (200, "老陈")
    assert client.post("/api/v1/sign-in/invite", json=body).status_code == 404


def test_an_invitation_that_was_found_a_week_later_enrols_nobody(app, client, clock):
    body = invited(app)
    clock.advance(days=7)
    assert client.post("/api/v1/sign-in/invite", json=body).status_code == 404


@pytest.mark.once
def test_the_pin_of_an_invitation_is_tried_five_times(app, client):
    body = invited(app)
    wrong = "000000" if body["pin"] != "000000" else "111111"
    tries = [client.post("/api/v1/sign-in/invite", json=body | {"pin": wrong}).json for _ in range(5)]
    assert [each["facts"]["tries_left"] for each in tries] == [4, 3, 2, 1, 0]
    refused = client.post("/api/v1/sign-in/invite", json=body)
    assert (refused.status_code, refused.json["code"]) == (410, "code-tries-used-up")


@pytest.mark.once
def test_whoever_came_by_an_invitation_finds_it_among_what_is_kept_about_them(app, client, clock):
    assert client.post("/api/v1/sign-in/invite", json=invited(app)).status_code == 200
    with transaction(write=False):
        someone = session.query(Person).filter_by(nickname="老陈").one()
        (invitation,) = rows_about(someone.id)["invites"]
    assert (invitation["person_id"], invitation["used_at"]) == (someone.id, clock.at)


def test_the_numbers_that_codes_were_sent_to_are_forgotten_a_day_after(app, client, kept, clock):
    ask(client)
    enter(client, kept.codes[-1], consent=True)
    clock.advance(hours=23)
    with transaction():
        assert forget_codes(at=clock()) == 0
    clock.advance(hours=1, minutes=5)
    with transaction():
        assert forget_codes(at=clock()) == 1
        assert session.scalars(sa.select(SignInCode)).all() == []
    assert "forget-sign-in-codes" in {each.name for each in JOBS if each.every_s}


def test_a_city_without_an_sms_provider_does_not_ask_to_try_again(client):
    with senders.use(NullSender()):
        refused = client.post("/api/v1/sign-in/codes", json={"phone": "13800138000"})
    assert (refused.status_code, refused.json["code"]) == (503, "no-sms-provider")
    assert refused.json["retryable"] is False
