from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from app.cases.events import CaseEvent
from app.kernel import events
from app.kernel.db import transaction
from tests.cases import make
from tests.cases.make import Town
from tests.databases import built_once


@pytest.fixture
def town(app: Flask) -> Town:
    return _town()


@built_once
def _town() -> Town:
    with transaction():
        return make.town()


@pytest.fixture
def unit(town: Town) -> Iterator[None]:
    """A unit of work around the whole test."""
    with transaction():
        yield


@pytest.fixture
def heard(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[CaseEvent]:
    """Every event of a case, in order; nobody else listens."""
    listened: list[CaseEvent] = []
    kinds = [CaseEvent, *_below(CaseEvent)]
    monkeypatch.setattr(events, "_handlers", {kind: [listened.append] for kind in kinds})
    return listened


def _below(kind: type) -> list[type]:
    return [each for child in kind.__subclasses__() for each in (child, *_below(child))]
