"""A run in this process and the command in another one, on the other database where there is one, end alike."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from app.identity import appointing
from simulator import faults, running
from simulator.running import Plan
from tests.conftest import SERVER_URL

ROOT = Path(__file__).parents[2]
DAYS = 3 if SERVER_URL else 1  # where both are SQLite, only the process, the keys and the address differ
PLAN = Plan(seed=7, days=DAYS, riders=12, faults=frozenset(faults.ALL), fraud=2)


def flask(*arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "flask", "--app", "wsgi", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True, check=False
    )


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
    assert flask("db", "upgrade", env=elsewhere).returncode == 0
    options = ["--seed", "7", "--days", str(DAYS), "--riders", "12", "--faults", "all", "--fraud", "2"]
    there = flask("simulate", *options, env=elsewhere)
    assert there.returncode == 0, there.stderr
    told = json.loads(there.stdout.splitlines()[-1])
    assert (told["seed"], told["days"], told["riders"], told["violations"]) == (7, DAYS, 12, 0)
    assert (told["steps"], told["digest"]) == (here.steps, here.digest)
    assert told["database"] == "sqlite"


def test_a_second_seed_lives_on_in_the_same_city(app: Flask, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(appointing, "hash_password", lambda _password: "-")
    first = running.run(Plan(seed=1, days=1, riders=4))
    second = running.run(Plan(seed=2, days=1, riders=4, faults=frozenset({"crash"})))
    assert first.violations == second.violations == []
    assert first.digest != second.digest


def test_a_fault_nobody_knows_is_refused_in_words(elsewhere: dict[str, str]):
    refused = flask("simulate", "--faults", "earthquake", env=elsewhere)
    assert refused.returncode == 2
    assert "no such fault: earthquake" in refused.stderr
