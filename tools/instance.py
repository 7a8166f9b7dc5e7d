"""One installation's own folder: made private, with secrets that are drawn once and kept."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tools import layout

FILE = "secrets.env"


def environment(env: Mapping[str, str]) -> dict[str, str]:
    """The environment for the app: what is set stays, the kept secrets are added."""
    folder = layout.instance()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(PermissionError):  # a folder that was prepared by someone else keeps its rights
        folder.chmod(0o700)
    return kept_secrets(folder) | {name: value for name, value in env.items() if value} | _fixed(folder)


def _fixed(folder: Path) -> dict[str, str]:
    return {"FENGXING_DATA_DIR": str(folder)}


def kept_secrets(folder: Path) -> dict[str, str]:
    """The secrets in `secrets.env`; drawn and written (for this user's eyes only) if there are none."""
    file = folder / FILE
    if not file.exists():
        _write_once(file, {"FENGXING_SECRET_KEY": secrets.token_hex(32), "FENGXING_CODE_KEYS": _first_key()})
    lines = (line.partition("=") for line in file.read_text("utf-8").splitlines())
    return {
        name.strip(): value.strip() for name, equals, value in lines if equals and not name.startswith("#")
    }


def _first_key() -> str:
    return f"1:{secrets.token_hex(32)}"


def _write_once(file: Path, values: Mapping[str, str]) -> None:
    """Write the whole file or nothing; if another start was quicker, its secrets stand."""
    draft = file.with_name(f"{FILE}.{os.getpid()}")
    text = "# Made by `make run`. Whoever reads this can forge codes and sign-ins. Keep it, keep it secret.\n"
    text += "".join(f"{name}={value}\n" for name, value in values.items())
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    try:
        with suppress(FileExistsError):
            os.link(draft, file)
    finally:
        draft.unlink()
