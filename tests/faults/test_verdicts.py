"""The runner's own words: what is broken or could not be tried fails the run, what is left out is said."""

from __future__ import annotations

import json
import math
import subprocess
import time

import pytest

from faults import __main__ as runner
from faults import ground as ground_module
from faults.drills import DRILLS
from faults.ground import Ground
from faults.shares import CHECKED_WITHIN_S, SHARES, TRAFFIC, Share, Soak
from faults.sizes import SIZES
from faults.verdicts import (
    BROKEN,
    KEPT,
    LEFT_OUT,
    MISSING,
    NOT_POSSIBLE,
    Verdict,
    broken,
    judge,
    kept,
    missing,
    table,
    write,
)
from tools import tallies
from tools.progress import Refused


def _all() -> list[Verdict]:
    return [Verdict("a", "p", "f", verdict) for verdict in (KEPT, BROKEN, NOT_POSSIBLE, LEFT_OUT)]


def test_what_could_not_be_tried_is_no_success():
    assert [each.is_good for each in _all()] == [True, False, False, True]
    assert (kept(_all()), broken(_all())) == (1, 2)


def test_a_figure_decides():
    assert judge("a", "p", "1 lost", False).verdict == BROKEN
    assert judge("a", "p", "0 lost", True).verdict == KEPT


def test_the_table_lines_up_with_wide_characters():
    lines = table([judge("a", "水", "1", True), judge("a", "xy", "2", True)])
    assert lines[0].split() == ["drill", "promise", "figure", "verdict"]
    assert lines[1].index("1") + 1 == lines[2].index("2")


def test_make_test_counts_the_report(tmp_path):
    file = tmp_path / "faults.json"
    write(file, _all(), seed=7)
    assert json.loads(file.read_text("utf-8"))["seed"] == 7
    assert tallies.of_faults(file, code=1) == (1, 2, ("a: p: f: BROKEN", "a: p: f: NOT POSSIBLE HERE"))
    assert tallies.of_faults(tmp_path / "none.json", code=0)[:2] == (0, 1)
    write(file, [Verdict("a", "p", "f", LEFT_OUT)])
    assert tallies.of_faults(file, code=0)[:2] == (0, 1)
    write(file, [Verdict("a", "p", "f", KEPT)])
    assert tallies.of_faults(file, code=0) == (1, 0, ())
    assert tallies.of_faults(file, code=3)[:2] == (1, 1)


def test_drills_are_chosen_and_left_out_by_name():
    assert runner.chosen("", "") == (list(DRILLS), [])
    assert runner.chosen("kills, jobs", "") == (["kills", "jobs"], [])
    assert runner.chosen("", "disks")[1] == ["disks"]
    assert "disks" not in runner.chosen("", "disks")[0]
    with pytest.raises(Refused, match="not disk$"):
        runner.chosen("disk", "")


def test_a_soak_lasts_as_long_as_asked():
    assert runner.soak_s({}) == 3600
    assert runner.soak_s({"HOURS": "2"}) == 7200
    assert runner.soak_s({"HOURS": "2", "SOAK_MINUTES": "10"}) == 600
    assert runner.size_of(True, {}) == "soak"
    assert runner.size_of(True, {"SOAK_MINUTES": "10"}) == "ci"
    assert runner.size_of(False, {}) == "ci"


def test_what_needs_a_rare_program_is_named_and_no_failure():
    rows = [Verdict("machine-clocks", "p", "not there", MISSING), judge("a", "p", "1", True)]
    assert (kept(rows), broken(rows), missing(rows)) == (1, 0, ["machine-clocks"])


def test_a_soak_gives_each_drill_its_share_and_says_what_is_left():
    soak = Soak(3600, time.monotonic() - 600)
    kills = soak.share_of("kills")
    assert (kills.lasts_s, kills.traffic_s) == (SHARES["kills"] * 3600, TRAFFIC * kills.lasts_s)
    assert 2990 < soak.left_s <= 3000
    assert soak.left == ", 50 min left"
    assert Soak(600).share_of("controls").lasts_s == 600 / 20
    nobody_waits = Soak()
    assert nobody_waits.left == ""
    assert nobody_waits.share_of("kills").lasts_s == math.inf


def test_no_drill_gets_more_than_is_left():
    soak = Soak(3600, time.monotonic() - 3590)
    assert soak.share_of("kills").lasts_s <= 10
    assert Soak(3600, time.monotonic() - 4000).share_of("kills").lasts_s == 0


def test_a_share_begins_nothing_new_when_its_traffic_is_over_and_still_checks():
    used = Share(100, time.monotonic() - 61)
    assert used.is_over_for_traffic
    assert used.for_a_check_s == CHECKED_WITHIN_S
    fresh = Share(1000)
    assert not fresh.is_over_for_traffic
    assert 999 < fresh.for_a_check_s <= 1000
    assert Share().for_a_check_s is None
    assert not Share().is_over_for_traffic


def test_a_drill_whose_turn_comes_too_late_is_a_broken_promise(tmp_path):
    ground = Ground(None, tmp_path, seed=1)
    found = list(runner._run(ground, SIZES["ci"], "kills", Soak(3600, time.monotonic() - 3600)))
    assert [each.verdict for each in found] == [BROKEN]
    assert "none was left" in found[0].figure


def test_books_that_cannot_be_checked_in_time_are_not_closed(tmp_path, monkeypatch):
    ground = Ground(None, tmp_path, seed=1)

    def late(*_args, **_facts):
        raise subprocess.TimeoutExpired("flask", 60)

    monkeypatch.setattr(ground_module.warm, "run", late)
    assert "did not end within 60 s" in ground.books("sqlite://")


def test_all_in_all_it_is_broken_if_anything_was():
    soak = Soak(60)
    sound = {"redemptions": 12_000, "answers": 36_000, "kills of workers": 300, "kills of PostgreSQL": 60}
    told = runner.all_in_all(sound, soak)
    assert told.is_good
    assert "12000 redemptions" in told.figure
    assert "0 lost, 0 doubled, 0 oversold" in told.figure
    for bad in ("lost", "doubled", "oversold", "books_open"):
        assert not runner.all_in_all(sound | {bad: 1}, soak).is_good
    assert not runner.all_in_all({}, soak).is_good
