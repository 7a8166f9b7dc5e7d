"""`flask jobs`: do them, list them, give failed ones another chance."""

from __future__ import annotations

import signal
import threading
from uuid import UUID

import click
from flask import current_app

from app.cli.refusing import Commands
from app.kernel import clock, working
from app.kernel import jobs as queue
from app.kernel.db import transaction
from app.kernel.schemas import MAX_WHOLE

jobs = Commands("jobs", help="Work that must happen later: do it, look at it, try it again.")


@jobs.command("work")
def work() -> None:
    """Do jobs until SIGTERM or Ctrl-C; the job at hand is finished first. Start as many of these as you like."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    working.work(current_app._get_current_object(), stop)  # type: ignore[attr-defined]  # noqa: SLF001 -- Flask's own way


@jobs.command("list")
@click.option(
    "--state", type=click.Choice(queue.STATES), default=None, help="All but the finished ones by default."
)
@click.option("--limit", type=click.IntRange(1, MAX_WHOLE), default=100, show_default=True)
def list_jobs(state: str | None, limit: int) -> None:
    """One line for each job, soonest first: id, kind, key, state, attempts, when, why it failed."""
    with transaction(write=False):
        lines = [_line(job) for job in queue.jobs(state=state, limit=limit)]
    click.echo("\n".join(lines) if lines else "No such jobs.")


def _line(job: queue.Job) -> str:
    when = job.run_at.isoformat(timespec="seconds")
    words = (job.id, job.kind, job.key or "-", job.state, job.attempts, when, job.why or "")
    return "  ".join(str(word) for word in words).rstrip()


@jobs.command("retry")
@click.argument("job_ids", type=click.UUID, nargs=-1)
@click.option("--all", "every", is_flag=True, help="Every failed job.")
def retry(job_ids: tuple[UUID, ...], every: bool) -> None:
    """Give failed jobs all their tries again."""
    if bool(job_ids) == every:
        raise click.UsageError("Name the jobs, or say --all.")
    with transaction():
        if every:
            count = queue.retry_all(at=clock.now())
        else:
            for job_id in job_ids:
                queue.retry(job_id, at=clock.now())
            count = len(job_ids)
    click.echo(f"{count} to be tried again")
