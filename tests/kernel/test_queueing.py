"""One file has one writer: threads queue for it in the process, and a read waits for nobody."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from app.kernel import connecting
from app.kernel.db import db, in_transaction, session, transaction
from app.kernel.errors import Unavailable


def elsewhere(app: Flask, write: bool) -> Any:
    """What a unit of work in another thread comes to."""
    told: list[Any] = []

    def work() -> None:
        with app.app_context():
            try:
                told.append(in_transaction(lambda: session.scalar(sa.text("SELECT 1")), write=write))
            except Unavailable as problem:
                told.append(problem.slug)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(timeout=20)
    return told[0] if told else "still waiting"


def test_writers_of_one_process_queue_for_the_file_and_readers_do_not(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "PATIENCE_S", 0.01)
    is_file = db.engine.dialect.name == "sqlite"
    refused: list[str] = []

    def note(context: sa.engine.ExceptionContext) -> None:
        refused.append(str(context.original_exception))

    sa.event.listen(db.engine, "handle_error", note)
    try:
        with transaction():
            assert elsewhere(app, write=True) == (Unavailable.slug if is_file else 1)
            assert elsewhere(app, write=False) == 1
    finally:
        sa.event.remove(db.engine, "handle_error", note)
    assert refused == []  # nobody has even asked the file
    assert elsewhere(app, write=True) == 1


def test_whoever_fails_leaves_the_queue(app: Flask) -> None:
    with pytest.raises(ZeroDivisionError), transaction():
        raise ZeroDivisionError
    assert elsewhere(app, write=True) == 1
