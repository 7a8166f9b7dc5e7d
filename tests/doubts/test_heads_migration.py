"""Where heads are not counted yet, no doubt speaks of them: it ends in favour of the rider, and nothing stays held."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade

from app.kernel.db import session, transaction
from app.ledger.models import Hold
from app.ledger.verify import verify
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


def test_what_was_decided_and_what_else_is_doubted_stays_as_it_is(counting_city: Flask, clock):
    town = make.town()
    town.serve(clock, (50, False))
    (decided,) = make.look(clock)
    make.in_order(decided, town.first)
    town.serve(clock, (50, False))
    make.look(clock)
    town.check_in(town.here)
    clock.advance(minutes=1)
    town.check_in(town.there)
    others = [each.id for each in make.look(clock) if each.ground == "two-places"]
    held = town.balance().held - 20
    assert (len(others), held) == (2, 10)
    downgrade(revision=BEFORE)
    assert [each.id for each in make.doubts()] == others
    assert town.balance().held == held
    with transaction(write=False):
        ended = session.query(Hold).filter(Hold.state != "held").order_by(Hold.id)
        assert [(each.state, each.end_source == f"expiry:{each.source}") for each in ended] == [
            ("released", False),
            ("expired", True),
        ]
        assert verify() == []
    upgrade()
    assert [each.id for each in make.doubts()] == others
