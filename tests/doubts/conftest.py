"""A town whose book is proved when the test is over."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from app.kernel.db import transaction
from app.ledger.verify import verify
from tests.doubts import make


@pytest.fixture
def town(app: Flask, clock: object) -> Iterator[make.Town]:
    """Two stations, a rider and somebody who decides; at the end the book has to close."""
    made = make.town()
    yield made
    with transaction(write=False):
        assert list(verify()) == []
