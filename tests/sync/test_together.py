"""Scans settled together end as they do one by one, down to the last row; and a batch asks the database little."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app.checkins.annulling import annul_check_in
from app.checkins.models import Checkin, RefusedScan
from app.codes.models import ScanSession
from app.kernel.db import db, session, transaction
from app.ledger.accounts import budget_of, correction_account
from app.ledger.posting import Leg, post
from app.ledger.verify import verify
from app.notices.models import Notice
from app.rules.models import Award, NoAward, RecordedFact, UsageCounter
from app.sync import receiving, settling, together
from app.sync.models import SyncItem
from tests import databases
from tests import make as city
from tests.rules.make import cap, rule
from tests.sync import make, network


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The way it was done before: each item is written down and settled by itself."""

    @contextmanager
    def patched() -> Iterator[None]:
        with monkeypatch.context() as patch:
            patch.setattr(settling, "waves", lambda items: ([each] for each in items))
            patch.setattr(receiving, "_take_all", _take_each)
            yield

    return patched


def _take_each(read: Sequence[Any], arrived: dict[str, Any], by: Any) -> list[Any]:
    return [
        each if isinstance(each, receiving.Unkept) else receiving._take(each | arrived, by) for each in read
    ]


def everything(scene: make.Scene) -> dict[str, Any]:
    """All that a settlement writes, by numbers instead of ids."""
    people = {each.rider.id: f"rider {n}" for n, each in enumerate(scene.riders)}
    places = {str(each.station.id): f"station {n}" for n, each in enumerate(scene.tablets)}

    def plain(value: Any) -> str:
        text = json.dumps(value, sort_keys=True, default=str, ensure_ascii=False)
        for ids in (people, places):
            for each, name in ids.items():
                text = text.replace(str(each), name)
        return text

    def rows(model: Any, *columns: str) -> list[str]:
        return sorted(plain([getattr(each, name) for name in columns]) for each in session.query(model))

    with transaction(write=False):
        assert list(verify()) == []
        accounts = session.execute(
            sa.text("SELECT key, balance, held FROM accounts WHERE balance <> 0 OR held <> 0")
        )
        return {
            "items": rows(
                SyncItem, "kind", "seq", "happened_at", "person_id", "state", "slug", "points", "words"
            ),
            "checkins": rows(
                Checkin,
                "person_id",
                "station_id",
                "window_starts_at",
                "turn",
                "how",
                "happened_at",
                "arrived_at",
            ),
            "steps": rows(ScanSession, "person_id", "station_id", "opened_at"),
            "refused": rows(RefusedScan, "person_id", "station_id", "slug", "at"),
            "facts": rows(RecordedFact, "kind", "person_id", "happened_at", "fields", "judged_at"),
            "awards": rows(
                Award, "person_id", "rule_key", "points", "state", "explanation", "awarded_at", "funded_at"
            ),
            "none": rows(NoAward, "why", "explanation"),
            "usage": rows(UsageCounter, "rule_key", "subject", "period", "points", "times"),
            "notices": rows(Notice, "person_id", "slug", "facts"),
            "accounts": sorted(plain(list(each)) for each in accounts),
        }


# --- a city's day over a bad network ---


