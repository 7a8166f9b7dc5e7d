"""Random rules over random facts: what they gave, what a dry run of them says and what the replay says is the same."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import timedelta
from itertools import count
from typing import Any

import hypothesis.strategies as st
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings

from app.kernel.clock import city_day
from app.kernel.db import session, transaction
from app.ledger.queries import balance_of
from app.ledger.verify import verify
from app.places.models import Region
from app.rules.models import Award
from app.rules.recalling import Period
from app.rules.replay import replay
from app.rules.working_out import work_out
from tests import make as build
from tests.rules import make

EXAMPLES = int(os.environ.get("FENGXING_TEST_EXAMPLES", "8")) * 2
STATIONS = [f"00000000-0000-7000-8000-00000000000{number}" for number in range(2)]
AREAS = ["01", "02"]  # two places of a district that each example has for itself
RIDERS = 3
PHASES = (Phase.explicit, Phase.generate)  # an example is told as it was found: each takes a second

FIELDS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "checkin": {"how": st.sampled_from(["scanned", "poster"]), "station": st.sampled_from(STATIONS)},
    "hours": {
        "minutes": st.integers(1, 300),
        "basis": st.sampled_from(["proven", "witnessed", "backfilled"]),
        "category": st.sampled_from(["safety", "rescue"]),
    },
    "report": {
        "stage": st.sampled_from(["accepted", "resolved", "verified"]),
        "category": st.sampled_from(["pothole", "rubbish"]),
        "grade": st.sampled_from(["normal", "urgent"]),
    },
}
EVERYWHERE = st.one_of(
    st.builds(make.when, st.just("first_of_day"), st.booleans()),
    st.builds(make.when, st.just("weekday"), st.integers(1, 7), st.sampled_from(["at_least", "at_most"])),
    st.builds(make.when, st.just("hour"), st.integers(0, 23), st.sampled_from(["at_least", "at_most"])),
    st.builds(make.when, st.just("region"), st.sampled_from(AREAS), st.just("inside")),
    st.builds(make.when, st.just("time"), st.just(["22:00", "08:30"]), st.just("between")),
)
OWN = {
    "checkin": st.builds(make.when, st.just("how"), st.sampled_from(["scanned", "poster"])),
    "hours": st.builds(make.when, st.just("basis"), st.sampled_from(["proven", "witnessed", "backfilled"])),
    "report": st.builds(make.when, st.just("grade"), st.sampled_from(["normal", "urgent"])),
}


@st.composite
def worths(draw: st.DrawFn, kind: str, multiplies: Sequence[str]) -> dict[str, Any]:
    """How many points: in each of the ways a clerk may choose."""
    ways = [
        "fixed",
        *(["per_unit", "tiered"] if kind == "hours" else []),
        *(["multiplier"] if multiplies else []),
    ]
    way = draw(st.sampled_from(ways))
    if way == "fixed":
        return {"kind": way, "points": draw(st.integers(1, 40))}
    if way == "per_unit":
        return {
            "kind": way,
            "field": "minutes",
            "unit": draw(st.integers(5, 90)),
            "points": draw(st.integers(1, 9)),
        }
    if way == "tiered":
        levels = draw(st.lists(st.integers(0, 300), min_size=1, max_size=3, unique=True))
        return {
            "kind": way,
            "field": "minutes",
            "tiers": [{"at_least": level, "points": draw(st.integers(1, 60))} for level in levels],
        }
    named = draw(st.lists(st.sampled_from(list(multiplies)), unique=True, max_size=2))
    return {"kind": way, "percent": draw(st.integers(101, 300)), **({"of": named} if named else {})}


@st.composite
def caps(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    per = draw(st.sampled_from(["rider", "all", *(["station"] if kind == "checkin" else [])]))
    period = draw(st.sampled_from(["day", "week", "month"]))
    limit = draw(st.sampled_from(["points", "times"]))
    return make.cap(per=per, period=period, **{limit: draw(st.integers(1, 30 if limit == "points" else 3))})


@st.composite
def rule_sets(draw: st.DrawFn) -> list[dict[str, Any]]:
    """One to five rules that a clerk could have saved."""
    rules: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 5))):
        kind = draw(st.sampled_from(sorted(FIELDS)))
        base = [
            each["key"] for each in rules if each["fact"] == kind and each["points"]["kind"] != "multiplier"
        ]
        waits = ["at_once", "after_days", *(["on_outcome"] if kind == "report" else [])]
        usable = draw(st.sampled_from(waits))
        when = draw(st.lists(st.one_of(EVERYWHERE, OWN[kind]), max_size=2))
        if kind == "report":  # a rule gives at one of its steps
            when.append(make.when("stage", draw(st.sampled_from(["accepted", "resolved", "verified"]))))
        rules.append(
            make.rule(
                f"R-{number:02}",
                kind,
                draw(worths(kind, base)),
                when=when,
                caps=draw(st.lists(caps(kind), max_size=3)),
                usable=usable,
                **({"usable_after_days": draw(st.integers(1, 30))} if usable == "after_days" else {}),
            )
        )
    return rules


@st.composite
def stories(draw: st.DrawFn) -> dict[str, Any]:
    """A fact: whose, after how many hours it is heard of, and how late that is."""
    kind = draw(st.sampled_from(sorted(FIELDS)))
    return {
        "kind": kind,
        "who": draw(st.integers(0, RIDERS - 1)),
        "hours": draw(st.integers(0, 40)),
        "late_h": draw(st.sampled_from([0, 0, 0, 5, 30])),
        "fields": {name: draw(values) for name, values in FIELDS[kind].items()},
        "area": draw(st.sampled_from(AREAS)),
    }


def district(number: int) -> str:
    """A district with two places in it, where no rules were before."""
    code = f"3201{number:04}"
    for name, path in (
        (code, f"3201/{code}/"),
        *((code + area, f"3201/{code}/{code + area}/") for area in AREAS),
    ):
        parent = build.CITY if name == code else code
        level = "district" if name == code else "subdistrict"
        session.add(Region(code=name, name=name, level=level, parent_code=parent, path=path))
        session.flush()
    return code


def put_in(code: str, rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rules with the places of this district."""
    for each in rules:
        for condition in each["when"]:
            if condition["field"] == "region":
                condition["value"] = code + condition["value"][-2:]
    return rules


