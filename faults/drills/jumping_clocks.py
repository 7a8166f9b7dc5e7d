"""The clock jumps back and ahead and trembles, under traffic: once the product's own, once the machine's.

The product's own clock is read from a file, and two workers disagree about it. The machine's clock is bent by
libfaketime, for every library that the product uses; the database keeps its own time, so the two disagree as well.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from faults.drills.killing import verdicts
from faults.ground import Ground, Product
from faults.sizes import Size
from faults.traffic import Journal
from faults.verdicts import MISSING, Verdict, judge
from tools import system

NAME, OF_THE_MACHINE = "clocks", "machine-clocks"
BACK_S, AHEAD_S, TREMBLE_S, SKEW_S = -7200.0, 86_400.0, 0.2, 5.0


@dataclass(frozen=True, slots=True)
class Bent:
    """A clock that follows a file: what the file says for an offset, and how the product is begun to follow it."""

    drill: str
    file: Path
    pattern: str
    harm: str
    env: dict[str, str]
    patch: str = ""

    def set(self, offset_s: float) -> None:
        """All at once: whoever reads meanwhile sees the old offset or the new one."""
        draft = self.file.with_suffix(".new")
        draft.write_text(self.pattern.format(offset_s), "utf-8")
        draft.replace(self.file)


def drill(ground: Ground, size: Size) -> Iterator[Verdict]:
    """The product's clock."""
    file = ground.folder / "clock"
    env = {"FAULTS_CLOCK": str(file), "FAULTS_SKEW_S": str(SKEW_S)}
    harm = "-2 h, +1 day, ±200 ms, workers 5 s apart"
    yield from _jump(ground, size, Bent(NAME, file, "{}", harm, env, patch="follows-a-file"))


def drill_of_the_machine(ground: Ground, size: Size) -> Iterator[Verdict]:
    """The machine's clock."""
    library = system.faketime_library()
    if library is None:
        figure = "libfaketime is not on this machine (on Debian: apt-get install faketime)"
        yield Verdict(OF_THE_MACHINE, "a jump of the machine's clock loses nothing", figure, MISSING)
        return
    file = ground.folder / "machine-clock"
    env = {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",  # no jump of a real clock touches that one
        "NO_FAKE_STAT": "1",
    }
    harm = "-2 h, +1 day, ±200 ms, the database as ever"
    yield from _jump(ground, size, Bent(OF_THE_MACHINE, file, "{:+.3f}", harm, env, patch="sleeps-by-select"))


def _jump(ground: Ground, size: Size, bent: Bent) -> Iterator[Verdict]:
    """Whatever the clock says, an effect happens once and the books close."""
    url, visits, whole = ground.copy(), size.small_visits // 4, Journal()
    bent.set(0.0)
    with ground.product(url, patch=bent.patch, **bent.env) as product:  # type: ignore[arg-type]
        for number, offset_s in enumerate((0.0, BACK_S, AHEAD_S, 0.0)):
            bent.set(offset_s)
            ground.mint(offset_s)
            whole.add(_phase(ground, product, bent, offset_s, visits, number))
    spread_h = _hours_between_check_ins(url)
    yield judge(
        bent.drill,
        "the clock of the product really jumped",
        f"check-ins over {spread_h:.1f} h",
        spread_h > 25,
    )
    refused = whole.refusals()
    yield judge(
        bent.drill,
        "a jump of the clock refuses nobody",
        f"{sum(refused.values())} refused {dict(refused) or ''}",
        not refused,
    )
    yield from verdicts(bent.drill, ground, url, whole, bent.harm)
    ground.drop(url)


def _phase(
    ground: Ground, product: Product, bent: Bent, offset_s: float, visits: int, number: int
) -> Journal:
    """A part of the visits, while the clock trembles around the offset."""
    crowd, over = ground.clients(product, f"{bent.drill}/{number}", share=0.25), threading.Event()
    chance = ground.chance(f"{bent.drill}/{number}")

    def tremble() -> None:
        while not over.wait(0.05):
            bent.set(offset_s + chance.uniform(-TREMBLE_S, TREMBLE_S))

    trembling = threading.Thread(target=tremble, daemon=True)
    trembling.start()
    journal = crowd.run(ground.city.errands(visits, chance, skip=number * visits))
    over.set()
    trembling.join()
    return journal


def _hours_between_check_ins(url: str) -> float:
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            first, last = connection.execute(
                sa.text("SELECT min(happened_at), max(happened_at) FROM checkins")
            ).one()
    finally:
        engine.dispose()
    return float((last - first).total_seconds()) / 3600
