"""What lives of a city have come to is told as it was: by seed, where a promise broke or two ends differ."""

from __future__ import annotations

import json
import math
import random
import subprocess
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from faults.drills import living
from faults.shares import Share
from faults.sizes import SIZES
from faults.verdicts import BROKEN, KEPT, Verdict

WELL = {"steps": 100, "crossed": 0, "violations": 0, "found": [], "digest": "abc"}


def drilled(say: Callable[[str, int], str], lasts_s: float = math.inf, size: str = "soak") -> list[Verdict]:
    """The drill, where `say` answers for the command on the database of an address, given the seed."""

    def flask(url: str, *command: str) -> SimpleNamespace:
        if command[0] == "db":
            return SimpleNamespace(stdout="", stderr="")
        return SimpleNamespace(stdout=say(url, int(command[2])), stderr="first\nno such table")

    ground: Any = SimpleNamespace(
        chance=random.Random,
        share=Share(lasts_s),
        folder=Path("/nowhere"),
        empty=lambda name: nullcontext(f"postgresql://{name}"),
        flask=flask,
    )
    return list(living.drill(ground, SIZES[size]))


def told(seed: int, **more: object) -> str:
    return "said before\n" + json.dumps({"seed": seed, **WELL, **more})


def test_lives_that_end_alike_keep_both_promises() -> None:
    seeds = []

    def say(url: str, seed: int) -> str:
        seeds.append(seed)
        return told(seed, crossed=0 if url.startswith("sqlite") else 7)

    holds, alike = drilled(say)
    assert (holds.verdict, alike.verdict) == (KEPT, KEPT)
    assert holds.figure == "4 of 4 lives of 2 days and 24 riders: 800 steps, 28 crossed, 0 broke a promise"
    assert len(set(seeds)) == 4
    assert seeds[::2] == seeds[1::2]


def test_where_time_is_over_one_life_is_lived_all_the_same() -> None:
    holds, _ = drilled(lambda _, seed: told(seed), lasts_s=-1)
    assert holds.figure.startswith("1 of 4 lives")


def test_a_promise_that_broke_is_told_with_its_seed() -> None:
    holds, alike = drilled(lambda _, seed: told(seed, violations=1, found=["I5: twice"]), size="ci")
    assert (holds.verdict, alike.verdict) == (BROKEN, KEPT)
    assert "2 broke a promise; SEED=" in holds.figure
    assert "I5: twice" in holds.figure


def test_two_ends_that_differ_are_told() -> None:
    holds, alike = drilled(lambda url, seed: told(seed, digest=url[:6]), size="ci")
    assert (holds.verdict, alike.verdict) == (KEPT, BROKEN)
    assert "1 did not; SEED=" in alike.figure


def test_a_life_that_said_nothing_is_no_success() -> None:
    holds, alike = drilled(lambda *_: "", size="ci")
    assert (holds.verdict, alike.verdict) == (BROKEN, BROKEN)
    assert "no such table" in holds.figure


def test_a_life_that_does_not_end_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    def late(*_: object) -> str:
        raise subprocess.TimeoutExpired("flask", 60)

    (holds,) = drilled(late, size="ci")
    assert holds.verdict == BROKEN
    assert "not known" in holds.figure
