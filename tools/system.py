"""Programs that the system's package manager brings: what is missing, may we install it, and if not, what to say."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tools import layout, progress

POSTGRES_AT_LEAST = 15


@dataclass(frozen=True)
class Need:
    """A thing that must be on the machine, and the Debian packages that bring it."""

    name: str
    packages: tuple[str, ...]
    is_there: Callable[[], bool]


def postgres_folder() -> Path | None:
    """The folder with `initdb` and `postgres` of the newest PostgreSQL that is new enough."""
    folders = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/usr").glob("pgsql-*/bin")]
    on_path = shutil.which("postgres")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    found = [(_postgres_version(folder), folder) for folder in folders]
    version, folder = max(found, default=(0, Path()))
    return folder if version >= POSTGRES_AT_LEAST else None


def _postgres_version(folder: Path) -> int:
    if not all((folder / name).exists() for name in ("initdb", "postgres")):
        return 0
    said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=False)
    match = re.search(r"(\d+)(?:\.\d+|beta|rc)", said.stdout)
    return int(match[1]) if match else 0


def redis_program() -> str | None:
    """The Redis server (or its fork)."""
    return shutil.which("redis-server") or shutil.which("valkey-server")


CHROMIUMS = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
)


def chromium_program() -> str | None:
    """A Chromium that playwright can drive. The one that never had a window draws the same with half the work."""
    return next(filter(None, map(shutil.which, CHROMIUMS)), None)


def faketime_library() -> Path | None:
    """The library that bends the clock of a program, the one that is safe with threads."""
    folders = (Path("/usr/lib"), Path("/usr/lib64"), Path("/usr/local/lib"))
    found = (next(folder.glob("**/faketime/libfaketimeMT.so.1"), None) for folder in folders)
    return next(filter(None, found), None)


def _has_chinese_font() -> bool:
    folders = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
    return any(font for folder in folders for font in folder.rglob("*CJK*"))


def _has_npm() -> bool:
    return bool(shutil.which("node") and shutil.which("npm"))


POSTGRES = Need(
    f"PostgreSQL {POSTGRES_AT_LEAST} or newer", ("postgresql",), lambda: postgres_folder() is not None
)
REDIS = Need("a Redis server", ("redis-server",), lambda: redis_program() is not None)
CHROMIUM = Need("Chromium", (CHROMIUMS[0],), lambda: chromium_program() is not None)
CHINESE_FONT = Need("a Chinese font", ("fonts-noto-cjk",), _has_chinese_font)
ZBAR = Need("zbarimg", ("zbar-tools",), lambda: shutil.which("zbarimg") is not None)
PDFTOTEXT = Need("pdftotext", ("poppler-utils",), lambda: shutil.which("pdftotext") is not None)
OFFICE = Need("LibreOffice Calc", ("libreoffice-calc-nogui",), lambda: shutil.which("soffice") is not None)
FAKETIME = Need("libfaketime", ("faketime",), lambda: faketime_library() is not None)
NPM = Need("Node with npm", ("nodejs", "npm"), _has_npm)


def ensure(needs: Iterable[Need], *, otherwise: str) -> None:
    """Install by apt-get what is missing. Raises Refused with one line if that is not possible."""
    missing = [need for need in needs if not need.is_there()]
    if not missing:
        return
    packages = [package for need in missing for package in need.packages]
    names = ", ".join(need.name for need in missing)
    advice = f"missing: {names}. Install it (on Debian: apt-get install {' '.join(packages)}){otherwise}"
    prefix = _privilege()
    if prefix is None:
        raise progress.Refused(advice)
    _install(prefix, packages, names)
    still = [need.name for need in missing if not need.is_there()]
    if still:
        raise progress.Refused(f"apt-get brought no {', '.join(still)} that fits; {advice}")


def _privilege() -> list[str] | None:
    """How to run apt-get here: as root, by sudo without a password, or not at all."""
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return []
    if (
        shutil.which("sudo")
        and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0
    ):
        return ["sudo", "-n"]
    return None


def _install(prefix: list[str], packages: list[str], names: str) -> None:
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=120"]
    log = layout.LOGS / "apt.log"
    with suppress(progress.StepFailed):  # a broken extra source must not stop us: the install below decides
        progress.run("reading the package lists", [*apt, "update"], log=log, cwd=layout.ROOT)
    install = [*apt, "install", "--yes", "--no-install-recommends", *packages]
    progress.run(f"installing {names} ({' '.join(packages)})", install, log=log, cwd=layout.ROOT)
