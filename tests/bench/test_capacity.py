"""The capacity page follows from a run: more riders need more, each habit counts, a missing part is named."""

from __future__ import annotations

import json

import pytest

from bench import capacity

COST = {each.path: (8.0, 2.0) for each in capacity.DAY}
LEFT = {"rider": 1_000, "check-in": 5_000, "hand-over": 3_000, "report": 2_000}
RUN = {
    "machine": {"cores": 2, "memory_gb": 24, "python": "3.11", "fsync_ms": {"median": 0.2, "p99": 1.0}},
    "paths": {
        "PostgreSQL 15": [
            *({"path": path, "app_ms": app, "db_ms": db} for path, (app, db) in COST.items()),
            {"path": "memory"},
        ],
        "SQLite 3": [],
    },
    "storage": [{"path": name, "bytes": size} for name, size in LEFT.items()],
}


def test_cores_are_the_peak_of_all_habits_at_half_use():
    out = 864_000
    cores, _ = capacity.needed(round(out / capacity.ACTIVE), COST, LEFT)
    a_second = out * sum(each.a_day for each in capacity.DAY) / 86_400
    assert cores == -(-a_second * 0.010 * 6 // 0.5)


def test_disk_is_a_year_of_what_is_left_and_every_rider_once():
    _, kept = capacity.needed(4, COST, LEFT)  # one rider is out
    assert kept == pytest.approx(365 * (2 * 5_000 + 0.15 * 3_000 + 0.05 * 2_000) + 4 * 1_000)


def test_a_habit_that_costs_twice_needs_more():
    dearer = COST | {"rider home": (400.0, 100.0)}
    assert capacity.needed(100_000, dearer, LEFT)[0] > capacity.needed(100_000, COST, LEFT)[0]


def test_the_page_has_a_line_for_each_size_and_each_habit():
    told = capacity.page(RUN)
    assert all(f"| {riders:,} |" in told for riders in capacity.RIDERS)
    assert all(f"| {each.name} |" in told for each in capacity.DAY)


def test_a_run_without_what_is_needed_is_refused_by_name(tmp_path, monkeypatch):
    file = tmp_path / "bench.json"
    file.write_text(json.dumps({"paths": {}}), "utf-8")
    monkeypatch.setattr("sys.argv", ["capacity", str(file)])
    with pytest.raises(SystemExit, match="storage"):
        capacity.main()
