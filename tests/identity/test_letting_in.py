"""Letting a rider in anew: to the hour and the day, once, and in words of both languages."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from app.identity import returning
from app.identity.errors import InviteNotFound, PersonNotFound
from app.identity.models import RiderReturn
from app.kernel.clock import city_day
from app.kernel.db import in_transaction, session, transaction
from app.notices.models import Notice
from app.notices.telling import text_of
from tests import make
from tests.conftest import StandingClock
from tests.databases import SERVER_URL, owner
from tests.identity.test_returning import DAY, Counter


@pytest.fixture
def counter(app: Flask, clock: StandingClock) -> Counter:
    return Counter(clock)


def test_the_day_one_joined_is_that_of_the_city(counter: Counter):
    counter.clock.at = counter.clock.at.replace(hour=16, minute=30)  # half past midnight in the city
    counter.joins("小夜")
    today = city_day(counter.clock())
    assert (today, counter.clock().date()) == (date(2026, 11, 25), date(2026, 11, 24))
    with pytest.raises(PersonNotFound):
        counter.ask(nickname="小夜", joined_on=counter.clock().date())
    assert counter.ask(nickname="小夜", joined_on=today).state == "asked"


def test_a_day_for_objections_begins_with_the_asking_and_not_with_the_second_yes(counter: Counter):
    asked = counter.ask()
    counter.clock.at += DAY - timedelta(minutes=1)
    counter.confirm(asked)
    counter.clock.advance(minutes=1)
    assert counter.invite(asked)


def test_a_second_yes_stays_whose_it_was(counter: Counter):
    asked = counter.confirm(counter.ask())
    with transaction():
        another = make.actor(make.staff("department", region_code=make.CITY))
    counter.clock.advance(hours=1)
    again = counter.confirm(asked, by=another)
    assert (again.confirmed_by, again.confirmed_at) == (counter.boss.id, asked.confirmed_at)
    assert [action for action, _ in counter.kept()].count("rider-return.confirmed") == 1


def test_the_rider_reads_until_when_in_the_language_of_whoever_reads(counter: Counter):
    counter.ask()
    with transaction(write=False):
        told = session.query(Notice).filter_by(person_id=counter.rider.id, slug="return-asked").one()
        zh, en = text_of(told, "zh"), text_of(told, "en")
    assert "11月25日" in zh
    assert "11月" not in en
    assert "25" in en


def test_a_request_that_is_over_is_no_more_on_anybodys_list(counter: Counter):
    asked = counter.ask()
    in_transaction(lambda: returning.refuse(return_id=asked.id, by=counter.boss, at=counter.clock()))
    with transaction(write=False):
        assert returning.open_for(counter.boss, at=counter.clock()) == []
        assert returning.open_of(counter.rider.id, at=counter.clock()) is None


def test_whoever_comes_back_while_the_rider_says_no_is_not_let_in(counter: Counter, app: Flask):
    """The no is said and not yet stored as the invitation is used: that one waits, and hears of the no."""
    given, answers = counter.invite(counter.ready()), list[str]()

    def come() -> None:
        with app.app_context():
            try:
                answers.append(str(counter.come_back(**given).id))
            except InviteNotFound as refusal:
                answers.append(refusal.slug)

    coming = threading.Thread(target=come)
    with transaction():
        returning.object_to(by=counter.rider, at=counter.clock())
        coming.start()
        while SERVER_URL and coming.is_alive() and not somebody_waits():  # one file has one writer anyway
            coming.join(0.02)
    coming.join(60)
    assert answers == ["invite-not-found"]
    with transaction(write=False):
        assert session.query(RiderReturn).one().state == "refused"
    assert counter.standing() == (1, 1)


def somebody_waits() -> bool:
    """For a row that somebody else holds."""
    asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with owner().connect() as connection:
        return bool(connection.scalar(sa.text(asked)))
