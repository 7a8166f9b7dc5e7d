"""`flask tick`: do every job that is due now, once, and stop. For trying, or for a timer instead of a worker."""

from __future__ import annotations

import sys

import click
from flask.cli import with_appcontext

from app.cli.refusing import in_words
from app.kernel import clock, working


@click.command("tick")
@with_appcontext
def tick() -> None:
    """Do what is due now, once: expiries, deadlines, reminders. A job that failed makes the exit code 1."""
    with in_words():
        outcomes = working.run_due(at=clock.now())
    for outcome in outcomes:
        if outcome.why:
            click.echo(f"{outcome.kind}: {outcome.why}; it will be tried again", err=True)
        elif outcome.result:
            click.echo(f"{outcome.kind}: {outcome.result}")
    if any(outcome.why for outcome in outcomes):
        sys.exit(1)
