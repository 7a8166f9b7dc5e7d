"""A run in this process and the command in another one, on the other database where there is one, end alike."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from flask import Flask

from app.cli.demo import data
from app.identity import appointing
from app.kernel import settings
from simulator import faults, running
from simulator.command import simulate
from simulator.running import Plan
from tests.databases import SERVER_URL

ROOT = Path(__file__).parents[2]
# Both on SQLite: only the process, the keys and the address differ.
DAYS, RIDERS = (1, 7) if SERVER_URL else (1, 4)
PLAN = Plan(seed=7, days=DAYS, riders=RIDERS, faults=frozenset(faults.ALL), fraud=2)
# The commands one after the other, and passwords that take no time, as those of the other tests.
COMMANDS = """
import sys
from argon2 import PasswordHasher
from flask.cli import cli
from app.identity import secrets_kept
secrets_kept._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
cli.main(["--app", "wsgi", "db", "upgrade"], standalone_mode=False)
cli.main(["--app", "wsgi", "simulate", *sys.argv[1:]])
"""


@pytest.fixture
def elsewhere(settings_env: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """An installation of its own: an SQLite file, other keys, another address."""
    return settings_env | {
        "FENGXING_SECRET_KEY": "another secret of another place, long enough",
        "FENGXING_CODE_KEYS": "1:" + "a5" * 32,
        "FENGXING_PUBLIC_URL": "https://elsewhere.example",
        "FENGXING_DATA_DIR": str(tmp_path),
        "FENGXING_DATABASE_URL": f"sqlite:///{tmp_path / 'elsewhere.db'}",
        "FENGXING_REDIS_URL": "",
    }


def test_the_same_seed_ends_in_the_same_state_on_either_database(app: Flask, elsewhere: dict[str, str]):
    here = running.run(PLAN)
    assert here.violations == []
    options = ["--seed", "7", "--days", str(DAYS), "--riders", str(RIDERS), "--faults", "all", "--fraud", "2"]
    command = [sys.executable, "-c", COMMANDS, *options]
    env = os.environ | elsewhere
    there = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert there.returncode == 0, there.stderr
    told = json.loads(there.stdout.splitlines()[-1])
    assert (told["seed"], told["days"], told["riders"], told["violations"]) == (7, DAYS, RIDERS, 0)
    assert (told["steps"], told["digest"]) == (here.steps, here.digest)
    assert told["database"] == "sqlite"


@pytest.mark.once
def test_a_second_seed_lives_on_in_the_same_city(app: Flask, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(appointing, "hash_password", lambda _password: "-")
    monkeypatch.setattr(data, "STATIONS", data.STATIONS[:3])
    first = running.run(Plan(seed=1, days=1, riders=4))
    second = running.run(Plan(seed=2, days=1, riders=4, faults=frozenset({"crash"})))
    assert first.violations == second.violations == []
    assert first.digest != second.digest


def test_a_fault_nobody_knows_is_refused_in_words(app: Flask):
    refused = app.test_cli_runner().invoke(simulate, ["--faults", "earthquake"])
    assert refused.exit_code == 2
    assert "no such fault: earthquake" in refused.output


def test_nobody_lives_an_invented_life_in_production(app: Flask, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(settings, "_current", replace(settings.current(), environment="production"))
    monkeypatch.setattr(running, "run", lambda *_, **__: pytest.fail("it wrote"))
    refused = app.test_cli_runner().invoke(simulate, [])
    assert refused.exit_code == 1
    assert "FENGXING_ENV is production" in refused.output


@pytest.mark.parametrize(("violations", "code"), [([], 0), (["I1: 5"], 1)])
def test_the_command_lives_as_it_is_asked_to_and_fails_where_a_promise_breaks(
    app: Flask, monkeypatch: pytest.MonkeyPatch, violations: list[str], code: int
):
    def lived(plan: Plan, say: running.Say) -> running.Report:
        plans.append(plan)
        return running.Report(plan=plan, start_on=date(2026, 9, 7), violations=violations)

    plans: list[Plan] = []
    monkeypatch.setattr(running, "run", lived)
    asked = "--seed 3 --days 2 --riders 5 --faults lost,crash --fraud 2 --fraud-manners 9 --start 2026-10-01"
    told = app.test_cli_runner().invoke(simulate, asked.split())
    assert told.exit_code == code
    wanted = {"seed": 3, "days": 2, "riders": 5, "faults": frozenset({"lost", "crash"})}
    assert plans == [Plan(**wanted, fraud=2, fraud_manners=9, start_on=date(2026, 10, 1))]


@pytest.mark.parametrize("start", ["1999-01-01", "2019-12-31", "2089-12-31", "9999-12-31"])
def test_a_beginning_when_no_city_lives_is_refused_in_words(app: Flask, start: str):
    refused = app.test_cli_runner().invoke(simulate, ["--start", start, "--days", "2"])
    assert refused.exit_code == 2
    assert "from 2020-01-01 to 2089-12-30" in refused.output
