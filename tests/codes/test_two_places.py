"""One rider's codes at two stations sooner than anybody gets there: told at once, to the rider and the department."""

from __future__ import annotations

import pytest

from app.audit.models import AuditRecord
from app.codes import presenting
from app.kernel.db import session, transaction
from app.notices.models import Notice
from app.notices.telling import text_of
from tests.codes import make


def told() -> tuple[list[str], list[dict]]:
    """What the rider reads, and what the trace says."""
    with transaction(write=False):
        notices = [text_of(each, "en") for each in session.query(Notice).filter_by(slug="code-in-two-places")]
        traces = [each.facts for each in session.query(AuditRecord).filter_by(action="code.in-two-places")]
    return notices, traces


def test_a_copied_phone_is_seen_at_the_second_station_and_told_at_once(app, clock):
    scene = make.scene()
    assert make.verdict(scene.phone.code(), scene.station, scene.manager) == "accepted"
    clock.advance(minutes=2)
    assert make.verdict(scene.phone.code(), scene.other_station, scene.other_manager) == "accepted"
    (notice,), (trace,) = told()
    assert "夫子庙驿站" in notice
    assert "2 minutes" in notice
    assert trace["seconds"] == 120
    assert 4_500 < trace["metres"] < 6_000
    assert trace["station_id"] == str(scene.other_station.id)


@pytest.mark.parametrize(("minutes", "count"), [(1, 1), (2, 1), (3, 0), (30, 0)])
def test_whoever_had_the_time_is_not_told_of(app, clock, minutes, count):
    scene = make.scene()
    make.present(scene.phone.code(), scene.station, scene.manager)
    clock.advance(minutes=minutes)
    make.present(scene.phone.code(), scene.other_station, scene.other_manager)
    assert len(told()[0]) == len(told()[1]) == count


def test_the_same_station_and_the_same_code_again_say_nothing(app, clock):
    scene = make.scene()
    for _ in range(2):
        make.present(scene.phone.code(), scene.station, scene.manager)
    clock.advance(minutes=1)
    make.present(scene.phone.code(), scene.station, scene.manager)
    assert told() == ([], [])


def test_it_would_be_noticed_if_riders_flew(app, clock, monkeypatch):
    monkeypatch.setattr(presenting, "FASTEST_M_S", 10_000.0)
    scene = make.scene()
    make.present(scene.phone.code(), scene.station, scene.manager)
    clock.advance(minutes=2)
    make.present(scene.phone.code(), scene.other_station, scene.other_manager)
    assert told() == ([], [])
