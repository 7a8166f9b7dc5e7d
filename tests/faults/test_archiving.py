"""The command that keeps PostgreSQL's log: what a killed server asks again for must not end it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from faults.databases import archiving_to

OPERATIONS = Path(__file__).parents[2] / "docs/operations.md"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    (tmp_path / "archive").mkdir()
    return tmp_path / "archive"


def keep(archive: Path, content: str) -> int:
    """What PostgreSQL runs for the file 0001 of its log."""
    log = archive.parent / "0001"
    log.write_text(content)
    command = archiving_to(str(archive)).replace("%p", str(log)).replace("%f", "0001")
    return subprocess.run(["/bin/sh", "-c", command], check=False).returncode


def test_a_file_is_kept_whole(archive: Path) -> None:
    assert keep(archive, "what happened") == 0
    assert {each.name: each.read_text() for each in archive.iterdir()} == {"0001": "what happened"}


def test_the_same_again_is_fine(archive: Path) -> None:
    assert [keep(archive, "what happened") for _ in range(2)] == [0, 0]


def test_another_of_that_name_is_refused_and_changes_nothing(archive: Path) -> None:
    keep(archive, "what happened")
    assert keep(archive, "something else") != 0
    assert (archive / "0001").read_text() == "what happened"


def test_half_a_copy_is_no_copy(archive: Path) -> None:
    (archive / "0001.part").write_text("what ha")
    assert keep(archive, "what happened") == 0
    assert [each.name for each in archive.iterdir()] == ["0001"]


def test_operators_are_told_the_command_that_the_drills_use() -> None:
    assert f"archive_command = '{archiving_to('/backup/archive')}'" in OPERATIONS.read_text("utf-8")
