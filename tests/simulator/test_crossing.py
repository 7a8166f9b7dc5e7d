"""A life in which requests cross: nobody is answered otherwise than afterwards, and it ends as if nobody had."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask import Flask

from app.cli.demo import data
from app.identity import appointing
from simulator import running
from simulator.running import Plan
from tests import conftest

RIDERS = 40 if conftest.SERVER_URL else 2  # in a file nothing crosses
PLAN = Plan(seed=2, days=1, riders=RIDERS, fraud=2, pace=6.0, audit_every=5000, crossings=True)


@pytest.fixture(autouse=True)
def _a_village(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "STATIONS", data.STATIONS[:3])
    monkeypatch.setattr(appointing, "hash_password", lambda _password: "-")


def on_a_server() -> bool:
    return bool(conftest.SERVER_URL)


def test_a_day_on_which_requests_cross_ends_as_one_on_which_none_does(app: Flask):
    crossed = running.run(PLAN)
    assert crossed.violations == []
    assert (crossed.crossed > 20, crossed.waited > 8) == (on_a_server(), on_a_server())
    conftest._empty()
    assert running.run(replace(PLAN, crossings=False)).digest == crossed.digest


def test_without_row_locks_somebody_is_answered_otherwise(app: Flask, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sa.Select, "with_for_update", lambda self, **_how: self)
    found = running.run(PLAN).violations
    assert [each.split(":")[0] for each in found] == ["I18"] * len(found)
    assert bool(found) == on_a_server()