@settings(
    max_examples=2 if databases.SERVER_URL else 4,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(day=st.integers(0, 10_000), order=st.integers(0, 10_000), riders=st.integers(3, 14))
def test_a_day_ends_as_it_does_one_by_one(
    app: Any, clock: Any, one_by_one: Any, day: int, order: int, riders: int
):
    def live() -> tuple[dict[str, Any], dict[str, Any]]:
        told = network.a_day(seed=day, items=60, tablets=3, riders=riders)
        network.tell(told, seed=order)
        return network.end(told), everything(told.scene)

    now = live()
    with one_by_one():
        assert live() == now


# --- one batch in which everything happens ---


def batch(*, left_in_budget: int | None = None) -> make.Scene:
    """A log of thirty riders: most are counted, one of each sort is not; one cap is of the station, not of a rider."""
    databases.empty()
    chance = random.Random(5)
    rules = [
        rule("R-01", "checkin", 5, caps=[cap(points=10)]),
        rule("R-02", "checkin", 3, caps=[cap(per="station", points=31)]),
    ]
    scene = make.scene(riders=30, tablets=2, rules=rules)
    if left_in_budget is not None:
        drain(scene, left_in_budget)
    at = make.clock.now() + timedelta(minutes=5)
    codes = [each.phone.code(at) for each in scene.riders]
    scene.there.note("scan", codes[3], at - timedelta(seconds=20))  # used elsewhere before
    for number, code in enumerate(codes):
        when = at + timedelta(seconds=number)
        made_up = make.resealed(code[:14] + str(chance.randrange(10**18)).zfill(18))
        scene.here.note("scan", made_up if number == 7 else code, when)
        if number in (5, 11):  # shown twice
            scene.here.note("scan", code, when + timedelta(milliseconds=100))
        if number == 13:  # something is handed over in between
            scene.here.note("redeem", codes[20], when, reward_id=scene.water.id)
    scene.here.note("scan", "nonsense", at + timedelta(minutes=1))
    make.clock._clock.advance(hours=1)  # type: ignore[attr-defined]
    scene.there.send(mood="asleep")
    scene.here.send([*scene.here.log, scene.here.log[4]])
    return scene


def drain(scene: make.Scene, left: int) -> None:
    """The budget has so many points left."""
    with transaction():
        budget = budget_of(city.CITY, make.clock.now())
        legs = [Leg(budget.id, left - budget.balance), Leg(correction_account().id, budget.balance - left)]
        post(kind="test", source="drained", legs=legs, words={}, by=scene.boss, at=make.clock.now())


@pytest.mark.parametrize("left_in_budget", [None, 43, 0])
def test_a_batch_ends_as_it_does_one_by_one(
    app: Any, clock: Any, one_by_one: Any, left_in_budget: int | None
):
    began = clock.at
    now = everything(batch(left_in_budget=left_in_budget))
    clock.at = began
    with one_by_one():
        assert everything(batch(left_in_budget=left_in_budget)) == now
    states = Counter(json.loads(each)[4] for each in now["items"])
    assert states["counted"] > 25
    assert {"already", "refused", "review"} <= set(states)
    assert sum(json.loads(each)[5] == "code-used-twice" for each in now["items"]) == 1
    if left_in_budget:
        assert {json.loads(each)[3] for each in now["awards"]} == {"active", "queued"}


def test_what_goes_wrong_with_the_lot_is_settled_one_by_one(
    app: Any, clock: Any, one_by_one: Any, monkeypatch: pytest.MonkeyPatch
):
    began = clock.at
    with one_by_one():
        before = everything(batch())
    clock.at = began
    count = together.check_in_together

    def poisoned(presences: Any) -> Any:
        count(presences)
        raise RuntimeError("after all was written")

    monkeypatch.setattr(together, "check_in_together", poisoned)
    assert everything(batch()) == before


def test_goods_of_a_rider_come_in_their_order_among_the_scans(app: Any, clock: Any):
    """A code used for goods at one station and scanned at another later: the goods are right, the scan is not."""
    scene = make.scene(riders=6, tablets=2)
    at = clock.at + timedelta(minutes=5)
    codes = [each.phone.code(at) for each in scene.riders]
    for number, code in enumerate(codes[1:]):
        scene.here.note("scan", code, at + timedelta(seconds=number))
    scene.here.note("redeem", codes[0], at + timedelta(seconds=9), reward_id=scene.water.id)
    scene.there.note("scan", codes[0], at + timedelta(seconds=12))
    scene.there.note("scan", codes[1], at - timedelta(seconds=2))
    clock.advance(hours=1)
    for tablet in (scene.there, scene.here):
        tablet.send(mood="asleep")

    told = [
        (each.kind, each.station_id == scene.here.station.id, each.state, each.slug) for each in make.items()
    ]
    assert told == [
        ("scan", False, "counted", None),
        ("scan", True, "review", "code-used-twice"),
        *[("scan", True, "counted", None)] * 4,
        ("redeem", True, "counted", None),
        ("scan", False, "review", "code-used-twice"),
    ]


def test_a_presence_in_a_window_that_is_taken_is_settled_with_the_lot(
    app: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
):
    scene = make.scene(riders=5)
    for minutes in (5, 10):
        at = clock.at + timedelta(minutes=minutes)
        for rider in scene.riders:
            scene.here.note("scan", rider.phone.code(at), at)
    clock.advance(hours=1)
    monkeypatch.setattr(settling, "settle", None)  # nothing is left for one by one

    assert make.states(scene.here.send()) == ["counted"] * 5 + ["already: checked-in-already"] * 5


def test_a_window_that_was_taken_back_is_free_for_a_batch(app: Any, clock: Any):
    scene = make.scene(riders=5)
    for rider in scene.riders:
        scene.here.note("scan", rider.phone.code())
    clock.advance(minutes=1)
    for each in scene.here.send().items:
        with transaction():
            annul_check_in(
                checkin_id=each.checkin_id,
                station_id=scene.here.station.id,
                reason="认错人了",
                by=scene.here.manager,
                at=clock.at,
            )
    for rider in scene.riders:
        scene.here.note("scan", rider.phone.code())

    assert make.states(scene.here.send())[5:] == ["counted"] * 5


def test_an_id_that_comes_twice_in_a_batch_is_one_item(app: Any, clock: Any):
    scene = make.scene()
    scene.rider.keep(scene.station)
    first = scene.rider.outbox[0]

    answers = make.states(scene.rider.send([first, first, first | {"accuracy_m": 11}]))

    assert answers == ["counted", "counted", "refused: item-changed"]


def test_two_entries_of_a_batch_that_claim_one_place_are_both_kept(app: Any, clock: Any):
    scene = make.scene(riders=2)
    for rider in scene.riders:
        scene.here.note("scan", rider.phone.code(clock.at), clock.at)
        scene.here.log[-1]["text"] = scene.here.log[-1]["text"].replace('"seq":2', '"seq":1')

    scene.here.send()

    assert sorted(str(each.seq) for each in make.items()) == ["1", "None"]


# --- what it costs ---


def test_a_batch_asks_the_database_no_more_for_many_than_for_few(app: Any, clock: Any):
    def asked(riders: int) -> int:
        databases.empty()
        scene = make.scene(riders=riders, tablets=1)
        at = clock.at + timedelta(minutes=5)
        for number, rider in enumerate(scene.riders):
            scene.here.note("scan", rider.phone.code(at), at + timedelta(seconds=number))
        clock.advance(hours=1)
        statements: list[str] = []
        count = lambda _c, _cursor, statement, *_: statements.append(statement)  # noqa: E731
        sa.event.listen(db.engine, "before_cursor_execute", count)
        try:
            receipt = scene.here.send()
        finally:
            sa.event.remove(db.engine, "before_cursor_execute", count)
        assert make.states(receipt) == ["counted"] * riders
        return len(statements)

    assert asked(40) <= asked(10) + 5 < 90
