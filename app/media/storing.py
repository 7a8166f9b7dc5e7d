"""Where the bytes lie: an interface, the local folder behind it, and a Null one that keeps nothing and says so.

Files are named by the digest of what they hold, so the same photo is stored once and a file never changes.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import threading
from pathlib import Path
from typing import Protocol

from app.kernel import settings
from app.kernel.errors import Unavailable
from app.kernel.observing import log

FULL = (errno.ENOSPC, errno.EDQUOT)
_NAME = re.compile(r"^[0-9a-f]{64}(-thumb)?$")


class Storage(Protocol):
    """Keeps bytes under a name for good."""

    def keep(self, name: str, data: bytes) -> None:
        """Store safely before returning: what was kept survives a crash. Raises Unavailable while there is no room."""

    def read(self, name: str) -> bytes | None:
        """What was kept under the name, None if nothing was."""

    def drop(self, name: str) -> None:
        """Throw away what was kept under the name; nothing there is no fault."""


class LocalStorage:
    """A folder on this machine: media/ab/<digest>.jpg."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def keep(self, name: str, data: bytes) -> None:
        path = self._path(name)
        if path.exists():
            return  # the name is the digest of the contents
        draft = path.with_name(f".{name}.{os.getpid()}-{threading.get_ident()}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with draft.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)
            # As where the database's disk is full: sent again, it goes on once there is room.
            if error.errno in FULL:
                log.error("photo-not-kept", reason="the disk is full", size=len(data))
                raise Unavailable from error
            raise
        for folder in (path.parent, self._root):
            _sync_folder(folder)

    def read(self, name: str) -> bytes | None:
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError:
            return None

    def drop(self, name: str) -> None:
        self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        if not _NAME.match(name):
            raise ValueError("not a name of a stored photo")
        return self._root / name[:2] / f"{name}.jpg"


class NullStorage:
    """Keeps nothing, and says so."""

    def keep(self, name: str, data: bytes) -> None:
        log.warning("photo-not-kept", reason="no storage is configured", size=len(data))

    def read(self, name: str) -> bytes | None:
        return None

    def drop(self, name: str) -> None:
        pass


def _sync_folder(folder: Path) -> None:
    """A rename is safe only once the folder itself is written."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


_chosen: Storage | None = None


def set_storage(choice: Storage | None) -> None:
    """Choose where photos lie from now on; None goes back to the folder of the settings."""
    global _chosen
    _chosen = choice


def storage() -> Storage:
    """Where photos lie: the chosen storage, else a folder beside the other data."""
    return _chosen or LocalStorage(settings.current().data_dir / "media")
