"""The virtual environment: made once, filled from the locked requirements, left alone while nothing changed."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tools import layout, progress, system

PIP_OPTIONS = ("--no-input", "--disable-pip-version-check", "--require-hashes")
SETS = ("runtime", "dev", "mutants")  # each holds all of the one before


def ensure(wanted: str) -> None:
    """Make sure that `.venv` holds the packages of this set exactly as locked."""
    if is_ready(wanted):
        return
    with _alone():
        if is_ready(wanted):
            return
        if not _venv_works():
            _make_venv()
        _install(wanted)


def is_ready(wanted: str) -> bool:
    """Whether the packages were installed from these very files for this very Python."""
    return _venv_works() and any(_stamp(name) == _wanted_stamp(name) for name in SETS[SETS.index(wanted) :])


def _venv_works() -> bool:
    return layout.PYTHON.exists() and bool(_venv_version())


def _venv_version() -> str:
    with suppress(OSError):
        for line in (layout.VENV / "pyvenv.cfg").read_text("utf-8").splitlines():
            name, _, value = line.partition("=")
            if name.strip() == "version":
                return value.strip()
    return ""


def _stamp_file(name: str) -> Path:
    return layout.VENV / f"installed-{name}.stamp"


def _stamp(name: str) -> str:
    with suppress(OSError):
        return _stamp_file(name).read_text("utf-8")
    return ""


def _wanted_stamp(name: str) -> str:
    locked = (layout.REQUIREMENTS / f"{name}.txt").read_bytes()
    # the folder is part of it: programs inside a virtual environment hold its path
    return f"{_venv_version()} {hashlib.sha256(locked).hexdigest()} {layout.VENV}\n"


@contextmanager
def _alone() -> Iterator[None]:
    """Two set-ups of one checkout must not run into each other."""
    layout.LOGS.mkdir(parents=True, exist_ok=True)
    with (layout.LOGS / "setup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with progress.Progress("waiting for another set-up of this checkout"):
                fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make_venv() -> None:
    if importlib.util.find_spec("ensurepip") is None:
        _ensure_ensurepip()
    progress.run(
        "making the virtual environment .venv",
        [sys.executable, "-m", "venv", "--clear", str(layout.VENV)],
        log=layout.LOGS / "venv.log",
        cwd=layout.ROOT,
    )


def _ensure_ensurepip() -> None:
    """Debian keeps what `python3 -m venv` needs in a package of its own."""
    if Path(sys.executable).resolve().parent != Path("/usr/bin"):
        raise progress.Refused(
            f"{sys.executable} has no pip to give: name another Python, as in make run PYTHON=..."
        )
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    need = system.Need(
        "Python's venv module with pip",
        (package,),
        lambda: _ensurepip_folder().joinpath("__init__.py").exists(),
    )
    system.ensure([need], otherwise="")
    importlib.invalidate_caches()


def _ensurepip_folder() -> Path:
    return Path(os.__file__).parent / "ensurepip"


def _install(wanted: str) -> None:
    _stamp_file(wanted).unlink(missing_ok=True)
    locked = layout.REQUIREMENTS / f"{wanted}.txt"
    progress.run(
        f"installing the {wanted} packages of Python (once)",
        [str(layout.PYTHON), "-m", "pip", "install", *PIP_OPTIONS, "--requirement", str(locked)],
        log=layout.LOGS / f"pip-{wanted}.log",
        cwd=layout.ROOT,
    )
    _stamp_file(wanted).write_text(_wanted_stamp(wanted), "utf-8")
