"""Whole lives of a city, each by a seed nobody has seen: every fault and cheats, on SQLite and on PostgreSQL.

On PostgreSQL requests cross as well (ADR 19): a second one begins before the first has committed, is answered as after
it or before it, and is taken back. So both databases must end in the same state.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator, Mapping
from typing import Any

from faults.ground import Ground
from faults.sizes import Size
from faults.verdicts import Verdict, judge

NAME = "lives"
HOLDS = "whatever happens in a city, what it promises holds after every step, also where requests cross"
ALIKE = "a seed ends in the same state on SQLite and on PostgreSQL"
Told = Mapping[str, Any]  # the last line of `flask simulate`


def drill(ground: Ground, size: Size) -> Iterator[Verdict]:
    """As many lives as there is time for, one at least."""
    lives: list[tuple[Told, Told]] = []
    chance, took_s = ground.chance(NAME), 0.0
    of = f"{{}} of {size.lives} lives of {size.life_days} days and {size.life_riders} riders"
    while len(lives) < size.lives and (not lives or ground.share.left_s > took_s):
        began, seed = time.monotonic(), chance.randrange(1_000_000)
        try:
            lives.append(_lived(ground, size, seed))
        except subprocess.TimeoutExpired as late:
            unknown = (
                f"{of.format(len(lives))}: not known, SEED={seed} did not end within {late.timeout:.0f} s"
            )
            yield judge(NAME, HOLDS, unknown, False)
            break
        took_s = max(took_s, time.monotonic() - began)
    if lives:
        yield from _judged(of.format(len(lives)), lives)


def _judged(of: str, lives: list[tuple[Told, Told]]) -> Iterator[Verdict]:
    whole = [told for pair in lives for told in pair]
    steps, crossed = sum(each["steps"] for each in whole), sum(each["crossed"] for each in whole)
    broken = [f"SEED={each['seed']}: {each['found'][:1]}" for each in whole if each["violations"]]
    figure = f"{of}: {steps} steps, {crossed} crossed, {len(broken)} broke a promise"
    yield judge(NAME, HOLDS, "; ".join([figure, *broken]), not broken)
    parted = [f"SEED={here['seed']}" for here, there in lives if here["digest"] != there["digest"]]
    yield judge(NAME, ALIKE, "; ".join([f"{of}: {len(parted)} did not", *parted]), not parted)


def _lived(ground: Ground, size: Size, seed: int) -> tuple[Told, Told]:
    """What a life came to on SQLite, and on PostgreSQL with crossings."""
    file = ground.folder / f"life-{seed}.db"
    with ground.empty(f"life_{seed}") as url:
        return _told(ground, f"sqlite:///{file}", size, seed), _told(ground, url, size, seed, "--crossings")


def _told(ground: Ground, url: str, size: Size, seed: int, *more: str) -> Told:
    ground.flask(url, "db", "upgrade")
    length = ("--days", str(size.life_days), "--riders", str(size.life_riders), "--fraud", "2")
    done = ground.flask(url, "simulate", "--seed", str(seed), *length, *more)
    try:
        told: Told = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        return {"seed": seed, "steps": 0, "crossed": 0, "violations": 1, "found": [said], "digest": url}
    return told
