"""What the tests of the ledger share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from app.kernel import driving, messages
from app.kernel.db import db


@pytest.fixture
def statements(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every statement sent to the database from here on, also those that go to the driver directly."""
    sent: list[str] = []
    directly = driving._by_the_driver

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    def note_and_send(engine: Any, statement: Any, *more: Any) -> Any:
        sent.append(str(statement))
        return directly(engine, statement, *more)

    ask = messages.ask

    def note_and_ask(statement: Any, values: Any, connection: Any) -> Any:
        sent.append(str(statement))
        return ask(statement, values, connection)

    monkeypatch.setattr(driving, "_by_the_driver", note_and_send)
    monkeypatch.setattr(messages, "ask", note_and_ask)
    engines = list(db.engines.values())
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    yield sent
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)
