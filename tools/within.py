"""`python3 -m tools.within [--needs postgres,redis] MODULE ...`: run a module inside the development environment."""

from __future__ import annotations

import os
import sys

from tools import environment, layout, progress, system

NEEDS = {
    "postgres": system.POSTGRES,
    "redis": system.REDIS,
    "faketime": system.FAKETIME,
    "chromium": system.CHROMIUM,
    "zbar": system.ZBAR,
    "pdftotext": system.PDFTOTEXT,
    "office": system.OFFICE,
}


def main() -> int:
    """Set up, then become `.venv/bin/python -m MODULE ...`."""
    arguments = sys.argv[1:]
    needs: list[str] = []
    if arguments[:1] == ["--needs"]:
        needs, arguments = arguments[1].split(","), arguments[2:]
    if not arguments:
        raise progress.Refused("say which module to run")
    environment.ensure("dev")
    system.ensure([NEEDS[name] for name in needs], otherwise="")
    os.chdir(layout.ROOT)
    os.execv(layout.PYTHON, [str(layout.PYTHON), "-m", *arguments])


if __name__ == "__main__":
    progress.start(main)
