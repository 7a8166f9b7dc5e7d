"""A runner that never finds anything proves nothing: bugs are planted, and it must see them."""

from __future__ import annotations

from collections.abc import Iterator

from faults import books
from faults.drills import killing, storming
from faults.ground import Ground
from faults.sizes import Size
from faults.traffic import Journal
from faults.verdicts import Verdict, judge

NAME = "controls"
VISITS, ITEMS, KILLS = 90, 4, 3
FLUSHED_BY_AND_BY = {"synchronous_commit": "off", "wal_writer_delay": "10s"}


def drill(ground: Ground, size: Size) -> Iterator[Verdict]:
    """Each planted bug is seen by the very checks that found nothing in the product."""
    yield from _doubled(ground)
    yield from _lost(ground)
    yield from _oversold(ground)


def _visits(ground: Ground, url: str, patch: str) -> Journal:
    with ground.product(url, patch=patch) as product:
        return ground.clients(product, f"{NAME}/{patch}").run(
            ground.city.errands(VISITS, ground.chance(NAME))
        )


def _doubled(ground: Ground) -> Iterator[Verdict]:
    url = ground.copy()
    found = books.compare(url, _visits(ground, url, "forgets-keys"))
    said = ground.books(url)
    seen = found.doubled > 0 and found.differing > 0
    sums = said or "the ledger's sums alone are blind to it"
    yield judge(NAME, "bug: keys are forgotten → seen as doubled", f"{found}; {sums}", seen)
    ground.drop(url)


def _lost(ground: Ground) -> Iterator[Verdict]:
    """First a bug of the product, then one of whoever runs it: PostgreSQL that says yes before it has written."""
    url = ground.copy()
    found = books.compare(url, _visits(ground, url, "answers-too-early"))
    yield judge(NAME, "bug: answered, then rolled back → seen as lost", str(found), found.lost > 0)
    ground.drop(url)
    url, chance = ground.copy(), ground.chance(NAME)
    ground.postgres.options |= FLUSHED_BY_AND_BY
    try:
        ground.postgres.stop()
        ground.postgres.start()
        with ground.product(url) as product:
            journal = killing.under_kills(ground, product, VISITS, 0, KILLS, chance)
    finally:
        for name in FLUSHED_BY_AND_BY:
            ground.postgres.options.pop(name)
        ground.postgres.options["synchronous_commit"] = "on"
        ground.postgres.stop()
        ground.postgres.start()
    found = books.compare(url, journal)
    figure = f"{found}; {KILLS} kills of PostgreSQL"
    yield judge(NAME, "bug: synchronous_commit = off → seen as lost", figure, found.lost > 0)
    ground.drop(url)


def _oversold(ground: Ground) -> Iterator[Verdict]:
    url = ground.copy()
    with ground.product(url, patch="reads-then-writes") as product:
        journal = storming.storm(ground, product, ITEMS)
    found = books.compare(url, journal)
    figure = f"{len(journal.good('reserve'))} sold of {ITEMS}; {found}"
    yield judge(NAME, "bug: read, then write → seen as oversold", figure, found.oversold > 0)
    ground.drop(url)