def live(version_id: Any) -> dict[str, tuple[int, int]]:
    """What each rule really gave: points, and how often."""
    sums = sa.select(Award.rule_key, sa.func.sum(Award.points), sa.func.count())
    rows = session.execute(sums.where(Award.version_id == version_id).group_by(Award.rule_key))
    return {key: (int(points), count) for key, points, count in rows}


def test_dry_run_live_and_replay_give_the_same(app, clock):
    scene, begin, numbers = make.scene(budget=100_000_000), clock(), count(1000)

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=PHASES,
    )
    @given(rules=rule_sets(), told=st.lists(stories(), min_size=1, max_size=14))
    def the_three_ways_agree(rules: list[dict[str, Any]], told: list[dict[str, Any]]) -> None:
        clock.at = begin
        with transaction():
            code = district(next(numbers))
            version = make.in_force(scene, put_in(code, rules), region_code=code)
            riders = [build.rider().id for _ in range(RIDERS)]
        for story in told:
            clock.advance(hours=story["hours"])
            at = max(begin, clock() - timedelta(hours=story["late_h"]))
            more = {"region": f"3201/{code}/{code + story['area']}/"} | story["fields"]
            make.judge(make.fact(story["kind"], riders[story["who"]], at=at, **more))
        with transaction(write=False):
            gave = live(version.id)
            period = Period(city_day(begin), city_day(clock()))
            run = work_out(session.merge(version), period, at=clock())
            dry = {row["rule"]: (row["draft"], row["times"]) for row in run["rules"] if row["times"]}
            assert dry == gave
            assert run["facts"] == len(told)
            has = [balance_of(person_id) for person_id in riders]
            assert sum(each.usable + each.pending for each in has) == sum(
                points for points, _ in gave.values()
            )
            again = replay()
            assert again.mismatches == []
            assert verify() == []

    the_three_ways_agree()
