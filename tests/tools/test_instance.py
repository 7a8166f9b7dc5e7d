"""Secrets are drawn once, kept for this user's eyes, and what the environment says comes first."""

import stat
from pathlib import Path

import pytest

from app.kernel.settings import Settings
from tools import instance


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FENGXING_DATA_DIR", str(tmp_path / "var"))
    return tmp_path / "var"


def test_secrets_are_drawn_once_and_kept(folder: Path) -> None:
    first = instance.environment({})
    assert first == instance.environment({})
    assert len(first["FENGXING_SECRET_KEY"]) >= 32


def test_secrets_are_nobody_elses_business(folder: Path) -> None:
    instance.environment({})
    assert stat.S_IMODE((folder / instance.FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [file.name for file in folder.iterdir()] == [instance.FILE]


def test_the_app_starts_with_them(folder: Path) -> None:
    settings = Settings.from_env(instance.environment({}))
    assert settings.data_dir == folder
    assert list(settings.code_keys) == [1]


def test_the_environment_comes_first(folder: Path) -> None:
    env = instance.environment({"FENGXING_SECRET_KEY": "from outside", "FENGXING_REDIS_URL": ""})
    assert env["FENGXING_SECRET_KEY"] == "from outside"
    assert "FENGXING_REDIS_URL" not in env


def test_a_second_start_at_the_same_moment_keeps_the_first_ones_secrets(folder: Path) -> None:
    folder.mkdir()
    file = folder / instance.FILE
    file.write_text("FENGXING_SECRET_KEY=first\n")
    instance._write_once(file, {"FENGXING_SECRET_KEY": "second"})
    assert instance.kept_secrets(folder) == {"FENGXING_SECRET_KEY": "first"}
