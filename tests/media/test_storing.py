from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from app.kernel.errors import Unavailable
from app.media import storing
from app.media.storing import LocalStorage, NullStorage

NAME = "ab" + "0" * 62


def test_it_keeps_and_reads(tmp_path: Path):
    LocalStorage(tmp_path / "media").keep(NAME, b"picture")

    assert LocalStorage(tmp_path / "media").read(NAME) == b"picture"


def test_it_knows_what_it_does_not_have(tmp_path: Path):
    assert LocalStorage(tmp_path).read(NAME) is None


def test_it_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "fsync", _no_room)

    with pytest.raises(OSError, match="no space"):
        LocalStorage(tmp_path).keep(NAME, b"picture")

    assert [each for each in tmp_path.rglob("*") if each.is_file()] == []


@pytest.mark.parametrize("full", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("step", ["fsync", "mkdir"])
def test_a_full_disk_is_told_as_one_and_goes_on_once_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, full: int
):
    def no_room(*_: object) -> None:
        raise OSError(full, "no space left on device")

    with monkeypatch.context() as patched, pytest.raises(Unavailable):
        patched.setattr(os, step, no_room)
        LocalStorage(tmp_path).keep(NAME, b"picture")
    assert [each for each in tmp_path.rglob("*") if each.is_file()] == []
    LocalStorage(tmp_path).keep(NAME, b"picture")
    assert LocalStorage(tmp_path).read(NAME) == b"picture"


def _no_room(_handle: int) -> None:
    raise OSError("no space left on device")


def test_it_syncs_the_file_before_it_gets_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    seen: list[str] = []
    monkeypatch.setattr(
        os,
        "fsync",
        lambda _handle: seen.append("named" if (tmp_path / "ab" / f"{NAME}.jpg").exists() else "draft"),
    )

    LocalStorage(tmp_path).keep(NAME, b"picture")

    assert seen == ["draft", "named", "named"]


@pytest.mark.parametrize("name", ["../../etc/passwd", "ab/../../x", "", "g" * 64, NAME + "/", NAME.upper()])
def test_it_takes_no_other_names(tmp_path: Path, name: str):
    with pytest.raises(ValueError, match="not a name"):
        LocalStorage(tmp_path).read(name)


def test_the_null_one_keeps_nothing():
    NullStorage().keep(NAME, b"picture")

    assert NullStorage().read(NAME) is None


def test_it_can_be_chosen(tmp_path: Path):
    chosen = LocalStorage(tmp_path)
    storing.set_storage(chosen)
    try:
        assert storing.storage() is chosen
    finally:
        storing.set_storage(None)
