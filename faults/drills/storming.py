"""64 riders want the last item in the same moment, again and again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from uuid import UUID

import sqlalchemy as sa

from faults.ground import Ground, Product
from faults.sizes import Size
from faults.traffic import CLIENTS, Crowd, Errand, Journal
from faults.verdicts import Verdict, judge

NAME = "last-items"
PATIENCE_S = 120
AT_ONCE = 10  # items between two looks at the time


def drill(ground: Ground, size: Size) -> Iterator[Verdict]:
    """Exactly as many are sold as there are."""
    url, journal, items = ground.copy(), Journal(), 0
    with ground.product(url) as product:
        while items < size.last_items and not (items and ground.share.is_over_for_traffic):
            some = min(AT_ONCE, size.last_items - items)
            journal.add(storm(ground, product, some, first=items))
            items += some
    sold, promised = len(journal.good("reserve")), reserved(url, ground.city.last_items)
    figure = f"{sold} sold of {items}, {promised} in the database, {journal.unanswered} unanswered"
    if items < size.last_items:
        figure += f"; there was no time for all {size.last_items}"
    right = sold == promised == items and not journal.unanswered
    yield judge(NAME, f"last items, {CLIENTS} buyers each: exactly those are sold", figure, right)
    said = ground.books(url)
    yield judge(NAME, "the books close", said or "as flask ledger verify says", not said)
    ground.drop(url)


def storm(ground: Ground, product: Product, items: int, first: int = 0) -> Journal:
    """All buyers wait for each other before every item; buyers differ from item to item."""
    gate = threading.Barrier(CLIENTS)
    errands: list[Callable[[], Errand]] = []
    for item in range(first, first + items):
        for buyer in range(CLIENTS):
            rider = (item * CLIENTS + buyer) % len(ground.city.riders)
            errands.append(lambda item=item, rider=rider: _buy(ground, gate, item, rider))  # type: ignore[misc]
    return Crowd(product.port, f"{ground.seed}/{NAME}/{first}").run(errands)


def _buy(ground: Ground, gate: threading.Barrier, item: int, rider: int) -> Errand:
    city = ground.city
    gate.wait(PATIENCE_S)
    yield city.reserve(city.riders[rider], city.last_items[item], city.places[0].id)


def reserved(url: str, rewards: list[UUID]) -> int:
    """How many vouchers there are for these rewards."""
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            count = sa.text("SELECT count(*) FROM vouchers WHERE reward_id = ANY(:rewards)")
            return int(connection.scalar(count, {"rewards": rewards}) or 0)
    finally:
        engine.dispose()
