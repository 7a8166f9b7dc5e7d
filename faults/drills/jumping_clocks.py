"""The clock of the machine jumps back and ahead and trembles, and two workers disagree, under traffic."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from faults.drills.killing import verdicts
from faults.ground import Ground, Product
from faults.sizes import Size
from faults.traffic import Journal
from faults.verdicts import Verdict, judge

NAME = "clocks"
BACK_S, AHEAD_S, TREMBLE_S, SKEW_S = -7200.0, 86_400.0, 0.2, 5.0


def drill(ground: Ground, size: Size) -> Iterator[Verdict]:
    """Whatever the clock says, an effect happens once and the books close."""
    url, file = ground.copy(), ground.folder / "clock"
    visits = size.small_visits // 4
    whole = Journal()
    with ground.product(
        url, patch="follows-a-file", FAULTS_CLOCK=str(file), FAULTS_SKEW_S=str(SKEW_S)
    ) as product:
        for number, offset_s in enumerate((0.0, BACK_S, AHEAD_S, 0.0)):
            _set(file, offset_s)
            ground.mint(offset_s)
            whole.add(_phase(ground, product, file, offset_s, visits, number))
    spread_h = _hours_between_check_ins(url)
    yield judge(
        NAME, "the clock of the product really jumped", f"check-ins over {spread_h:.1f} h", spread_h > 25
    )
    harm = "-2 h, +1 day, ±200 ms, workers 5 s apart"
    refused = whole.refusals()
    yield judge(
        NAME,
        "a jump of the clock refuses nobody",
        f"{sum(refused.values())} refused {dict(refused) or ''}",
        not refused,
    )
    yield from verdicts(NAME, ground, url, whole, harm)
    ground.drop(url)


def _phase(
    ground: Ground, product: Product, file: Path, offset_s: float, visits: int, number: int
) -> Journal:
    """A part of the visits, while the clock trembles around the offset."""
    crowd, over = ground.clients(product, f"{NAME}/{number}", share=0.25), threading.Event()
    chance = ground.chance(f"{NAME}/{number}")

    def tremble() -> None:
        while not over.wait(0.05):
            _set(file, offset_s + chance.uniform(-TREMBLE_S, TREMBLE_S))

    trembling = threading.Thread(target=tremble, daemon=True)
    trembling.start()
    journal = crowd.run(ground.city.errands(visits, chance, skip=number * visits))
    over.set()
    trembling.join()
    return journal


def _set(file: Path, offset_s: float) -> None:
    """All at once: whoever reads meanwhile sees the old offset or the new one."""
    draft = file.with_suffix(".new")
    draft.write_text(str(offset_s), "utf-8")
    draft.replace(file)


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
