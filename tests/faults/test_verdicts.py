"""The runner's own words: what is broken or could not be tried fails the run, what is left out is said."""

from __future__ import annotations

import json
import math
import time

import pytest

from faults import __main__ as runner
from faults.drills import DRILLS
from faults.verdicts import BROKEN, KEPT, LEFT_OUT, NOT_POSSIBLE, Verdict, broken, judge, kept, table, write
from tools import suite
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
    assert suite.verdicts(file, code=1) == (1, 2)
    assert suite.verdicts(tmp_path / "none.json", code=0) == (0, 1)
    write(file, [Verdict("a", "p", "f", LEFT_OUT)])
    assert suite.verdicts(file, code=0) == (0, 1)
    write(file, [Verdict("a", "p", "f", KEPT)])
    assert suite.verdicts(file, code=0) == (1, 0)
    assert suite.verdicts(file, code=3) == (1, 1)


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


def test_a_soak_gives_each_drill_its_share_and_says_what_is_left():
    soak = runner.Soak(time.monotonic() - 600, 3600, bounds_drills=True)
    assert soak.allows_s("kills") == 720
    assert soak.allows_s("controls") == 72
    assert 2990 < soak.left_s <= 3000
    assert soak.left == ", 50 min left"
    small = runner.Soak(time.monotonic(), 600, bounds_drills=False)
    assert small.allows_s("kills") == math.inf
    assert runner.Soak(time.monotonic(), math.inf, bounds_drills=False).left == ""


def test_all_in_all_it_is_broken_if_anything_was():
    soak = runner.Soak(time.monotonic(), 60, bounds_drills=False)
    sound = {"redemptions": 12_000, "answers": 36_000, "kills of workers": 300, "kills of PostgreSQL": 60}
    told = runner.all_in_all(sound, soak)
    assert told.is_good
    assert "12000 redemptions" in told.figure
    assert "0 lost, 0 doubled, 0 oversold" in told.figure
    for bad in ("lost", "doubled", "oversold", "books_open"):
        assert not runner.all_in_all(sound | {bad: 1}, soak).is_good
    assert not runner.all_in_all({}, soak).is_good
