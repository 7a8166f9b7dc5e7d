"""`make lock`: pin requirements/*.in with hashes into requirements/*.txt, and package.json into package-lock.json.

The files name no registry: whoever installs takes the one that pip and npm are set up for, and the hashes decide.
Needs `uv` on the PATH (any way of installing it will do).
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

from tools import layout, progress

PYTHON_VERSION = "3.11"
NAMELESS = ["--no-header", "--no-emit-index-url", "--no-emit-find-links"]


def main() -> int:
    """Lock everything; with `--upgrade` look for newer versions, otherwise keep what is pinned."""
    upgrade = [argument for argument in sys.argv[1:] if argument == "--upgrade"]
    uv = shutil.which("uv", path=f"{layout.PYTHON.parent}:{os.environ.get('PATH', '')}")
    if uv is None:
        raise progress.Refused(
            "make lock needs uv: install it, for example with .venv/bin/python -m pip install uv"
        )
    _pin(uv, "runtime", upgrade)
    _pin(uv, "dev", ["--constraints", "requirements/runtime.txt", *upgrade])
    _pin(uv, "mutants", ["--constraints", "requirements/dev.txt", *upgrade])
    if shutil.which("npm"):
        _run(["npm", "install", "--package-lock-only", "--ignore-scripts"])
        strip_addresses(layout.ROOT / "package-lock.json")
    return 0


def _pin(uv: str, name: str, more: list[str]) -> None:
    target = f"requirements/{name}.txt"
    command = [uv, "pip", "compile", f"requirements/{name}.in", "--output-file", target, "--quiet"]
    _run([*command, "--universal", "--python-version", PYTHON_VERSION, "--generate-hashes", *NAMELESS, *more])


def strip_addresses(file: Path) -> None:
    """Take every address out of a package-lock: npm finds the packages by name, the integrity hashes decide."""
    lock = json.loads(file.read_text("utf-8"))
    for package in lock["packages"].values():
        package.pop("resolved", None)
        package.pop("funding", None)
    file.write_text(json.dumps(lock, indent=2, ensure_ascii=False) + "\n", "utf-8")


def _run(command: list[str]) -> None:
    progress.run(" ".join(command[:4]), command, log=layout.LOGS / "lock.log", cwd=layout.ROOT)


if __name__ == "__main__":
    progress.start(main)
