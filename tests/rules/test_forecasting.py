"""What a dry run says of few riders, of the budget it draws on, of a pace, and of goods that were given back."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.kernel import clock as clock_module
from app.kernel.db import session, transaction
from app.places.models import Region
from app.rules import drafting, trying
from tests import make as people
from tests.rewards import make as rewards
from tests.rules import make
from tests.rules.make import rule, when

pytestmark = pytest.mark.once
NEXT_DOOR = {"region": "3201/320104/"}


def tried(scene, version=None, days=1):
    with transaction():
        return make.try_out((version or scene.version).id, scene.editor, days=days).result


def a_draft(scene, rules):
    with transaction():
        return drafting.draft_version(
            rule_set_id=scene.version.rule_set_id, rules=rules, by=scene.editor, at=clock_module.now()
        )


def several(count):
    with transaction():
        return [people.rider(f"骑手{number}") for number in range(count)]


def in_three_districts():
    """Three riders next door, twelve in a third district, twenty here."""
    with transaction():
        session.add(
            Region(
                code="320105", name="建邺区", level="district", parent_code=people.CITY, path="3201/320105/"
            )
        )
    for number, someone in enumerate(several(35)):
        where = NEXT_DOOR if number < 3 else {"region": "3201/320105/"} if number < 15 else {}
        make.judge(make.checkin(someone, **where))


def a_shelf(scene, points):
    """A reward for so many points, and somebody who hands it over."""
    with transaction():
        station = people.station()
        manager = people.actor(people.staff("station-manager", station_id=station.id))
        reward = rewards.reward(station, points=points)
        return rewards.Scene(station, manager, people.actor(scene.rider), reward)


def test_of_fewer_than_ten_riders_neither_number_nor_share_is_told(app):
    scene = make.scene([rule(points=5)])
    a_shelf(scene, 20)
    for each in several(9):
        make.judge(make.checkin(each))
    few = tried(scene)
    assert (few["facts"], few["riders"], few["goods"]["reach_percent"]) == (9, None, None)
    make.judge(make.checkin(scene.rider))
    ten = tried(scene)
    assert (ten["riders"], ten["goods"]["reach_percent"]) == (10, 100)


def test_no_alarm_names_a_group_of_fewer_than_ten(app):
    scene = make.scene([rule(points=5)])
    for number, someone in enumerate(several(21)):
        make.judge(make.checkin(someone, **(NEXT_DOOR if number < 9 else {})))
    favours = rule("R-02", points=9, when=[when("region", "320104", "inside")])
    assert tried(scene, a_draft(scene, [rule(points=5), favours]))["alarms"] == []


def test_a_district_of_few_shows_no_points_and_nor_does_the_one_that_would_give_it_away(app):
    scene = make.scene([rule(points=5)])
    in_three_districts()
    result = tried(scene, a_draft(scene, [rule(points=8)]))
    shown = {row["region"]: (row["draft"], row["before"]) for row in result["regions"]}
    assert shown == {"320102": (160, 100), "320104": (None, None), "320105": (None, None)}
    assert {row["group"] for row in result["spread"]["region"] if row["riders"] is None} == {
        row["region"] for row in result["regions"] if row["draft"] is None
    }


def test_a_district_without_points_is_hidden_like_any_other(app):
    """Were it left out, the sum of all and the districts shown would give away the one of few."""
    scene = make.scene([rule(points=5, when=[when("region", "320102", "inside")])])
    in_three_districts()
    shown = {row["region"]: row["draft"] for row in tried(scene)["regions"]}
    assert shown == {"320102": 100, "320104": None, "320105": None}


def test_no_alarm_speaks_of_a_district_that_is_hidden_for_the_sake_of_another(app):
    scene = make.scene([rule(points=5)])
    in_three_districts()
    favours = rule("R-02", points=9, when=[when("region", "320105", "inside")])
    assert tried(scene, a_draft(scene, [rule(points=5), favours]))["alarms"] == []


@pytest.mark.parametrize(
    ("able", "unable", "percent"),
    [(10, 0, 100), (0, 10, 0), (10, 10, 50), (19, 1, None), (1, 19, None), (10, 9, None), (9, 10, None)],
)
def test_no_share_tells_of_few_who_can_reach_a_good_or_cannot(
    app, able: int, unable: int, percent: int | None
):
    scene = make.scene([rule(points=5, when=[when("first_of_day", True)])])
    a_shelf(scene, 20)
    for number, someone in enumerate(several(able + unable)):
        make.judge(make.checkin(someone, first_of_day=number < able))
    assert tried(scene)["goods"]["reach_percent"] == percent


def test_the_budget_is_that_which_the_region_draws_on(app):
    scene = make.scene([rule(points=5)], budget=10_000)
    with transaction():
        make.fund(300, people.XUANWU)
        nearer = make.in_force(scene, [rule(points=5)], region_code=people.MEIYUAN)
        elsewhere = make.in_force(scene, [rule(points=5)], region_code=people.QINHUAI)
    left = [tried(scene, each)["budget"]["left"] for each in (nearer, elsewhere)]
    assert left == [300, 10_000]


def test_goods_that_were_given_back_were_not_asked_for(app, clock):
    scene = make.scene([rule(points=100)])
    make.judge(make.checkin(scene.rider))
    shelf = a_shelf(scene, 20)
    shelf.hand_over(shelf.reserve())
    before = tried(scene)["goods"]
    assert before["a_month"]["middle"] == 30  # a fifth of a hundred points a day, at twenty each
    shelf.undo(shelf.hand_over(shelf.reserve()))
    assert tried(scene)["goods"] == before


def test_a_week_that_is_cut_off_says_nothing_of_the_slowest_pace(app, clock):
    scene = make.scene([rule(points=70)], budget=1_280)
    for _ in range(4):  # four Wednesdays
        clock.advance(days=7)
        make.judge(make.checkin(scene.rider, at=clock.at + timedelta(days=1)))
    clock.advance(days=6)
    with transaction():
        run = trying.dry_run(
            version_id=scene.version.id, from_on=date(2026, 11, 30), until_on=date(2026, 12, 28),
            by=scene.editor, at=clock.at,
        )  # fmt: skip
    budget = run.result["budget"]
    assert (budget["left"], budget["per_day"]) == (1_000, 9.7)
    assert budget["ends_on_latest"] == budget["ends_on"]  # no week was slower than all of them together
    assert budget["ends_on_earliest"] == (date(2026, 12, 28) + timedelta(days=100)).isoformat()
