"""Signing up and being there, in a browser without script."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.codes.kinds import shift as shift_code
from app.kernel import clock as clock_module
from app.kernel.db import session, transaction
from app.places.models import Station
from app.volunteering.models import Activity, Attendance, Shift
from tests import make
from tests.conftest import StandingClock
from tests.web.make import send


@pytest.fixture
def shift(city: Station) -> Shift:
    """Two hours that begin in ten minutes."""
    at = clock_module.now()
    with transaction():
        activity = Activity(
            title_zh="路口劝导",
            category="safety",
            region_code=make.COMMUNITY,
            place_words="中山路",
            state="open",
            created_at=at,
        )
        session.add(activity)
        session.flush()
        found = Shift(
            activity_id=activity.id,
            short_code="ABCDEFGH",
            starts_at=at + timedelta(minutes=10),
            ends_at=at + timedelta(minutes=130),
            places=1,
        )
        session.add(found)
        session.flush()
    return found


def _attendances() -> int:
    with transaction(write=False):
        return session.scalar(select(func.count()).select_from(Attendance)) or 0


def test_it_signs_up_and_steps_back(rider: FlaskClient, shift: Shift) -> None:
    page = f"/shifts/{shift.id}"
    assert send(rider, page, f"{page}/sign-up").status_code == 303
    assert "已报名" in rider.get("/activities").text
    assert send(rider, page, f"{page}/cancel").status_code == 303
    assert "已报名" not in rider.get("/activities").text


def test_looking_at_a_shift_code_signs_nobody_in(rider: FlaskClient, shift: Shift) -> None:
    path = "/T/" + shift_code.make("ABCDEFGH", clock_module.now()).upper().split("/T/")[1]
    assert rider.get(path).status_code == 200
    assert _attendances() == 0
    assert send(rider, path, path).status_code == 303
    assert _attendances() == 1


def test_in_and_out_make_hours(rider: FlaskClient, shift: Shift, clock: StandingClock) -> None:
    clock.advance(minutes=10)
    for minutes in (90, 0):
        path = "/T/" + shift_code.make("ABCDEFGH", clock_module.now()).upper().split("/T/")[1]
        assert rider.get(send(rider, path, path).headers["Location"]).status_code == 200
        clock.advance(minutes=minutes)
    page = rider.get("/hours").text
    assert "1.5" in page
    assert "待确认" in page


def test_an_old_shift_code_is_a_friendly_page(rider: FlaskClient, shift: Shift, clock: StandingClock) -> None:
    path = "/T/" + shift_code.make("ABCDEFGH", clock_module.now()).upper().split("/T/")[1]
    clock.advance(minutes=5)
    assert rider.get(path).status_code == 409
