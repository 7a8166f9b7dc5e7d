"""Unwinding at the desk: whoever comes second reads what it is about and takes; nobody waits in vain."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from flask import Flask

from app.identity.models import Person
from app.kernel import clock as clock_module
from app.kernel.db import session, transaction
from app.kernel.paging import DEFAULT_LIMIT
from app.rules import unwinding
from app.volunteering import confirming
from app.volunteering.models import Activity
from tests import make as people
from tests.rules import make
from tests.rules.make import rule
from tests.volunteering import make as volunteering
from tests.web.make import browser, read, send, wrong_fields

DESK = "/desk/unwinding"


@dataclass
class Town:
    """An activity that gave one rider 40 points, and two of the department."""

    activity: Activity
    asker: Person
    decider: Person


@pytest.fixture
def town(app, clock) -> Town:
    make.scene([rule("R-02", "hours", 40)])
    with transaction():
        organiser = people.actor(people.staff("organiser", region_code=people.XUANWU, name="赵组织"))
        asker, decider = (
            people.staff("department", region_code=people.CITY, name=name) for name in ("周部门", "吴部门")
        )
        about = volunteering.activity(organiser)
        shift = volunteering.shift(about, organiser)
        rider = volunteering.a_rider("甲")
    attended = volunteering.attend(shift, rider)
    clock.at = shift.ends_at
    with transaction():
        confirming.confirm_attendance(attendance_id=attended.id, by=organiser, at=clock.at)
    return Town(about, asker, decider)


def ask(app: Flask, town: Town, by: Person, number: str | None = None):
    """Somebody says at the desk that the activity was made up; returns the browser and the answer."""
    desk = browser(app, by)
    number = number or str(town.activity.id)
    return desk, send(desk, DESK, DESK, fact_kind="activity", fact_id=number, reason="名单是编的")


def asked_for(town: Town) -> unwinding.Unwinding:
    with transaction(write=False):
        return unwinding.unwindings(people.actor(town.decider))[0]


def decide(app: Flask, town: Town, answer: str) -> None:
    path = f"{DESK}/{asked_for(town).id}"
    assert send(browser(app, town.decider), DESK, path, approved=answer).status_code == 303


def test_whoever_comes_second_reads_which_activity_and_what_agreeing_takes(app, town):
    ask(app, town, town.asker)
    page = browser(app, town.decider).get(DESK).text
    assert "路口文明劝导" in page
    assert f'href="/activities/desk/{town.activity.id}"' in page
    assert "的 40 分" in page


def test_what_was_decided_says_by_whom(app, town):
    ask(app, town, town.asker)
    decide(app, town, "yes")
    assert "吴部门 决定" in browser(app, town.asker).get(DESK).text


@pytest.mark.parametrize(("decided", "said"), [(False, "同事已经提出过"), (True, "早已收回")])
def test_whoever_asks_for_the_same_again_is_told_how_it_stands(app, town, decided, said):
    ask(app, town, town.asker)
    if decided:
        decide(app, town, "yes")
    desk, answer = ask(app, town, town.decider)
    assert answer.status_code == 303
    assert said in desk.get(DESK).text


@pytest.mark.parametrize(
    "written", ["http://127.0.0.1:8000/activities/desk/{}?from=list#top", " {} ", "/activities/desk/{}/"]
)
def test_the_number_is_taken_as_it_is_pasted(app, town, written):
    ask(app, town, town.asker, written.format(town.activity.id))
    assert asked_for(town).fact_id == town.activity.id


def test_what_is_no_number_is_refused_at_its_field(app, town):
    _, answer = ask(app, town, town.asker, "清明桥")
    assert wrong_fields(answer.text) == {"fact_id"}


def test_what_was_decided_long_ago_is_found_behind_the_newest(app, town):
    with transaction():
        for number in range(DEFAULT_LIMIT + 1):
            unwound = unwinding.ask_to_unwind(
                fact_kind="activity", fact_id=town.activity.id, reason=f"第{number}次。",
                by=people.actor(town.asker), at=clock_module.now(),
            )  # fmt: skip
            unwinding.decide_unwinding(
                unwinding_id=unwound.id, approved=False, by=people.actor(town.decider), at=clock_module.now()
            )
            session.flush()
    desk = browser(app, town.asker)
    first = desk.get(DESK).text
    assert "第0次。" not in first
    onward = [given["href"] for tag, given in read(first).tags if "cursor=" in (given.get("href") or "")]
    assert "第0次。" in desk.get(onward[0]).text
