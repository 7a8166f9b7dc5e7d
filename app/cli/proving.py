"""`flask rules replay`: proof for an auditor, on the command line."""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup

from app.kernel.db import transaction
from app.rules.replay import replay

rules = AppGroup("rules", help="Rules and awards.")


@rules.command("replay")
def replay_awards() -> None:
    """Evaluate the stored facts of every award again with its own version; any difference exits with 1."""
    with transaction(write=False):
        outcome = replay()
    for mismatch in outcome.mismatches:
        click.echo(f"DIFFERENT  {mismatch}", err=True)
    if outcome.mismatches:
        sys.exit(1)
    click.echo(f"{outcome.awards} awards replayed, all the same.")
