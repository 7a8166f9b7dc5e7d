"""What the drills do is what the documents say, and harm comes when it should."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from faults import databases, small_disk
from faults.__main__ import _parser
from faults.drills import DRILLS, dying_at_random, failing_over, restoring
from faults.drills.killing import spread
from faults.patched import PATCHES
from faults.shares import CITY, SHARES, Share
from faults.sizes import SIZES
from faults.verdicts import KEPT
from tools import layout

OPERATIONS = (layout.ROOT / "docs" / "operations.md").read_text("utf-8")


@pytest.mark.parametrize(
    "setting",
    [
        *databases.archiving(Path("/x")),
        *restoring.recovery(Path("/x"), "now"),
        "recovery.signal",
        *failing_over.following("-", 1),
        "standby.signal",
        "synchronous_standby_names",
        "target_session_attrs=read-write",
        "pg_promote",
    ],
)
def test_what_is_drilled_is_what_is_described(setting):
    assert setting in OPERATIONS


def test_the_bugs_that_are_planted_have_names():
    assert {"forgets-keys", "reads-then-writes", "answers-too-early"} <= set(PATCHES)


def test_the_product_knows_nothing_of_faults():
    """A switch that plants a bug belongs to the runner, never to what is shipped."""
    for file in (layout.ROOT / "app").rglob("*.py"):
        text = file.read_text("utf-8")
        assert "FAULTS_" not in text, file
        assert "import faults" not in text, file
        assert "from faults" not in text, file


class _Crowd:
    """Goes on by one errand of 120 each time somebody looks."""

    def __init__(self) -> None:
        self.seen = 0

    @property
    def gone(self) -> float:
        self.seen += 1
        return self.seen / 120


def test_harm_is_spread_over_the_whole_run(monkeypatch):
    crowd, done = _Crowd(), []
    spread(crowd, [lambda: done.append(crowd.seen)] * 4)
    assert done == [20, 40, 60, 80]


def test_a_small_disk_that_cannot_be_made_is_said(tmp_path):
    command = [sys.executable, "-m", "faults.small_disk", str(tmp_path / "missing"), "8", "true"]
    done = subprocess.run(command, cwd=layout.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == small_disk.REFUSED
    assert "not allowed here" in done.stderr


def test_every_drill_has_its_share_of_a_soak_and_much_is_left_for_killing():
    assert set(SHARES) == set(DRILLS)
    assert CITY + sum(SHARES.values()) < 0.75


def test_the_small_size_still_kills_as_often_as_was_promised():
    assert (SIZES["ci"].worker_kills, SIZES["ci"].database_kills) == (20, 5)


@pytest.mark.parametrize(
    ("within_s", "took_s", "sequences"),
    [(0, 20, 5), (-30, 20, 5), (40, 20, 10), (40, 40, 5), (10_000, 20, 200)],
)
def test_a_slow_machine_tries_fewer_sequences_but_never_none(within_s, took_s, sequences):
    assert dying_at_random.fitting(200, within_s, took_s) == sequences


@pytest.mark.parametrize("lasts_s", [math.inf, 240.0])
def test_no_sequences_are_said_to_hold_that_nobody_tried(monkeypatch, lasts_s):
    """Here as many as `make test` does are all that is asked for."""
    tried = []

    def run(url, examples):
        tried.append((url, examples))
        return "28 passed", True

    monkeypatch.setattr(dying_at_random, "_run", run)
    ground = SimpleNamespace(share=Share(lasts_s), postgres=SimpleNamespace(url=str))
    found = list(dying_at_random.drill(ground, SIZES["ci"]))
    assert [each.verdict for each in found] == [KEPT, KEPT]
    assert tried == [(None, 5), ("postgres", 5)]


def test_what_the_models_run_exists():
    assert all((layout.ROOT / each).is_file() for each in dying_at_random.TESTS)


def test_the_named_numbers_are_asked_for_by_one_command(monkeypatch):
    monkeypatch.setenv("NAMED", "1")
    monkeypatch.setenv("ONLY", "kills")
    asked = _parser().parse_args([])
    assert (asked.named, asked.only) == (True, "kills")
    assert SIZES["soak"].visits == 10_000
