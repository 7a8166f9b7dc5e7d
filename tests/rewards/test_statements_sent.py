"""How many statements the hot paths send: a guard against a careless query, not a measure of time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from sqlalchemy import event

from app.identity.models import Person
from app.kernel import messages
from app.kernel.db import db, session, transaction
from app.rewards.books import queries as books
from app.rewards.books import refunding
from tests import make as common
from tests.rewards import make


@contextmanager
def sent() -> Iterator[list[str]]:
    """The statements sent while the block lasts, without BEGIN and COMMIT."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith("PRAGMA") and not statement.startswith("BEGIN"):
            seen.append(statement)

    ask = messages.ask

    def note_and_ask(statement: Any, values: Any, connection: Any) -> Any:
        seen.append(str(statement))
        return ask(statement, values, connection)

    for engine in db.engines.values():  # reads have their own
        event.listen(engine, "before_cursor_execute", note)
    try:
        with mock.patch.object(messages, "ask", note_and_ask):
            yield seen
    finally:
        for engine in db.engines.values():
            event.remove(engine, "before_cursor_execute", note)


def test_reserving_is_four_statements(app):
    scene = make.scene()
    with sent() as seen:
        scene.reserve()
    assert len(seen) == 4, "\n".join(seen)


def test_handing_over_is_six_statements(app):
    scene = make.scene()
    scene.hand_over(scene.reserve())  # opens the station's account
    voucher = scene.reserve()
    with sent() as seen:
        scene.hand_over(voucher)
    assert len(seen) == 6, "\n".join(seen)


def test_a_redemption_is_three_statements(app):
    """Of the whole request: who calls, its key, the voucher; then all it writes in one message with the COMMIT.

    SQLite has no such message: there they are nine.
    """
    scene = make.scene()
    scene.hand_over(scene.reserve())
    with transaction():
        manager = session.get_one(Person, scene.manager.person_id)
    client = common.signed_in(app, manager)
    for number in range(2):  # the first fills what a process keeps
        voucher = scene.reserve()
        body = {"voucher_id": str(voucher.id), "station_id": str(scene.station.id)}
        with sent() as seen:
            said = client.post(
                "/api/v1/redemptions", json=body, headers={"Idempotency-Key": f"once-{number}"}
            )
        assert said.status_code == 201
    assert len(seen) == (3 if db.engine.dialect.name == "postgresql" else 9), "\n".join(seen)


def test_the_list_of_refunds_is_as_many_statements_for_one_as_for_six(app, clock):
    """Each of another rider and asked for by another member of staff."""
    scene = make.scene(stock=9)
    with transaction():
        department = common.actor(common.staff("department", region_code=common.CITY))
    counts = []
    for number in range(6):
        with transaction():
            rider = make.a_rider(f"骑手{number}", points=50)
            asker = common.staff("station-manager", station_id=scene.station.id, name=f"站长{number}")
            manager = common.actor(asker)
        voucher = scene.hand_over(scene.reserve(rider), by=manager)
        clock.advance(minutes=16)
        asked = {"voucher_id": voucher.id, "reason": "坏的", "came_back": True, "by": manager, "at": clock.at}
        make.unit(lambda asked=asked: refunding.ask_refund(**asked))
        with transaction(write=False), sent() as seen:
            found = books.refunds(by=department).items
            assert {each.asked_by for each in found} == {f"站长{each}" for each in range(number + 1)}
        counts.append(len(seen))
    assert counts[0] == counts[-1], "\n".join(seen)
