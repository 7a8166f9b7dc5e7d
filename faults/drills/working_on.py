"""Workers of the job queue are killed in the middle of their work, two of them racing all the time."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import suppress

import sqlalchemy as sa

from faults import warm
from faults.ground import Ground
from faults.sizes import Size
from faults.verdicts import Verdict, judge
from tools.progress import Program, end

NAME = "jobs"
WORKERS, PATIENCE_S = 2, 120
ADD = sa.text(
    "INSERT INTO jobs (id, kind, payload, state, run_at, attempts, created_at)"
    " SELECT gen_random_uuid(), 'mark', jsonb_build_object('number', n), 'waiting', now(), 0, now()"
    " FROM generate_series(1, :number) AS n"
)


def drill(ground: Ground, size: Size) -> Iterator[Verdict]:
    """Every job leaves exactly one mark."""
    url, chance = ground.copy(), ground.chance(NAME)
    _add(url, size.jobs)
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


def _begin(ground: Ground, url: str) -> Program:
    command = [sys.executable, "-m", "flask", "--app", "faults.patched", "jobs", "work"]
    env = ground.env(url, FENGXING_LOG_LEVEL="CRITICAL") | {"FAULTS_PATCH": "leaves-marks"}
    return warm.begin(command, env, ground.folder / "jobs.log")


def _add(url: str, number: int) -> None:
    """So many jobs at once: what is tried is who does them, not who asked for them."""
    engine = sa.create_engine(url)
    try:
        with engine.begin() as connection:
            connection.execute(ADD, {"number": number})
    finally:
        engine.dispose()


def _count(url: str, statement: str) -> int:
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            return int(connection.scalar(sa.text(statement)) or 0)
    finally:
        engine.dispose()
