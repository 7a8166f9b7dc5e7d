"""A unit of work that writes unanswered: the same rows, sent with the COMMIT; again if one cannot be written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from psycopg import _pipeline_base, generators
from sqlalchemy import event, func, select, update

from app.kernel import idempotency, messages
from app.kernel.db import db, dialect_name, in_transaction, session, transaction
from app.kernel.errors import Conflict
from app.kernel.idempotency import IdempotencyRecord
from app.kernel.ids import new_id
from app.kernel.unanswered import claim, is_unanswered, put, wait_for_answers

AT = datetime(2026, 11, 24, 6, tzinfo=UTC)
_MARK = update(IdempotencyRecord.__table__)


def row(key: str) -> dict[str, object]:
    return {"id": new_id(), "owner": "me", "key": key, "fingerprint": "f", "created_at": AT}


def kept() -> set[str]:
    with transaction(write=False):
        return set(session.scalars(select(IdempotencyRecord.key)))


def test_rows_are_sent_with_the_commit_and_not_before(app):
    sent: list[str] = []

    seen: list[str] = []

    def work() -> bool:
        for key in ("one", "two"):
            assert claim(IdempotencyRecord, row(key))
        idempotency.finish(owner="me", key="one", status=200, body="done")
        sent.extend(seen)
        return is_unanswered()

    def note(_connection: object, _cursor: object, text: str, *_: object) -> None:
        seen.append(text)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        was_unanswered = in_transaction(work, unanswered=True)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert was_unanswered == (dialect_name() == "postgresql")
    assert len([each for each in sent if "idempotency" in each]) == (0 if was_unanswered else 3)
    with transaction(write=False):
        told = session.execute(select(IdempotencyRecord.key, IdempotencyRecord.body).order_by("key")).all()
    assert told == [("one", "done"), ("two", None)]


def test_all_of_it_is_one_message(app, monkeypatch):
    flushes: list[object] = []

    def flush(connection: object) -> Iterator[object]:
        flushes.append(connection)
        yield from generators.send(connection)  # type: ignore[arg-type]

    monkeypatch.setattr(messages, "generators", SimpleNamespace(send=flush))
    monkeypatch.setattr(_pipeline_base, "pipeline_communicate", pytest.fail)  # which flushes after each

    def work() -> bool:
        for key in ("one", "two", "three"):
            claim(IdempotencyRecord, row(key))
        return is_unanswered()

    was_unanswered = in_transaction(work, unanswered=True)
    assert len(flushes) == (1 if was_unanswered else 0)
    assert kept() == {"one", "two", "three"}


def test_what_is_there_already_makes_the_unit_run_again_and_find_it(app):
    with transaction():
        assert claim(IdempotencyRecord, row("taken"))
    runs: list[bool] = []

    def work() -> bool:
        runs.append(is_unanswered())
        claim(IdempotencyRecord, row("other"))
        return claim(IdempotencyRecord, row("taken"))

    assert in_transaction(work, unanswered=True) is False
    assert runs == ([True, False] if dialect_name() == "postgresql" else [False])
    assert kept() == {"taken", "other"}


def test_a_change_that_finds_no_row_makes_the_unit_run_again(app):
    statement = _MARK.where(IdempotencyRecord.key == "nobody").values(status=1)
    runs: list[bool] = []

    def work() -> None:
        runs.append(is_unanswered())
        claim(IdempotencyRecord, row("mine"))
        if not is_unanswered():
            raise Conflict
        put(statement, {}, one=True)

    with pytest.raises(Conflict):
        in_transaction(work, unanswered=True)
    assert runs[-1] is False
    assert kept() == set()


def test_a_refusal_takes_back_what_was_not_sent(app):
    def work() -> None:
        claim(IdempotencyRecord, row("mine"))
        raise Conflict

    with pytest.raises(Conflict):
        in_transaction(work, unanswered=True)
    assert kept() == set()


def test_whoever_reads_what_was_written_waits_for_answers_first(app):
    def work() -> int:
        wait_for_answers()
        claim(IdempotencyRecord, row("mine"))
        return session.scalar(select(func.count()).select_from(IdempotencyRecord)) or 0

    assert in_transaction(work, unanswered=True) == 1


def test_waiting_comes_too_late_after_something_was_written(app):
    def work() -> None:
        claim(IdempotencyRecord, row("mine"))
        if is_unanswered():
            with pytest.raises(RuntimeError):
                wait_for_answers()

    in_transaction(work, unanswered=True)
