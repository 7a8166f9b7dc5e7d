"""How many statements the hot paths send: a guard against a careless query, not a measure of time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from app.kernel.db import db
from tests.rewards import make


@contextmanager
def sent() -> Iterator[list[str]]:
    """The statements sent while the block lasts, without BEGIN and COMMIT."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith("PRAGMA") and not statement.startswith("BEGIN"):
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


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
