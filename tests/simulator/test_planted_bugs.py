"""A simulator that finds nothing proves nothing: each planted bug is found, by the invariant that is meant to.

`make test` plants one bug for each promise, the one that is found soonest. FENGXING_TEST_PLANTED=all plants every one
of `planted.py`; `make mutants` does that and prints what found each (ONLY=simulator: these alone).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext

import pytest
from flask import Flask
from sqlalchemy import text

from app.cli.demo import data
from app.identity import appointing
from app.kernel import db as database
from simulator import faults, running
from simulator.running import Plan
from tests.databases import SERVER_URL, owner
from tests.owning import owning
from tests.simulator.planted import BUGS, Bug


@pytest.fixture(autouse=True)
def _a_village(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three stations, cheap rewards, and passwords that take no time."""
    monkeypatch.setattr(data, "STATIONS", data.STATIONS[:3])
    monkeypatch.setattr(
        data, "REWARDS", [(*each[:3], 4, *each[4:]) for each in (data.REWARDS[0], data.REWARDS[4])]
    )
    monkeypatch.setattr(appointing, "hash_password", lambda _password: "-")


@contextmanager
def guards_taken_away(app: Flask, names: tuple[str, ...]) -> Iterator[None]:
    """Without some triggers for as long as the block lasts; what stands in the tables then is emptied first."""
    engine = database.db.engine
    pairs = [
        (create, drop)
        for create, drop in database.definitions(engine.dialect.name)
        if any(name in create for name in names)
    ]
    assert bool(pairs) == bool(names)
    with owner().begin() as connection:
        for _create, drop in pairs:
            for statement in drop.split("; "):
                connection.execute(text(statement))
    try:
        with owning() if pairs else nullcontext():
            yield
    finally:
        if pairs and engine.dialect.name != "sqlite":  # there the next test copies an untouched file
            _put_back(pairs)


def _put_back(pairs: Sequence[tuple[str, str]]) -> None:
    with owner().begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        tables = ", ".join(f'"{table.name}"' for table in database.Base.metadata.sorted_tables)
        connection.execute(text(f"TRUNCATE {tables}"))
        for create, _drop in pairs:
            connection.exec_driver_sql(create)


LIVES = 4  # seeds in a row, in the same city, until it is found


def lived(*, seed: int, days: int, fraud: int) -> running.Report:
    everything = frozenset(faults.ALL)
    return running.run(
        Plan(seed=seed, days=days, riders=12, faults=everything, fraud=fraud, pace=4.0, audit_every=100)
    )


ALL = os.environ.get("FENGXING_TEST_PLANTED") == "all"
# On SQLite; on a server those that take its own guards away.
HERE = [planted for planted in BUGS if (ALL or planted.quick) and (planted.without or not SERVER_URL)]


@pytest.mark.parametrize("planted", HERE, ids=lambda planted: planted.name.replace(" ", "-"))
def test_a_planted_bug_is_found(
    app: Flask, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, planted: Bug
):
    steps, violations = 0, list[str]()
    with guards_taken_away(app, planted.without):
        planted.plant(monkeypatch)
        for seed in range(planted.seed, planted.seed + LIVES):
            report = lived(seed=seed, days=planted.days, fraud=planted.fraud)
            steps, violations = steps + report.steps, report.violations
            if violations:
                break
    found = {violation.split(":")[0] for violation in violations}
    request.node.user_properties += [  # `make mutants` reads these in the report
        ("bug", planted.name),
        ("promise", " ".join(sorted(planted.found_by))),
        ("found", f"{' '.join(sorted(found)) or 'nothing'} in {steps} steps, SEED={seed}"),
    ]
    assert found & planted.found_by, violations


@pytest.mark.once  # on a server, nothing is found in the life of test_running.py
def test_nothing_is_found_where_nothing_was_planted(app: Flask):
    assert lived(seed=1, days=3 if ALL else 2, fraud=3).violations == []


def test_every_invariant_has_a_bug_that_it_finds():
    everyone = {f"I{number}" for number in range(18)} - {"I2", "I17"}  # of these see test_invariants.py
    assert set().union(*(planted.found_by for planted in BUGS)) == everyone
    assert set().union(*(planted.found_by for planted in BUGS if planted.quick)) == everyone
