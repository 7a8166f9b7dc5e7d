"""A life in which requests cross: nobody is answered otherwise than afterwards, and it ends as if nobody had."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask import Flask

from app.cli.demo import data
from app.identity import appointing
from app.identity.actors import SYSTEM, Actor
from app.kernel.db import session, transaction
from app.kernel.ids import new_id
from app.places.models import Region
from simulator import crossing, running
from simulator.chance import Chance
from simulator.crossing import DONE, Came, Crossings, Meeting
from simulator.product.timekeeping import carry_out, sweep, sweeps
from simulator.running import Plan
from simulator.server import Answer, Request
from tests import databases, make

RIDERS = 40 if databases.SERVER_URL else 2  # in a file nothing crosses
PLAN = Plan(seed=2, days=1, riders=RIDERS, fraud=2, pace=6.0, audit_every=5000, crossings=True)


@pytest.fixture(autouse=True)
def _a_village(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "STATIONS", data.STATIONS[:3])
    monkeypatch.setattr(appointing, "hash_password", lambda _password: "-")


def on_a_server() -> bool:
    return bool(databases.SERVER_URL)


def test_a_day_on_which_requests_cross_ends_as_one_on_which_none_does(app: Flask):
    crossed = running.run(PLAN)
    assert crossed.violations == []
    assert (crossed.crossed > 20, crossed.waited > 8) == (on_a_server(), on_a_server())
    databases.empty()
    assert running.run(replace(PLAN, crossings=False)).digest == crossed.digest


def test_without_row_locks_somebody_is_answered_otherwise(app: Flask, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sa.Select, "with_for_update", lambda self, **_how: self)
    found = running.run(PLAN).violations
    assert [each.split(":")[0] for each in found] == ["I18"] * len(found)
    assert bool(found) == on_a_server()


# --- what is asked ---------------------------------------------------------------------------------------------------


def decide(**_facts: object) -> dict[str, object]:
    """A verb of somebody."""
    return {}


def asked(by: Actor, **facts: object) -> Request:
    return Request(do=decide, by=by, facts=facts, key="k")


def test_a_second_is_the_same_again_by_another_hand_its_contrary_or_a_job_and_beside_a_job_comes_what_was_asked(
    app: Flask,
):
    li, zhang = (replace(SYSTEM, person_id=new_id(), is_system=False) for _ in range(2))
    crossings = Crossings(seed=1)
    for number, by in enumerate((li, zhang)):
        crossings.come(asked(by, case_id="1", approved=True), number, lambda _request: Answer(True, ""))
    seconds = [
        second
        for number in range(100)
        if (second := crossings._second(asked(li, case_id="1", approved=True), Chance("second", number)))
    ]
    told = {(each.do, each.by.key, each.facts.get("approved")) for each in seconds if each.do is decide}
    assert told == {(decide, li.key, True), (decide, zhang.key, True), (decide, li.key, False)}
    assert {each.facts["kind"] for each in seconds if each.do is sweep} <= set(sweeps())
    assert any(each.do is sweep for each in seconds)
    job = Request(do=carry_out, by=SYSTEM, facts={"kind": sweeps()[0]}, own_units=True)
    beside = [crossings._second(job, Chance("job", number)) for number in range(100)]
    assert {each.do for each in beside if each} == {decide}


NO, SAW, SEES, SAYS = (
    Came("gone"),
    Came(DONE, "as it was"),
    Came(DONE, "as it is"),
    Came(DONE, "a third thing"),
)


@pytest.mark.parametrize(
    "before, crossed, after, differs",
    [
        (SAW, SAW, SEES, False),
        (SAW, SEES, SEES, False),
        (SAW, SAW, NO, False),
        (SAW, SAYS, SEES, True),
        (Came(DONE), Came(DONE), NO, True),  # a deed
        (Came(DONE), NO, Came(DONE), True),
        (Came(DONE), NO, NO, False),
        (NO, Came("failed: x"), NO, True),
        (NO, Came("other"), NO, False),
    ],
)
def test_a_look_may_show_either_moment_and_a_deed_comes_second(
    before: Came, crossed: Came, after: Came, differs: bool
):
    meeting = Meeting(
        first=asked(SYSTEM), second=asked(SYSTEM), do=lambda _r: Answer(True, ""), before=before
    )
    assert meeting.differs(crossed, after) is differs


def test_a_look_is_what_changes_no_row(app: Flask):
    if not on_a_server():
        return  # in a file nothing crosses
    with transaction():
        make.regions()
    somebody = replace(SYSTEM, person_id=new_id(), is_system=False)

    def reads(_request: Request) -> Answer:
        return Answer(True, str(session.scalar(sa.select(Region.name).where(Region.code == make.CITY))))

    def writes(request: Request) -> Answer:
        session.execute(sa.update(Region).where(Region.code == make.CITY).values(name="别处"))
        return reads(request)

    for do, by, shown in ((reads, somebody, "南京市"), (writes, somebody, None), (reads, SYSTEM, None)):
        for _ in range(2):  # counted since the last unit of work, not since the connection began
            assert crossing._tried(asked(by), do) == Came(DONE, shown)
