"""Where heads are not counted yet, no doubt speaks of them: it ends in favour of the rider, and nothing stays held."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade

from tests import older
from tests.doubts import make

BEFORE = "0036"


@pytest.fixture
def counting_city(settings_env: dict[str, str], tmp_path, clock) -> Iterator[Flask]:
    """An application in which heads are counted."""
    with older.installed("head_counts", settings_env, tmp_path, revision="head") as app:
        yield app


def test_points_that_wait_for_whoever_was_not_seen_are_free_after_going_back(counting_city: Flask, clock):
    town = make.town()
    town.serve(clock, (50, False))
    assert [each.ground for each in make.look(clock)] == ["not-seen"]
    assert (town.balance().held, town.balance().usable) == (20, 0)
    downgrade(revision=BEFORE)
    assert (town.balance().held, town.balance().usable) == (0, 20)
    upgrade()
    assert make.doubts() == []
