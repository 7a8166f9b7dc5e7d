"""The password and the second step of a colleague are not given back by one administrator."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.identity import second_factor
from app.identity.models import Person, ReopenedStep
from app.identity.profile import close_account
from app.kernel.db import session, transaction
from tests import make
from tests.conftest import StandingClock
from tests.identity.test_passing import (
    NEW,
    OLD,
    account,
    admin,  # noqa: F401 -- a fixture
    choose,
    said,
    sign_in,
)
from tests.identity.test_second_factor import code_at, set_up

STEPS = ("password", "second-factor")
REFUSED = (403, "another-admin-needed")


@pytest.fixture
def other(admin: Person) -> Person:  # noqa: F811
    with transaction():
        return make.staff("admin", region_code=make.CITY, name="另一位")


@pytest.fixture
def li(app: Flask, admin: Person, clock: StandingClock) -> Person:  # noqa: F811
    someone = account()
    set_up(app, someone, clock)
    return someone


def give_back(app: Flask, step: str, li: Person, by: Person) -> TestResponse:
    return make.signed_in(app, by).post(f"/api/v1/staff/{li.id}/{step}/reset")


def is_set(li: Person) -> bool:
    with transaction(write=False):
        return second_factor.state_of(li.id).is_set


@pytest.mark.parametrize(("first", "then"), [STEPS, STEPS[::-1]])
def test_whoever_gave_one_back_gives_not_the_other(
    app: Flask, client: FlaskClient, admin: Person, other: Person, li: Person, first: str, then: str  # noqa: F811
):  # fmt: skip
    assert give_back(app, first, li, admin).status_code in (201, 204)
    held = make.signed_in(app, li)
    assert said(give_back(app, then, li, admin)) == REFUSED
    assert held.get("/api/v1/me").status_code == 200  # nothing has happened
    assert is_set(li) == (first == "password")
    if first == "second-factor":
        assert sign_in(client, OLD).status_code == 200
    assert give_back(app, first, li, admin).status_code in (201, 204)  # the same one again
    assert give_back(app, then, li, other).status_code in (201, 204)
    assert said(give_back(app, first, li, other)) == REFUSED


def test_the_last_who_gave_it_back_is_the_one_that_counts(
    app: Flask, admin: Person, other: Person, li: Person  # noqa: F811
):  # fmt: skip
    for by in (admin, other):
        assert give_back(app, "password", li, by).status_code == 201
    assert said(give_back(app, "second-factor", li, other)) == REFUSED
    assert give_back(app, "second-factor", li, admin).status_code == 204


def test_it_is_over_once_the_colleague_has_taken_both_steps(
    app: Flask, client: FlaskClient, admin: Person, li: Person, clock: StandingClock  # noqa: F811
):  # fmt: skip
    word = give_back(app, "password", li, admin).json["password"]
    assert choose(client, word).status_code == 204
    assert said(sign_in(client, NEW)) == (401, "second-factor-needed")
    assert said(sign_in(client, NEW, code="000000")) == (401, "second-factor-wrong")
    assert (
        said(give_back(app, "second-factor", li, admin)) == REFUSED
    )  # anybody with the password comes as far
    assert sign_in(client, NEW, code=code_at(li, clock.at)).status_code == 200
    assert give_back(app, "second-factor", li, admin).status_code == 204


def test_it_is_over_once_the_colleague_has_a_second_step_again(
    app: Flask, admin: Person, li: Person, clock: StandingClock  # noqa: F811
):  # fmt: skip
    assert give_back(app, "second-factor", li, admin).status_code == 204
    set_up(app, li, clock)
    assert give_back(app, "password", li, admin).status_code == 201


def test_a_closed_account_keeps_none_of_it(
    app: Flask, admin: Person, li: Person, clock: StandingClock  # noqa: F811
):  # fmt: skip
    give_back(app, "password", li, admin)
    with transaction():
        close_account(by=make.actor(li), at=clock.at)
        assert session.scalars(sa.select(ReopenedStep)).all() == []


def test_the_database_lets_nobody_give_a_step_back_to_themself(admin: Person, clock: StandingClock):  # noqa: F811
    with transaction(), pytest.raises(sa.exc.IntegrityError, match="not_oneself"):
        mine = {"person_id": admin.id, "reopened_by": admin.id, "reopened_at": clock.at}
        session.execute(sa.insert(ReopenedStep).values(step="password", **mine))
