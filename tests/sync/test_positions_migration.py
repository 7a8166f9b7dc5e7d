"""Positions that were kept for good before 0033 are gone after it; those of items that wait are kept apart."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_migrate import downgrade, upgrade

from app.kernel.db import session, transaction
from app.kernel.geo import GCJ02, Position, distance_m, to_gcj02
from app.sync.models import SaidPosition
from tests import older
from tests.older import a_moment, an_id, insert

BEFORE, HERE = "0032", Position(32.0445, 118.7979)


@pytest.fixture
def old_journal(settings_env: dict[str, str], tmp_path, clock) -> Iterator[Flask]:
    """An application whose journal keeps what phones sent with where they were."""
    with older.installed("old_journal", settings_env, tmp_path, revision=BEFORE) as app:
        yield app


def _item(person: str, state: str, position: dict[str, object] | None) -> None:
    at = a_moment()
    body = {"id": "x", "kind": "checkin", "code": "c", "position": position, "accuracy_m": 12}
    insert(
        "sync_items", id=an_id(), kind="checkin", body=json.dumps(body), person_id=person, hash="h", clock_offset_s=0,
        happened_at=at, arrived_at=at, settled_at=None if state == "waiting" else at, state=state,
    )  # fmt: skip


def _bodies() -> list[dict[str, object]]:
    with transaction(write=False):
        found = session.execute(sa.text("SELECT body FROM sync_items ORDER BY state, id")).scalars()
        return [json.loads(each) for each in found]


def test_what_was_settled_forgets_where_and_what_waits_keeps_it_apart(old_journal: Flask):
    lat, lng = to_gcj02(HERE)
    with transaction():
        person, at = an_id(), a_moment()
        insert("people", id=person, created_at=at, locale="zh", large_type=False, is_demo=False)
        _item(person, "counted", {"lat": HERE.lat, "lng": HERE.lng})
        _item(person, "refused", None)
        _item(person, "waiting", {"lat": lat, "lng": lng, "datum": GCJ02})
    upgrade()
    assert [set(each) & {"position", "accuracy_m"} for each in _bodies()] == [set(), set(), set()]
    with transaction(write=False):
        (kept,) = session.scalars(sa.select(SaidPosition)).all()
        assert distance_m(Position(kept.lat, kept.lng), HERE) < 1
        assert kept.accuracy_m == 12
    with pytest.raises(sa.exc.DBAPIError, match="stays as it came"), transaction():
        session.execute(sa.text("UPDATE sync_items SET body = '{}'"))
    downgrade(revision=BEFORE)
    counted, _refused, waiting = _bodies()
    assert "position" not in counted
    assert waiting["accuracy_m"] == 12
    upgrade()
