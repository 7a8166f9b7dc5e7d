"""A forgotten password: an administrator over all roles is given a passing one, worth a new one and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import downgrade, upgrade
from werkzeug.test import TestResponse

from app.audit.models import AuditRecord
from app.identity import appointing, passing, proposing, second_factor, signing_in
from app.identity.actors import SYSTEM
from app.identity.errors import NoPassword, PassingOver, PasswordWrong, PersonNotFound, SecondAdminNeeded
from app.identity.models import Person
from app.identity.my_data import rows_about
from app.identity.profile import close_account
from app.identity.secrets_kept import hash_password
from app.kernel.db import in_transaction, session, transaction
from app.kernel.errors import Forbidden
from app.notices.models import Notice
from tests import make, older
from tests.conftest import StandingClock
from tests.identity.test_attempts import Lines, lines  # noqa: F401 -- a fixture
from tests.identity.test_second_factor import code_at, set_up
from tests.older import a_moment, an_id, insert

OLD, NEW = "three rainy days", "a wet glove, one bar"


@pytest.fixture
def admin(app: Flask) -> Person:
    with transaction():
        make.regions()
        return make.staff("admin", region_code=make.CITY, name="总管理员")


def account(username: str = "li", role: str | None = "department", region: str = make.CITY) -> Person:
    """A member of staff who signs in with a name and OLD."""
    with transaction():
        at = make.clock.now()
        someone = appointing.add_staff(username=username, password=OLD, name="李同事", by=SYSTEM, at=at)
        if role is not None:
            place = {"region_code": region, "station_id": None}
            appointing.appoint(person_id=someone.id, role=role, **place, by=SYSTEM, at=at)
        return someone


def given(app: Flask, admin: Person, li: Person) -> str:
    answer = make.signed_in(app, admin).post(f"/api/v1/staff/{li.id}/password/reset")
    assert answer.status_code == 201, answer.text
    assert datetime.fromisoformat(answer.json["expires_at"]) == make.clock.now() + timedelta(hours=24)
    return str(answer.json["password"])


def sign_in(client: FlaskClient, password: str, **more: str) -> TestResponse:
    return client.post("/api/v1/sign-in/password", json={"username": "li", "password": password, **more})


def choose(client: FlaskClient, password: str, new: str = NEW, username: str = "li") -> TestResponse:
    body = {"username": username, "password": password, "new": new}
    return client.post("/api/v1/sign-in/password/new", json=body)


def said(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


WRONG = (401, "password-wrong")


def test_it_is_worth_a_new_password_and_opens_nothing(app: Flask, client: FlaskClient, admin: Person):
    li = account()
    word = given(app, admin, li)
    assert said(sign_in(client, word)) == (401, "new-password-needed")
    assert said(sign_in(client, OLD)) == WRONG
    assert choose(client, word).status_code == 204
    assert sign_in(client, NEW).status_code == 200
    assert said(sign_in(client, word)) == WRONG
    assert said(choose(client, word, "another wet glove, two bars")) == WRONG


def test_all_sessions_end_when_it_is_given_and_when_it_is_used(
    app: Flask, client: FlaskClient, admin: Person
):
    li = account()
    before = make.signed_in(app, li)
    word = given(app, admin, li)
    assert before.get("/api/v1/me").status_code == 401
    between = make.signed_in(app, li)  # as by a code to a telephone
    assert choose(client, word).status_code == 204
    assert between.get("/api/v1/me").status_code == 401


def test_it_is_good_for_a_day(app: Flask, client: FlaskClient, admin: Person, clock: StandingClock):
    li = account()
    word = given(app, admin, li)
    clock.advance(hours=23, minutes=59)
    assert said(sign_in(client, word)) == (401, "new-password-needed")
    clock.advance(minutes=1)
    assert said(sign_in(client, word)) == WRONG
    assert said(choose(client, word)) == WRONG
    assert choose(client, given(app, admin, li)).status_code == 204


def test_a_proof_of_it_is_good_no_longer_than_it_is_itself(app: Flask, admin: Person, clock: StandingClock):
    li = account()
    given(app, admin, li)
    clock.advance(hours=23, minutes=59)
    with transaction(write=False):
        proof = signing_in.first_step_taken(session.get_one(Person, li.id), clock.at)
    clock.advance(minutes=1)
    with transaction(), pytest.raises(PassingOver):
        passing.choose_after(proof=proof, new=NEW, at=clock.at)


@pytest.mark.parametrize(
    "typed", [str.lower, lambda word: word.replace("-", " "), lambda word: word.replace("0", "o")]
)
def test_it_is_read_however_it_is_typed(
    app: Flask, client: FlaskClient, admin: Person, typed: Callable[[str], str]
):
    assert choose(client, typed(given(app, admin, account()))).status_code == 204


def test_a_second_one_ends_the_first(app: Flask, client: FlaskClient, admin: Person):
    li = account()
    first, second = given(app, admin, li), given(app, admin, li)
    assert said(choose(client, first)) == WRONG
    assert choose(client, second).status_code == 204


def test_roles_sleep_until_the_second_step_is_shown_as_ever(
    app: Flask, client: FlaskClient, admin: Person, clock: StandingClock
):
    li = account()
    set_up(app, li, clock)
    word = given(app, admin, li)
    code = code_at(li, clock.at)
    assert said(sign_in(client, word, code=code)) == (401, "new-password-needed")
    assert choose(client, word).status_code == 204
    assert said(sign_in(client, NEW)) == (401, "second-factor-needed")
    answer = sign_in(client, NEW, code=code)  # which nothing has used up
    headers = {"Authorization": f"Bearer {answer.json['access_token']}"}
    assert client.get("/api/v1/selections", headers=headers).status_code == 200


def test_its_proof_stands_where_a_new_password_is_asked_for_and_nowhere_else(
    app: Flask, admin: Person, clock: StandingClock
):
    li = account()
    set_up(app, li, clock)
    given(app, admin, li)
    with transaction():
        known = session.get_one(Person, li.id)
        proof = signing_in.first_step_taken(known, clock.at)
        with pytest.raises(PasswordWrong):
            signing_in.after_first_step(proof, clock.at)
        assert signing_in.after_first_step(proof, clock.at, passing=True).id == li.id
    other = account("zhang")
    with transaction():
        ordinary = signing_in.first_step_taken(session.get_one(Person, other.id), clock.at)
        with pytest.raises(PasswordWrong):
            signing_in.after_first_step(ordinary, clock.at, passing=True)


def test_whoever_is_signed_in_by_other_means_changes_nothing_with_it(app: Flask, admin: Person):
    li = account()
    word = given(app, admin, li)
    by_phone = make.signed_in(app, li)
    for typed in (word, word.replace("-", "")):
        refused = by_phone.put("/api/v1/me/password", json={"old": typed, "new": NEW})
        assert said(refused) == (422, "password-not-known")


def test_the_new_one_is_hard_to_guess_and_not_the_one_somebody_read(
    app: Flask, client: FlaskClient, admin: Person
):
    word = given(app, admin, account())
    names = ("li is my name, ha", "a wet glove of 李同事")
    for easy in ("fengxing for ever", *names, word, word.lower()):
        assert said(choose(client, word, easy)) == (422, "password-easy")
    assert choose(client, word).status_code == 204


def test_an_ordinary_password_is_not_traded_in(client: FlaskClient, admin: Person):
    account()
    assert said(choose(client, OLD)) == WRONG
    assert sign_in(client, OLD).status_code == 200


def test_what_is_answered_does_not_tell_whether_there_is_such_an_account(
    app: Flask, client: FlaskClient, admin: Person
):
    given(app, admin, account())
    told = [
        {name: value for name, value in answer.json.items() if name != "request_id"}
        for answer in (
            choose(client, "AAAA-BBBB-CCCC-DDDD"),
            choose(client, "AAAA-BBBB-CCCC-DDDD", username="nobody"),
            sign_in(client, "AAAA-BBBB-CCCC-DDDD"),
        )
    ]
    assert {each["code"] for each in told} == {"password-wrong"}
    assert {each["status"] for each in told} == {401}


def test_tries_run_out(app: Flask, client: FlaskClient, admin: Person):
    word = given(app, admin, account())
    answers = [choose(client, f"AAAA-BBBB-CCCC-DD{number}") for number in range(11)]
    assert answers[-1].status_code == 429
    assert choose(client, word).status_code == 429


def test_nobody_is_given_one_for_themself(app: Flask, admin: Person, clock: StandingClock):
    with transaction(), pytest.raises(SecondAdminNeeded):
        passing.give(person_id=admin.id, by=make.actor(admin), at=clock.at)


@pytest.mark.once
@pytest.mark.parametrize("others", [[make.XUANWU, make.CITY], [make.CITY, make.XUANWU]])
def test_an_administrator_of_a_district_takes_over_nobody_with_a_role_in_the_city(
    app: Flask, client: FlaskClient, admin: Person, clock: StandingClock, others: list[str]
):
    li = account(role=None)
    with transaction():
        there = make.staff("admin", region_code=make.XUANWU)
        for code in others:
            held = {"role": "auditor", "region_code": code, "station_id": None}
            appointing.appoint(person_id=li.id, **held, by=SYSTEM, at=clock.at)
    held_open = make.signed_in(app, li)
    refused = make.signed_in(app, there).post(f"/api/v1/staff/{li.id}/password/reset")
    assert refused.status_code == 403
    assert held_open.get("/api/v1/me").status_code == 200
    assert sign_in(client, OLD).status_code == 200


def test_nor_with_one_that_waits_for_a_second_administrator_nor_without_any(
    app: Flask, admin: Person, clock: StandingClock
):
    li, new = account(role="dispatcher", region=make.XUANWU), account("new", role=None)
    with transaction():
        there, more = (make.staff("admin", region_code=each) for each in (make.XUANWU, make.CITY))
        proposing.propose(
            person_id=li.id, role="auditor", region_code=make.CITY, station_id=None, by=make.actor(admin), at=clock.at
        )  # fmt: skip
    for each in (li, new):
        with transaction(), pytest.raises(Forbidden):
            passing.give(person_id=each.id, by=make.actor(there), at=clock.at)
        with transaction(), pytest.raises(Forbidden):
            second_factor.reset(person_id=each.id, by=make.actor(there), at=clock.at)
        in_transaction(lambda each=each: passing.give(person_id=each.id, by=make.actor(more), at=clock.at))


def test_an_administrator_of_the_district_helps_who_works_there(
    app: Flask, client: FlaskClient, admin: Person
):
    li = account(role="dispatcher", region=make.MEIYUAN)
    with transaction():
        there = make.staff("admin", region_code=make.XUANWU)
    assert choose(client, given(app, there, li)).status_code == 204


def test_riders_and_whoever_signs_in_by_telephone_are_given_none(admin: Person, clock: StandingClock):
    with transaction():
        rider, other = make.rider(), make.staff("dispatcher", region_code=make.CITY)
        with pytest.raises(PersonNotFound):
            passing.give(person_id=rider.id, by=make.actor(admin), at=clock.at)
        with pytest.raises(NoPassword):
            passing.give(person_id=other.id, by=make.actor(admin), at=clock.at)


def test_the_person_is_told_and_both_steps_are_written_down(app: Flask, client: FlaskClient, admin: Person):
    li = account()
    word = given(app, admin, li)
    choose(client, word)
    with transaction(write=False):
        told = session.scalars(sa.select(Notice).filter_by(person_id=li.id).order_by(Notice.id)).all()
        kept = session.scalars(sa.select(AuditRecord).order_by(AuditRecord.id)).all()
        assert [each.slug for each in told] == ["password-given", "password-used"]
        assert [(each.action, each.actor_id, each.subject) for each in kept[-2:]] == [
            ("password.given", admin.id, f"person:{li.id}"),
            ("password.used", li.id, f"person:{li.id}"),
        ]
        assert word not in repr([each.facts for each in (*told, *kept)])
        assert word not in repr(rows_about(li.id))


def test_each_try_is_a_line_of_the_log(
    app: Flask,
    client: FlaskClient,
    admin: Person,
    lines: Lines,  # noqa: F811 -- the fixture
):
    li = account()
    word = given(app, admin, li)
    choose(client, "AAAA-BBBB-CCCC-DDDD")
    choose(client, word)
    with transaction(), pytest.raises(PassingOver):
        passing.choose_after(proof="none", new=NEW, at=make.clock.now())
    mine = [each for each in lines if each["how"] == "passing-password"]
    assert [each["outcome"] for each in mine] == ["password-wrong", "done", "passing-over"]
    assert mine[1]["person"] == str(li.id)
    assert word not in str(lines)


def test_a_closed_account_keeps_none_of_it(app: Flask, admin: Person, clock: StandingClock):
    li = account()
    given(app, admin, li)
    with transaction():
        close_account(by=make.actor(li), at=clock.at)
    with transaction(write=False):
        kept = session.get_one(Person, li.id)
        assert (kept.password_hash, kept.password_passes_at) == (None, None)


def test_the_database_keeps_no_passing_password_without_a_password(admin: Person, clock: StandingClock):
    with transaction(), pytest.raises(sa.exc.IntegrityError, match="passing_password"):
        session.execute(
            sa.update(Person)
            .where(Person.id == admin.id)
            .values(password_hash=None, password_passes_at=clock.at + timedelta(hours=1))
        )


def test_whoever_waited_while_another_traded_it_in_finds_it_used(
    app: Flask, admin: Person, clock: StandingClock
):
    """As if another request had chosen since this one read the person."""
    li = account()
    word = given(app, admin, li)
    with transaction():
        known = session.get_one(Person, li.id)
        assert known.password_hash is not None
        newer = (
            sa.update(Person).where(Person.id == li.id).values(password_hash=hash_password("a taken harbour"))
        )
        session.execute(newer.execution_options(synchronize_session=False))
        with pytest.raises(PasswordWrong):
            passing.choose(username="li", password=word, new=NEW, at=clock.at)


@pytest.fixture
def newer_city(settings_env: dict[str, str], tmp_path, clock: StandingClock) -> Iterator[Flask]:
    """An application that knows passing passwords, and nothing later."""
    with older.installed("passing", settings_env, tmp_path, revision="0038") as app:
        yield app


def test_going_back_before_0038_makes_no_password_of_a_passing_one(newer_city: Flask, clock: StandingClock):
    common = {
        "created_at": a_moment(),
        "locale": "zh",
        "large_type": False,
        "is_demo": False,
        "password_hash": "x",
    }
    with transaction():
        insert("people", id=an_id(), username="li", password_passes_at=a_moment(), **common)
        insert("people", id=an_id(), username="zhang", **common)
    downgrade(revision="0037")
    with transaction(write=False):
        kept = session.execute(sa.text("SELECT username, password_hash FROM people")).all()
        assert dict(map(tuple, kept)) == {"li": None, "zhang": "x"}
    upgrade()
