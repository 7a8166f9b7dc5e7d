"""Workers and the database are killed while 64 riders check in, reserve and collect."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Sequence

from faults import books
from faults.city import HOT
from faults.ground import Ground, Product
from faults.sizes import Size
from faults.traffic import CLIENTS, Crowd, Journal
from faults.verdicts import Verdict, judge

NAME = "kills"


def drill(ground: Ground, size: Size) -> Iterator[Verdict]:
    """Nothing acknowledged is lost, nothing is done twice, the books close."""
    chance, url = ground.chance(NAME), ground.copy()
    with ground.product(url) as product:
        before = ground.postgres.kills
        journal = under_kills(ground, product, size.visits, size.worker_kills, size.database_kills, chance)
    kills = {"kills of workers": product.kills, "kills of PostgreSQL": ground.postgres.kills - before}
    ground.all_in_all.update(kills)
    enough = (
        all(kills.values())
        if ground.share.is_bounded
        else [*kills.values()] == [size.worker_kills, size.database_kills]
    )
    figure = ", ".join(f"{count} {what}" for what, count in kills.items())
    figure += f" of {size.worker_kills} and {size.database_kills}"
    yield judge(NAME, "they really were killed, on the way", figure, enough)
    yield from verdicts(NAME, ground, url, journal, " + ".join(map(str, kills.values())) + " kills")
    yield _redeemed(ground, journal, size.visits)
    ground.drop(url)


def _redeemed(ground: Ground, journal: Journal, visits: int) -> Verdict:
    """Whoever wanted something got it, also from the shelf that all want something of."""
    handed_over = journal.good("hand-over")
    hot = str(ground.city.places[HOT].id)
    of_hot = sum(line.ask.body["station_id"] == hot for line in handed_over)
    ground.all_in_all["redemptions"] += len(handed_over)
    figure = f"{len(handed_over)} of {journal.errands} by {CLIENTS} clients, {of_hot} of one hot shelf"
    if journal.errands < visits:
        figure += f"; there was no time for all {visits}"
    refused = dict(journal.refusals())
    return judge(
        NAME,
        "every redemption gets through in the end",
        f"{figure}; refused {refused}" if refused else figure,
        len(handed_over) == journal.errands > 0,
    )


def under_kills(
    ground: Ground,
    product: Product,
    visits: int,
    worker_kills: int,
    database_kills: int,
    chance: random.Random,
) -> Journal:
    """Run the visits and kill on the way, spread evenly over them."""
    crowd = ground.clients(product, NAME)

    def kill_worker() -> None:
        ground.mint()  # a long run outlives its first access tokens
        while not product.kill_a_worker(chance):
            threading.Event().wait(0.05)

    def kill_database() -> None:
        ground.postgres.kill()
        ground.postgres.start()

    harm: list[Callable[[], None]] = [kill_worker] * worker_kills + [kill_database] * database_kills
    chance.shuffle(harm)
    errands = ground.city.errands(visits, chance)
    harmer = threading.Thread(target=spread, args=(crowd, harm), daemon=True)
    harmer.start()
    journal = crowd.run(errands)
    harmer.join()
    return journal


def spread(crowd: Crowd, harm: Sequence[Callable[[], None]]) -> None:
    """Do harm at even distances of the way, none of it after the end."""
    pause = threading.Event()
    for number, do in enumerate(harm):
        while (gone := crowd.gone) < (number + 1) / (len(harm) + 2):
            pause.wait(0.01)
        if gone >= 1:
            return
        do()


def verdicts(name: str, ground: Ground, url: str, journal: Journal, harm: str) -> Iterator[Verdict]:
    """The three promises that every drill with traffic holds."""
    found, said = books.compare(url, journal), ground.books(url, replay=name == NAME)
    ground.all_in_all.update(
        answers=len(journal.lines) - journal.unanswered,
        lost=found.lost,
        doubled=found.doubled,
        oversold=found.oversold,
        books_open=bool(said),
    )
    answered = sum(line.answer is not None for line in journal.lines)
    per_s = answered / journal.seconds if journal.seconds else 0
    mass = f"{answered} answers ({per_s:.0f}/s), {harm}"
    yield judge(
        name, "no answer is lost, nothing is done twice or oversold", f"{found}; {mass}", found.is_clean
    )
    again = f"{journal.sent_again} sent again, {journal.differing} differ"
    yield judge(name, "the same key gets the same answer", again, journal.differing == 0 < journal.sent_again)
    yield judge(name, "the books close", said or "as flask ledger verify says", not said)
