"""The network between the product and its servers breaks: first nothing passes and nobody is told, then all lines drop.

A cut is the worse of the two. Requests hang in the middle of their transactions, and whether the last commit arrived is
known to one side only.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from faults import databases, proxy
from faults.drills.killing import spread, verdicts
from faults.ground import Ground
from faults.proxy import Proxy
from faults.sizes import Size
from faults.traffic import Crowd, Journal
from faults.verdicts import Verdict, judge

NAME = "partition"
GOES_ON_WITHIN_S = 15.0


@dataclass(slots=True)
class Told:
    """What the breaking found."""

    cuts: int = 0
    hung_up: int = 0
    slowest_s: float = 0.0


def drill(ground: Ground, size: Size) -> Iterator[Verdict]:
    """What was cut goes on by itself, with nothing lost and nothing done twice."""
    url, told = ground.copy(), Told()
    with (
        databases.redis() as memory,
        proxy.before(ground.postgres.port) as books,
        proxy.before(memory.port) as hints,
        ground.product(_through(url, books), FENGXING_REDIS_URL=memory.url(hints.port)) as product,
    ):
        crowd = ground.clients(product, NAME)
        errands = ground.city.errands(3 * size.small_visits, ground.chance(NAME))
        steps = [lambda: _part(crowd, books, hints, size.cut_s, told)] * size.cuts
        harmer = threading.Thread(target=spread, args=(crowd, steps), daemon=True)
        harmer.start()
        journal = crowd.run(errands)
        harmer.join()
    yield _goes_on(told, size)
    yield from verdicts(
        NAME, ground, url, journal, f"{told.cuts} cuts of {size.cut_s:.0f} s, {told.hung_up} hung up"
    )
    yield _got_through(journal)
    ground.drop(url)


def _through(url: str, books: Proxy) -> str:
    return sa.make_url(url).set(port=books.port).render_as_string(hide_password=False)


def _part(crowd: Crowd, books: Proxy, hints: Proxy, cut_s: float, told: Told) -> None:
    """One cut in silence (every second one from Redis as well), and one in which every line breaks."""
    parted = (books, hints) if told.cuts % 2 else (books,)
    for each in parted:
        each.cut()
    time.sleep(cut_s)
    for each in parted:
        each.mend()
    told.cuts += 1
    told.slowest_s = max(told.slowest_s, _until_something_is_done(crowd))
    books.hang_up()
    told.hung_up += 1
    told.slowest_s = max(told.slowest_s, _until_something_is_done(crowd))


def _until_something_is_done(crowd: Crowd) -> float:
    began, before = time.monotonic(), crowd.progress
    while crowd.progress == before and crowd.gone < 1 and time.monotonic() - began < 4 * GOES_ON_WITHIN_S:
        time.sleep(0.02)
    return time.monotonic() - began


def _goes_on(told: Told, size: Size) -> Verdict:
    figure = f"{told.slowest_s:.1f} s after the network was back; {told.cuts} of {size.cuts} cuts"
    kept = told.cuts > 0 and told.slowest_s <= GOES_ON_WITHIN_S
    return judge(NAME, f"it goes on within {GOES_ON_WITHIN_S:.0f} s without hands", figure, kept)


def _got_through(journal: Journal) -> Verdict:
    handed_over = len(journal.good("hand-over"))
    refused = dict(journal.refusals())
    figure = f"{handed_over} of {journal.errands}" + (f"; refused {refused}" if refused else "")
    return judge(NAME, "every redemption gets through in the end", figure, handed_over == journal.errands > 0)
