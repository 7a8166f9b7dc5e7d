"""Positions that were kept for good before 0033 are gone after it; those of items that wait are kept apart."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_migrate import downgrade, upgrade

from app.kernel import clock
from app.kernel import db as database
from app.kernel.db import dialect_name, session, transaction
from app.kernel.geo import GCJ02, Position, distance_m, to_gcj02
from app.kernel.ids import new_id
from app.main import create_app
from app.sync.models import SaidPosition
from tests import conftest

BEFORE, HERE = "0032", Position(32.0445, 118.7979)


@pytest.fixture
def old_journal(settings_env: dict[str, str], tmp_path, clock) -> Iterator[Flask]:
    """An application whose journal keeps what phones sent with where they were."""
    url = conftest.new_database("old_journal") if conftest.SERVER_URL else f"sqlite:///{tmp_path / 'old.db'}"
    app = create_app(settings_env | {"FENGXING_DATABASE_URL": url})
    with app.app_context():
        upgrade(revision=BEFORE)
        yield app
        database.session.remove()
        database.disconnect()


def _id() -> str:
    return new_id().hex if dialect_name() == "sqlite" else str(new_id())


def _insert(table: str, **values: object) -> None:
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    session.execute(sa.text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), values)


def _item(person: str, state: str, position: dict[str, object] | None) -> None:
    at = clock.now().replace(tzinfo=None).isoformat(" ")
    body = {"id": "x", "kind": "checkin", "code": "c", "position": position, "accuracy_m": 12}
    _insert(
        "sync_items", id=_id(), kind="checkin", body=json.dumps(body), person_id=person, hash="h", clock_offset_s=0,
        happened_at=at, arrived_at=at, settled_at=None if state == "waiting" else at, state=state,
    )  # fmt: skip


def _bodies() -> list[dict[str, object]]:
    with transaction(write=False):
        found = session.execute(sa.text("SELECT body FROM sync_items ORDER BY state, id")).scalars()
        return [json.loads(each) for each in found]


def test_what_was_settled_forgets_where_and_what_waits_keeps_it_apart(old_journal: Flask):
    lat, lng = to_gcj02(HERE)
    with transaction():
        person, at = _id(), clock.now().replace(tzinfo=None).isoformat(" ")
        _insert("people", id=person, created_at=at, locale="zh", large_type=False, is_demo=False)
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
