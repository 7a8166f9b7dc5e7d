"""An honest rider is in one place at a time, and the books of a city that was lived in say so of all of them."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import combinations
from math import inf
from operator import itemgetter
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from app.checkins.models import Checkin
from app.cli.demo import data
from app.identity import appointing
from app.kernel.db import in_transaction, session
from app.kernel.geo import Position, distance_m
from app.places.models import Station
from app.volunteering.models import Activity, Attendance, Shift
from simulator import running
from simulator.fraud import BLATANT, MANNERS, Fraudster
from simulator.habits import Habits
from simulator.looks import ShiftSeen
from simulator.running import Plan
from simulator.whereabouts import STOP, Whereabouts

Span = tuple[datetime, datetime, Position]

NOON = datetime(2026, 9, 7, 4, tzinfo=UTC)
HALL = Position(32.0437, 118.7986)
NEAR = Position(32.0419, 118.7942)
FAR = Position(32.3450, 118.8320)  # 34 km


@pytest.fixture
def somebody() -> Whereabouts:
    here = Whereabouts(NOON, NOON)
    here.arrive(HALL, NOON)
    return here


def later(**span: float) -> datetime:
    return NOON + timedelta(**span)


def test_a_long_way_takes_its_time(somebody: Whereabouts):
    assert not somebody.can_be_at(FAR, later(minutes=55))
    assert somebody.can_be_at(FAR, later(minutes=63))
    assert somebody.can_be_at(NEAR, later(seconds=48) + STOP)


def test_the_same_place_takes_none(somebody: Whereabouts):
    assert somebody.can_be_at(HALL, NOON)


def test_a_stay_ends_before_the_next_way_begins(somebody: Whereabouts):
    somebody.stay(later(hours=2))
    assert somebody.can_be_at(HALL, later(hours=1))
    assert somebody.earliest(NEAR, later(hours=1)) == later(hours=2, seconds=48) + STOP
    somebody.arrive(HALL, later(hours=1))
    somebody.set_out(FAR, later(hours=2), later(hours=1))
    assert somebody.earliest(NEAR, later(hours=1)) == later(hours=2, seconds=48) + STOP


def test_a_shorter_stay_does_not_end_a_longer_one(somebody: Whereabouts):
    somebody.stay(later(hours=2))
    somebody.stay(later(hours=1))
    assert somebody.earliest(NEAR, later(hours=1)) == later(hours=2, seconds=48) + STOP


def test_whoever_is_on_the_way_does_nothing_else(somebody: Whereabouts):
    arrives = somebody.earliest(FAR, NOON)
    somebody.set_out(FAR, arrives, NOON)
    assert not somebody.can_be_at(HALL, later(minutes=1))
    assert somebody.earliest(FAR, later(minutes=1)) == arrives


def test_a_place_that_nobody_knows_is_near_and_still_holds(somebody: Whereabouts):
    somebody.arrive(None, NOON)
    somebody.stay(later(hours=1))
    assert somebody.earliest(FAR, later(minutes=5)) == later(hours=1)


def test_a_shift_that_a_friend_scans_for_one_holds_nobody(
    somebody: Whereabouts, monkeypatch: pytest.MonkeyPatch
):
    cheat = Fraudster.__new__(Fraudster)
    cheat.whereabouts, cheat.manner = somebody, MANNERS[BLATANT]
    monkeypatch.setattr(cheat, "scan_in_and_out", lambda shift, _at: shift.ends_at, raising=False)
    cheat.attend(ShiftSeen("a", "b", NOON, later(hours=2), 5, FAR), NOON)
    assert cheat.whereabouts.can_be_at(NEAR, later(minutes=5))


KEEN = Habits(drops_in=0.8, eyes=0.0, heart=1.0, spends=0.1, rhythm="midday", own_code=0.5)


@pytest.mark.once
def test_no_honest_rider_is_in_two_places_at_once(app: Flask, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(appointing, "hash_password", lambda _password: "-")
    monkeypatch.setattr(
        data, "STATIONS", data.STATIONS[::3]
    )  # far apart, and riders that are always on the way
    monkeypatch.setattr(data, "REWARDS", data.REWARDS[:1])
    monkeypatch.setattr(Habits, "drawn", lambda _chance: KEEN)
    assert running.run(Plan(seed=9, days=4, riders=6, pace=3.0, audit_every=10_000)).violations == []
    known = in_transaction(presences, write=False)
    pairs = [pair for spans in known.values() for pair in combinations(sorted(spans, key=itemgetter(0)), 2)]
    stays = [span for spans in known.values() for span in spans if span[0] < span[1]]
    assert len(pairs) > 300
    assert len(stays) > 5
    for (_came, left, here), (comes, _leaves, there) in pairs:
        assert distance_m(here, there) < 100 or kmh(left, here, comes, there) < 60


def kmh(left: datetime, here: Position, comes: datetime, there: Position) -> float:
    """How fast somebody must have been who left one place to come to another; who did not leave at all was too fast."""
    hours = (comes - left) / timedelta(hours=1)
    return distance_m(here, there) / 1000 / hours if hours > 0 else inf


def presences() -> dict[UUID, list[Span]]:
    """From when to when each rider was where, by check-ins and shifts."""
    seen: dict[UUID, list[Span]] = defaultdict(list)
    for checkin, station in session.execute(select(Checkin, Station).join(Station)):
        seen[checkin.person_id].append((checkin.happened_at, checkin.happened_at, station.position))
    attended = select(Attendance, Activity).join(Shift, Attendance.shift_id == Shift.id)
    for attendance, activity in session.execute(attended.join(Activity, Shift.activity_id == Activity.id)):
        left = attendance.signed_out_at or attendance.signed_in_at
        seen[attendance.person_id].append((attendance.signed_in_at, left, activity.position))
    return seen
