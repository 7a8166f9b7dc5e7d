"""Workers of the job queue are killed in the middle of their work, two of them racing all the time."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress

import sqlalchemy as sa

from faults.ground import Ground
from faults.sizes import Size
from faults.verdicts import Verdict, judge
from tools import layout
from tools.progress import end

NAME = "jobs"
WORKERS, PATIENCE_S = 2, 120


def drill(ground: Ground, size: Size) -> Iterator[Verdict]:
    """Every job leaves exactly one mark."""
    url, chance = ground.copy(), ground.chance(NAME)
    _add(ground, url, size.jobs)
    workers = [_begin(ground, url) for _ in range(WORKERS)]
    kills, until = 0, time.monotonic() + (ground.share.left_s if ground.share.is_bounded else 4 * PATIENCE_S)
    try:
        while (done := _count(url, "SELECT count(*) FROM jobs WHERE state = 'done'")) < size.jobs:
            if time.monotonic() > until:
                break
            in_time = not ground.share.is_over_for_traffic
            if in_time and kills < size.job_kills and done >= size.jobs * (kills + 1) / (size.job_kills + 2):
                victim = chance.randrange(WORKERS)
                workers[victim].kill()
                workers[victim].wait()
                workers[victim] = _begin(ground, url)
                kills += 1
            time.sleep(0.05)
    finally:
        for worker in workers:
            with suppress(ProcessLookupError):
                end(worker)
    marks = _count(url, "SELECT count(*) FROM idempotency_keys WHERE owner = 'faults'")
    different = _count(
        url, "SELECT count(DISTINCT split_part(key, '-', 1)) FROM idempotency_keys WHERE owner = 'faults'"
    )
    figure = f"{size.jobs} jobs, {different} done, {marks - different} done twice, {kills} kills of workers"
    enough = kills == size.job_kills or (kills > 0 and ground.share.is_over_for_traffic)
    right = marks == different == done == size.jobs and enough
    yield judge(NAME, "every job is done exactly once", figure, right)
    ground.drop(url)


def _begin(ground: Ground, url: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "flask", "--app", "faults.patched", "jobs", "work"]
    env = ground.env(url, FENGXING_LOG_LEVEL="CRITICAL") | {"FAULTS_PATCH": "leaves-marks"}
    with (ground.folder / "jobs.log").open("ab") as log:
        return subprocess.Popen(
            command, cwd=layout.ROOT, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )


def _add(ground: Ground, url: str, number: int) -> None:
    script = (
        "from faults.patched import app\n"
        "from app.kernel import clock, jobs\n"
        "from app.kernel.db import transaction\n"
        "with app.app_context(), transaction():\n"
        f"    for number in range({number}):\n"
        "        jobs.add('mark', payload={'number': number}, at=clock.now())\n"
    )
    env = ground.env(url) | {"FAULTS_PATCH": "leaves-marks"}
    subprocess.run([sys.executable, "-c", script], cwd=layout.ROOT, env=env, check=True)


def _count(url: str, statement: str) -> int:
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            return int(connection.scalar(sa.text(statement)) or 0)
    finally:
        engine.dispose()
