"""The random sequences of the tests, in large and on both databases, with a process that dies at any statement.

The tests hold the ledger against a model and prove the book after each step; here they are only given more time.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator

from faults.ground import Ground
from faults.sizes import Size
from faults.verdicts import Verdict, judge
from tools import layout

NAME = "models"
TESTS = ("tests/ledger/test_model.py", "tests/ledger/test_dying.py", "tests/rules/test_three_ways.py")
AT_LEAST = 5  # as many as `make test` does anyway; how long they take says how many more there is time for


def drill(ground: Ground, size: Size) -> Iterator[Verdict]:
    """Whatever sequence and wherever it dies: the book agrees with the model, and is proved after each step."""
    databases = {"SQLite": None, "PostgreSQL": ground.postgres.url("postgres")}
    for left, (name, url) in zip((2, 1), databases.items(), strict=True):
        share_s = ground.share.left_s / left
        examples, began = AT_LEAST if ground.share.is_bounded else size.examples, time.monotonic()
        said, sound = _run(url, examples)
        took_s = time.monotonic() - began
        more = fitting(size.examples, share_s - took_s, took_s)
        if sound and more > examples:
            examples = more
            said, sound = _run(url, examples)
        figure = f"{examples} of {size.examples} sequences on {name}: {said}"
        yield judge(NAME, "the book agrees with a model, wherever a process dies", figure, sound)


def fitting(wanted: int, within_s: float, took_s: float) -> int:
    """How many sequences there is time for, where the least took so long."""
    room = AT_LEAST * within_s / took_s
    return wanted if room >= wanted else max(AT_LEAST, int(room))


def _run(url: str | None, examples: int) -> tuple[str, bool]:
    env = {**os.environ, "FENGXING_TEST_EXAMPLES": str(examples)}
    for inherited in ("FENGXING_TEST_DATABASE_URL", "FENGXING_TEST_REDIS_URL"):
        env.pop(inherited, None)
    if url is not None:
        env["FENGXING_TEST_DATABASE_URL"] = url
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS]
    done = subprocess.run(command, cwd=layout.ROOT, env=env, capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    told = re.sub(r"=+", "", lines[-1]).strip() if lines else "it said nothing"
    return told, done.returncode == 0
