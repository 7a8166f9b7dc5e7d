"""Hours that two persons found void by themselves, and what was found void before it could be said of an activity."""

from __future__ import annotations

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import text

from app.kernel.db import session, transaction
from app.rules import unwinding
from app.volunteering import confirming
from tests import make as people
from tests import older
from tests.older import a_moment, an_id, insert
from tests.rules.test_made_up import REASON, attended, confirms, entered, hours_of, slug_of, town

__all__ = ["town"]  # a fixture
pytestmark = pytest.mark.once


@pytest.mark.parametrize("how", ["attended", "witnessed"])
def test_hours_that_two_persons_found_void_do_not_come_back_by_the_word_of_one(town, clock, how):
    rider = town.rider("甲")
    witness = {"shift_id": town.over.id, "person_id": rider.person_id, "reason": "在场", "by": town.organiser}
    of_rider = attended(town, "甲", town.over) if how == "attended" else None
    clock.at = town.over.ends_at
    again = confirms(town, of_rider) if of_rider else lambda: confirming.witness(**witness, at=clock.at)
    with transaction():
        again()
    (hours,) = hours_of(rider)
    with transaction():
        one = unwinding.ask_to_unwind(
            fact_kind="hours", fact_id=hours.id, reason=REASON, by=town.asker, at=clock.at
        )
    with transaction():
        unwinding.decide_unwinding(unwinding_id=one.id, approved=True, by=town.decider, at=clock.at)
    assert slug_of(again) == "hours-found-void"
    late = entered(town, "甲", town.over)  # two persons may say so
    with transaction():
        assert confirming.approve(hours_id=late, by=town.asker, at=clock.at).state == "confirmed"


def test_hours_that_an_organiser_rejected_by_mistake_may_be_confirmed_after_all(town, clock):
    of_rider = attended(town, "甲", town.over)
    clock.at = town.over.ends_at
    (hours,) = hours_of(town.rider("甲"))
    with transaction():
        confirming.reject(hours_id=hours.id, reason="没到", by=town.organiser, at=clock.at)
    with transaction():
        assert confirms(town, of_rider)() == "confirmed"


def _insert_older_activity(by: str, n: int, *, later: bool) -> None:
    """An activity that two persons unwound before it could be said of it; `later`, hours were confirmed after that."""
    activity, person = an_id(), an_id()
    insert(
        "people",
        id=person,
        username=f"r{n}",
        created_at=a_moment(),
        locale="zh",
        large_type=False,
        is_demo=False,
    )
    insert(
        "activities", id=activity, title_zh=f"活动{n}", words="", category="care", region_code=people.COMMUNITY,
        place_words="社区", state="ended", created_at=a_moment(), is_demo=False,
    )  # fmt: skip
    confirmed = {"confirmed_at": a_moment(), "confirmed_by": by}
    states = ["rejected", "pending"] + (["confirmed"] if later else [])
    for day, state in enumerate(states, 1):
        hours = an_id()
        insert(
            "hours", id=hours, person_id=person, activity_id=activity, starts_at=f"2026-05-0{day} 02:00:00",
            ends_at=f"2026-05-0{day} 03:00:00", minutes=60, basis="proven", state=state, created_at=a_moment(),
            **(confirmed if state != "pending" else {}),
        )  # fmt: skip
        if state == "rejected":
            insert("void_facts", fact_kind="hours", fact_id=hours, person_id=person, at=a_moment())
    insert(
        "unwindings", id=an_id(), fact_kind="activity", fact_id=activity, region_code=people.COMMUNITY, reason=REASON,
        state="done", asked_by=person, asked_at=a_moment(), decided_by=by, decided_at=a_moment(),
    )  # fmt: skip


def test_what_was_unwound_before_0041_is_found_made_up_and_going_back_is_possible(
    settings_env, tmp_path, clock
):
    with older.installed("made_up", settings_env, tmp_path, revision="0040"):
        with transaction():
            by = an_id()
            insert(
                "people",
                id=by,
                username="b",
                created_at=a_moment(),
                locale="zh",
                large_type=False,
                is_demo=False,
            )
            people.regions()
            for n, later in enumerate((False, True)):
                _insert_older_activity(by, n, later=later)
        upgrade(revision="0041")
        with transaction(write=False):
            activities = dict(map(tuple, session.execute(text("SELECT title_zh, state FROM activities"))))
            hours = session.execute(
                text(
                    "SELECT a.title_zh, h.state, h.rejected_because, h.void_at IS NOT NULL FROM hours h"
                    " JOIN activities a ON a.id = h.activity_id ORDER BY a.title_zh, h.starts_at"
                )
            ).all()
        assert activities == {"活动0": "void", "活动1": "ended"}
        assert [tuple(each) for each in hours] == [
            ("活动0", "rejected", None, True),
            ("活动0", "rejected", REASON, False),
            ("活动1", "rejected", None, True),
            ("活动1", "pending", None, False),
            ("活动1", "confirmed", None, False),
        ]
        downgrade(revision="0040")
        with transaction(write=False):
            states = session.scalars(text("SELECT state FROM activities ORDER BY title_zh")).all()
        assert states == ["cancelled", "ended"]
        upgrade()
