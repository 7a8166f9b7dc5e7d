"""`make check`: formatting, linting, types and the import directions. Runs inside the virtual environment."""

from __future__ import annotations

import subprocess
import sys
import time

from tools import environment, layout, progress
from tools.tallies import Tally

CHECKS = {
    "formatting (ruff format)": ["-m", "ruff", "format", "--check", "--output-format=concise", "."],
    "lint (ruff check)": ["-m", "ruff", "check", "--output-format=concise", "."],
    "types (mypy)": ["-m", "mypy"],
    "floors (import-linter)": [
        "-c",
        "from importlinter.cli import lint_imports_command as run; run()",
        "--no-logo",
    ],
}


def check() -> Tally:
    """Run every check, even after one failed; show what the failing ones say."""
    failed = []
    for name, arguments in CHECKS.items():
        began = time.monotonic()
        with progress.Progress(name):
            done = subprocess.run(
                [str(layout.PYTHON), *arguments],
                cwd=layout.ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
                check=False,
            )
        progress.say(f"{'FAILED' if done.returncode else 'ok':6} {name}  {time.monotonic() - began:.1f} s")
        if done.returncode:
            failed.append(name)
            progress.say(done.stdout.rstrip())
    return Tally(len(CHECKS) - len(failed), len(failed), tuple(failed))


def main() -> int:
    """Set up and check."""
    environment.ensure("dev")
    outcome = check()
    if outcome.failed:
        print(
            f"{outcome.failed} of {len(CHECKS)} checks failed; `make format` mends what can be mended",
            file=sys.stderr,
        )
    return 1 if outcome.failed else 0


if __name__ == "__main__":
    progress.start(main)
