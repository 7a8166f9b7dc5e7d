"""The ceilings of `make bench` leave behind what the product leaves behind: same tables, same rows, same columns."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.kernel import db as database
from app.kernel.db import session, transaction
from app.ledger.verify import verify
from bench import ceilings, city, crowd, streams
from bench.load import Call
from tests.databases import SERVER_URL
from tests.owning import owning

UNCOUNTED = {"limit_windows"}  # tries are counted in a transaction of their own, in Redis if there is one
SAMENESS = (
    (re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}|\b[0-9a-f]{32}\b"), "an id"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "a hash"),
    (re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+(\+00:00|Z)"), "an instant"),
    (re.compile(r"\b[0-9]{13}\b|\b[0-9]{10}\b"), "digits"),
)
Rows = dict[str, dict[str, dict[str, Any]]]


def _all_rows() -> Rows:
    """Every row of every table by its key."""
    found: Rows = {}
    with transaction(write=False):
        for table in database.Base.metadata.sorted_tables:
            if table.name in UNCOUNTED:
                continue
            rows = session.execute(sa.text(f"SELECT to_jsonb({table.name}) FROM {table.name}")).scalars()
            keys = [column.name for column in table.primary_key.columns]
            found[table.name] = {"|".join(str(row[key]) for key in keys): row for row in rows}
    return found


def _changes(before: Rows, after: Rows) -> dict[str, list[str]]:
    """What was written, ids and instants left out: new rows whole, of old ones what changed and by how much."""
    written: dict[str, list[str]] = {}
    for table, rows in after.items():
        told = [
            _told(row, before[table].get(key)) for key, row in rows.items() if row != before[table].get(key)
        ]
        if told:
            written[table] = sorted(told)
    return written


def _told(row: Mapping[str, Any], old: Mapping[str, Any] | None) -> str:
    if old is not None:
        row = {name: _difference(value, old[name]) for name, value in row.items() if value != old[name]}
    elif "explanation" in row:  # how much of a cap was used before is the city's, not the path's
        usage = [each | {"points": 0, "times": 0} for each in row["explanation"]["usage"]]
        row = {**row, "explanation": {**row["explanation"], "usage": usage}}
    text = json.dumps(row, sort_keys=True, ensure_ascii=False)
    for pattern, name in SAMENESS:
        text = pattern.sub(name, text)
    return text


def _difference(new: Any, old: Any) -> Any:
    both = (type(new), type(old))
    return {"by": new - old} if both == (int, int) else new


class World:
    """A city of two counters, and riders who come one after the other."""

    def __init__(self, client: Any, at: Any) -> None:
        self.client, self.city = client, city.found(2)
        self.riders = crowd.enrol(3, at=at)
        crowd.give_points(self.city, self.riders, at=at)
        self.counter = self.city.counters[:1]
        self.promises = crowd.promise(self.city, self.riders, self.counter, at=at)
        self.tokens = streams.sign_in(self.city.counters, at)
        self.at, self.asked = at, 0
        ceilings.install()
        with transaction():
            session.execute(
                sa.text(
                    f"CREATE OR REPLACE FUNCTION bench.now() RETURNS timestamptz LANGUAGE sql AS "
                    f"$$ SELECT timestamptz '{at.isoformat()}' $$"
                )
            )

    def answer(self, call: Call) -> dict[str, Any]:
        self.asked += 1
        headers = {
            "Authorization": f"Bearer {call.token}",
            "Idempotency-Key": f"bench-{UUID(int=self.asked)}",
        }
        said = self.client.open(
            call.path, method=call.method, data=call.body, headers=headers, content_type="application/json"
        )
        assert said.status_code < 300, said.get_data(as_text=True)
        return dict(said.get_json())

    def call(self, statement: str, **given: Any) -> None:
        with transaction():
            session.execute(sa.text(f"SELECT {statement}"), given)

    def check_in(self, how: str, number: int) -> dict[str, Any]:
        some = self.riders[number : number + 1]
        if how == ceilings.SCANNED:
            return self.answer(next(streams.scans(some, self.counter, self.tokens)))
        return self.answer(next(streams.posters(some, self.counter, self.at)))


@pytest.fixture
def world(client, clock):
    with owning():
        yield World(client, clock.at)
        with transaction():
            session.execute(sa.text("DROP SCHEMA bench CASCADE"))


def _same(world: World, by_product: Any, by_ceiling: Any) -> dict[str, list[str]]:
    start = _all_rows()
    by_product()
    middle = _all_rows()
    by_ceiling()
    end = _all_rows()
    product, ceiling = _changes(start, middle), _changes(middle, end)
    assert ceiling == product
    with transaction(write=False):
        assert not list(verify())
    return product


if SERVER_URL:  # pgbench and the functions it calls are PostgreSQL's

    @pytest.mark.parametrize("how", [ceilings.SCANNED, ceilings.POSTER])
    def test_a_check_in(world, how):
        ceilings.learn_check_in(UUID(world.check_in(how, 0)["checkin_id"]))
        ceilings.feed_check_ins("own", world.riders[2:], world.counter, scanned=how == ceilings.SCANNED)
        written = _same(
            world,
            lambda: world.check_in(how, 1),
            lambda: world.call("bench.next_check_in(:series)", series="own"),
        )
        wanted = {"checkins", "awards", "recorded_facts", "entries", "ledger_transactions", "lot_moves"}
        assert wanted <= set(written)

    def test_a_redemption(world):
        one, two, three = world.promises[:3]
        world.answer(next(streams.hand_overs([one], world.tokens)))
        ceilings.learn_redemption(one.voucher_id)
        ceilings.feed_redemptions("own", [three])
        written = _same(
            world,
            lambda: world.answer(next(streams.hand_overs([two], world.tokens))),
            lambda: world.call("bench.next_redeem(:series)", series="own"),
        )
        assert {"vouchers", "stock", "stock_movements", "holds", "lots", "accounts"} <= set(written)

    def test_a_row_left_out_is_seen(world):
        one, two, three = world.promises[:3]
        world.answer(next(streams.hand_overs([one], world.tokens)))
        ceilings.learn_redemption(one.voucher_id)
        ceilings.feed_redemptions("own", [three])
        world.call(
            "bench.redeem(:voucher, :station, :staff, 'bench-1')",
            voucher=two.voucher_id, station=two.counter.station.id, staff=two.counter.staff_id,
        )  # fmt: skip
        before = _all_rows()
        world.call("bench.claim(:staff, 'bench-2', 201, 'nothing else')", staff=two.counter.staff_id)
        assert set(_changes(before, _all_rows())) == {"idempotency_keys"}


def test_a_city_and_its_crowd_keep_every_promise_of_the_book(app, clock):
    made = city.found(2)
    riders = crowd.enrol(5, at=clock.at)
    crowd.give_points(made, riders, at=clock.at)
    promises = crowd.promise(made, riders, made.counters, at=clock.at)
    assert len(promises) == 15
    with transaction(write=False):
        assert not list(verify())
