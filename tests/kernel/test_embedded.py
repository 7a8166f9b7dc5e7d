"""SQLite is asked by its driver: the same rows, the same refusals, and what is acknowledged is on the disk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError

from app.kernel import clock, connecting, embedded, limits
from app.kernel.bulk import insert_new, one_of, update_all
from app.kernel.db import READING, db, dialect_name, session, transaction, violated
from app.kernel.driving import rows
from app.kernel.idempotency import IdempotencyRecord
from app.kernel.ids import new_id
from app.kernel.limits import Limit, LimitWindow
from app.rules.models import RecordedFact
from tests import make
from tests.databases import SERVER_URL

FULL, ON, OFF = 2, 1, 0


def key(name: str, **more: Any) -> dict[str, Any]:
    row = {"id": new_id(), "owner": "me", "key": name, "fingerprint": name, "created_at": clock.now()}
    return row | {"status": None, "body": None} | more


def kept() -> list[tuple[str, str]]:
    return [
        (each.key, each.fingerprint) for each in session.scalars(select(IdempotencyRecord).order_by("key"))
    ]


def test_of_many_rows_it_is_known_which_were_there_already(app: Flask) -> None:
    with transaction():
        assert len(insert_new(IdempotencyRecord, [key("b")])) == 1
        sent = [key("a"), key("b", fingerprint="another"), key("c"), key("c", fingerprint="another")]
        assert [row["key"] for row in insert_new(IdempotencyRecord, sent)] == ["a", "c"]
    with transaction(write=False):
        assert kept() == [("a", "a"), ("b", "b"), ("c", "c")]


def test_each_row_keeps_its_own_values_and_what_it_leaves_out_is_the_default(app: Flask) -> None:
    at = clock.now()
    with transaction():
        make.regions()
        rider = make.rider()
        facts = [
            {
                "id": new_id(), "kind": "checkin", "fact_id": new_id(), "person_id": rider.id,
                "region_code": make.XUANWU, "happened_at": at + timedelta(seconds=number), "judged_at": at,
                "fields": {"number": number},
            }
            for number in range(3)
        ]  # fmt: skip
        assert len(insert_new(RecordedFact, facts)) == 3
    with transaction(write=False):
        found = {each.id: each for each in session.scalars(select(RecordedFact))}
        for number, fact in enumerate(facts):
            read = found[fact["id"]]
            assert (read.fact_id, read.happened_at, read.judged_at) == (
                fact["fact_id"],
                fact["happened_at"],
                at,
            )
            assert (read.fields, read.stage) == ({"number": number}, "")


def test_each_row_is_changed_to_its_own_values(app: Flask) -> None:
    made = [key("a"), key("b"), key("c")]
    with transaction():
        insert_new(IdempotencyRecord, made)
        changed = [{"id": each["id"], "status": number} for number, each in enumerate(made[:2])]
        assert update_all(IdempotencyRecord, changed) == 2
    with transaction(write=False):
        found = session.execute(select(IdempotencyRecord.key, IdempotencyRecord.status).order_by("key")).all()
        assert found == [("a", 0), ("b", 1), ("c", None)]


def test_what_is_one_of_many_is_found_whatever_its_sort(app: Flask) -> None:
    sent = [key(name, status=status, created_at=clock.now() + timedelta(seconds=status))
            for status, name in enumerate(["'", '"', "爨", "\\"])]  # fmt: skip
    with transaction():
        assert len(insert_new(IdempotencyRecord, sent)) == 4
    columns = ("id", "key", "status", "created_at")
    with transaction(write=False):
        for name in columns:
            column = getattr(IdempotencyRecord, name)
            asked = select(*(getattr(IdempotencyRecord, each) for each in columns)).where(
                one_of(column, "wanted", dialect_name())
            )
            found = rows(asked.order_by(IdempotencyRecord.key), {"wanted": [row[name] for row in sent[1:]]})
            told = sorted((tuple(row[each] for each in columns) for row in sent[1:]), key=lambda row: row[1])
            assert sorted((tuple(row) for row in found), key=lambda row: row[1]) == told
            assert rows(asked, {"wanted": []}) == []


def test_a_refusal_of_the_database_names_what_refused(app: Flask) -> None:
    statement = sa.insert(IdempotencyRecord.__table__)
    with transaction():
        insert_new(IdempotencyRecord, [key("a")])
    with pytest.raises(IntegrityError) as refused, transaction():
        if dialect_name() == "sqlite":
            embedded.change(statement, key("a"), session.connection())
        else:
            session.execute(statement, key("a"))
    assert violated(refused.value, "owner" if dialect_name() == "sqlite" else "uq_idempotency_keys_owner_key")
    with transaction(write=False):
        assert kept() == [("a", "a")]


@pytest.fixture
def heard(app: Flask) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    sa.event.listen(db.engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(db.engine, "before_cursor_execute", note)


def test_whoever_listens_hears_each_statement_once(heard: list[str]) -> None:
    if SERVER_URL:
        return  # a server has no file
    with transaction():
        insert_new(IdempotencyRecord, [key("a"), key("b")])
        rows(select(IdempotencyRecord.key).where(IdempotencyRecord.key == bindparam("k")), {"k": "a"})
    assert [each.split()[0] for each in heard] == ["BEGIN", "INSERT", "SELECT"]


def pragma(name: str, engine: sa.Engine | None = None) -> int:
    with (engine or db.engine).connect() as connection:
        raw: Any = connection.connection.driver_connection
        return int(raw.execute(f"PRAGMA {name}").fetchone()[0])


def test_connections_read_or_write_and_never_change_from_one_to_the_other(app: Flask) -> None:
    if SERVER_URL:
        return  # a server has no file
    assert (pragma("query_only"), pragma("query_only", db.engines[READING])) == (OFF, ON)
    for write in (True, False):
        with transaction(write=write):
            raw: Any = session.connection().connection.driver_connection
            assert raw.execute("PRAGMA query_only").fetchone()[0] == (OFF if write else ON)
            assert raw.execute("PRAGMA synchronous").fetchone()[0] == FULL


def test_nobody_waits_for_the_disk_because_of_a_counter_and_everybody_else_does(app: Flask) -> None:
    if SERVER_URL:
        return  # a server has no file
    safety: list[int] = []

    def note(connection: sa.Connection) -> None:
        raw: Any = connection.connection.driver_connection
        safety.append(raw.execute("PRAGMA synchronous").fetchone()[0])

    sa.event.listen(db.engine, "commit", note)
    try:
        limits.count(Limit("tries", tries=5, per_s=60), "me")
        with transaction():
            insert_new(IdempotencyRecord, [key("a")])
    finally:
        sa.event.remove(db.engine, "commit", note)
    assert safety == [FULL - 1, FULL]
    with transaction(write=False):
        assert session.scalar(select(LimitWindow.tries)) == 1


def test_a_counter_that_fails_leaves_nobody_behind_who_does_not_wait(app: Flask) -> None:
    if SERVER_URL:
        return  # a server has no file
    with pytest.raises(ZeroDivisionError), connecting.without_waiting(db.engine):
        raise ZeroDivisionError
    with transaction():
        raw: Any = session.connection().connection.driver_connection
        assert raw.execute("PRAGMA synchronous").fetchone()[0] == FULL
