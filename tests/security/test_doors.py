"""Every route, tried by everybody on both sides of a district's border: who is let in is what doors.toml says.

A route that is not in doors.toml fails. For a new one run the tests with FENGXING_WRITE_DOORS=1, which writes the file
anew, and read the difference as a reviewer would: it is the statement of who may do what, and to whose things.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from app.audit.models import AuditRecord
from app.identity.actors import Actor
from app.kernel import traces
from tests.conftest import StandingClock
from tests.security import knocking
from tests.security.knocking import Route, Visitor
from tests.security.world import ANONYMOUS, OWNER, RIDER, World, build

DOORS = Path(__file__).with_name("doors.toml")
PLANTED = (
    "POST /api/v1/cases/<uuid:case_id>/accept",
    "POST /api/v1/redemptions",
    "GET /station/<uuid:station_id>",
    "POST /desk/hours/<uuid:hours_id>/confirm",
)
# Doors that open to nobody in this world, and why that is right.
SHUT = {
    "GET /I/<token>": "there is no invitation",
    "POST /I/<token>": "there is no invitation",
    "POST /api/v1/sign-in/password": "nobody has this password",
    "POST /sign-in/staff": "nobody has this password",
    "GET /api/v1/seals/<int:number>": "nothing is sealed",
    "GET /static/<version>/<path:name>": "there is no such file",
    "POST /api/v1/honours/<uuid:honour_id>/revocation": "nobody is honoured yet",
    "GET /H/<token>": "nobody is honoured yet",
    "GET /api/v1/honours/<uuid:honour_id>/certificate.pdf": "nobody is honoured yet",
    "GET /api/v1/honours/<uuid:honour_id>/credential": "nobody is honoured yet",
    "GET /api/v1/honours/certificates/<token>": "nobody is honoured yet",
    "POST /api/v1/integrity-holds/lift": "nothing is held",
    "POST /desk/honours/<uuid:selection_id>/review/candidates/<uuid:candidate_id>/release": "nothing is held",
    "GET /honours/<uuid:selection_id>": "nothing is under public notice yet",
    "GET /honours/<uuid:selection_id>/<pseudonym>": "nothing is under public notice yet",
    "GET /honours/<uuid:selection_id>/<pseudonym>/photos/<uuid:media_id>": "nothing is under public notice yet",
    "POST /honours/<uuid:selection_id>/objections": "nothing is under public notice yet",
    "GET /honours/<uuid:selection_id>/why": "nothing is under public notice yet",
    "GET /me/honours/<uuid:honour_id>/certificate.pdf": "nobody is honoured yet",
    "GET /desk/honours/<uuid:selection_id>/review/photos/<uuid:photo_id>": "nobody agreed to a photo yet",
    "POST /me/honours/<uuid:selection_id>": "nothing is under public notice yet",
    "POST /api/v1/honours/consent": "nothing is under public notice yet",
    "GET /api/v1/honours/rolls/<uuid:selection_id>": "nothing is under public notice yet",
    "GET /api/v1/honours/rolls/<uuid:selection_id>/mine": "nothing is under public notice yet",
    "GET /api/v1/rewards/<uuid:reward_id>/photo": "it has no photo",
}
EVERYBODY, SIGNED_IN = "everybody", "signed in"


@pytest.fixture
def world(app: Flask, clock: StandingClock) -> World:
    return build()


@pytest.fixture
def visitors(app: Flask, world: World) -> dict[str, Visitor]:
    return knocking.visitors(app, world)


def known() -> dict[str, str]:
    return tomllib.loads(DOORS.read_text("utf-8"))


def summed(let_in: Iterable[str], all_names: Iterable[str]) -> str:
    """Who is let in, in one line."""
    inside, names = set(let_in), list(all_names)
    if inside == set(names):
        return EVERYBODY
    if inside == set(names) - {ANONYMOUS}:
        return SIGNED_IN
    return " ".join(name for name in names if name in inside)


@dataclass
class Found:
    """What a walk through all doors found."""

    opened: dict[str, str]
    shown: list[str]
    unseen: list[str]  # staff looked at riders and nothing was written down


def text_of(answer: TestResponse) -> str:
    return answer.get_data().decode("utf-8", "replace")


def shown(answer: TestResponse, private_ids: Iterable[str], route: Route) -> list[str]:
    """Which ids stand in the answer; a form shows again what was filled in, which its sender knew."""
    text = text_of(answer)
    there = [each for each in private_ids if each in text]
    return [each for each in there if route.method != "POST" or each in text.replace(f'value="{each}"', "")]


@contextmanager
def counted(model: type) -> Iterator[list[object]]:
    """Every row of this model made while the block lasts."""
    made: list[object] = []

    def note(target: object, *_: object) -> None:
        made.append(target)

    sa.event.listen(model, "init", note)
    yield made
    sa.event.remove(model, "init", note)


def walked(app: Flask, world: World, visitors: Mapping[str, Visitor]) -> Found:
    """Each cell of the matrix by a request of its own: who is let in, and what strangers were shown."""
    found = Found({}, [], [])
    for route in knocking.routes(app):
        answers = _answers(app, world, visitors, route, found)
        found.opened[route.name] = summed(
            (name for name, answer in answers.items() if knocking.let_in(answer)), visitors
        )
        if route.method == "POST" and not route.is_api:  # a refused form is shown again, and may show more
            inside = {name: who for name, who in visitors.items() if knocking.let_in(answers[name])}
            answers |= _answers(app, world, inside, route, found, empty=True)
        asked = {str(world.ids.get(each)) for each in route.rule.arguments}
        if (route.method == "GET" or not route.is_api) and "token" not in route.rule.arguments:
            found.shown += [
                f"{route.name} shows {name} {each}"
                for name, answer in answers.items()
                if name in (ANONYMOUS, RIDER) or name.endswith("-there")
                for each in shown(answer, world.private - asked, route)
            ]
    return found


def _answers(
    app: Flask,
    world: World,
    visitors: Mapping[str, Visitor],
    route: Route,
    found: Found,
    *,
    empty: bool = False,
) -> dict[str, TestResponse]:
    """What everybody is answered here, and a note of staff who were told of a rider without a trace."""
    answers = {}
    sent = knocking.knock_at(app, route, world, empty=empty)
    for name, who in visitors.items():
        with counted(AuditRecord) as traces:
            answers[name] = knocking.answered(who, sent)
        looked = route.method == "GET" or empty  # a form that was filled in shows what its sender knew
        text = text_of(answers[name]) if looked else ""
        told = any(each in text for each in world.personal)
        if told and name not in (OWNER, RIDER) and not traces:
            found.unseen.append(f"{route.name} by {name}")
    return answers


SHARES = 6  # one walk takes longer than any other test; its parts are dealt out to all workers


@pytest.mark.once
@pytest.mark.parametrize("share", range(SHARES))
def test_each_door_opens_to_those_it_is_for_and_shows_nothing_across_a_border(
    app: Flask, world: World, visitors: dict[str, Visitor], monkeypatch: pytest.MonkeyPatch, share: int
) -> None:
    mine = knocking.routes(app)[share::SHARES]
    monkeypatch.setattr(knocking, "routes", lambda _: mine)
    with knocking.traceless(monkeypatch):
        found = walked(app, world, visitors)
    if os.environ.get("FENGXING_WRITE_DOORS"):
        write(found.opened)
    wanted = known()
    assert not set(found.opened) - set(wanted), "routes nobody thought about: see the top of this file"
    assert {name: inside for name, inside in found.opened.items() if inside != wanted[name]} == {}
    assert found.shown == []
    assert found.unseen == []


def write(opened: Mapping[str, str]) -> None:
    """Take a share of the walk into the file, in the order of addresses."""
    doors = sorted((known() | opened).items(), key=lambda door: door[0].split(" ")[::-1])
    DOORS.write_text("".join(f'"{name}" = "{inside}"\n' for name, inside in doors), "utf-8")


def test_no_door_is_known_that_is_gone(app: Flask) -> None:
    there = {route.name for route in knocking.routes(app)}
    if os.environ.get("FENGXING_WRITE_DOORS"):
        write({})
    assert set(known()) == there


def test_no_door_stays_shut_for_everybody_without_a_reason() -> None:
    """A door that opens to nobody in this world proves nothing: each is named here with why."""
    assert {name for name, inside in known().items() if not inside} == set(SHUT)


def test_the_walk_finds_a_door_left_open(
    app: Flask, world: World, visitors: dict[str, Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted bug: a scope that is never checked."""
    monkeypatch.setattr(Actor, "can", lambda *_, **__: True)
    monkeypatch.setattr(Actor, "must", lambda *_, **__: None)
    some = [each for each in knocking.routes(app) if each.name in PLANTED]
    assert len(some) == len(PLANTED)
    monkeypatch.setattr(knocking, "routes", lambda _: some)
    with knocking.traceless(monkeypatch):
        found = walked(app, world, visitors)
    assert {name for name in PLANTED if found.opened[name] != known()[name]} == set(PLANTED)


def test_the_walk_finds_a_look_that_left_no_trace(
    app: Flask, world: World, visitors: dict[str, Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted bug: the audit log is not written."""
    some = [each for each in knocking.routes(app) if each.name == "GET /desk/shifts/<uuid:shift_id>"]
    monkeypatch.setattr(knocking, "routes", lambda _: some)
    monkeypatch.setattr(traces, "_trace", lambda **_: None)
    with knocking.traceless(monkeypatch):
        assert walked(app, world, visitors).unseen
