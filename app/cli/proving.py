"""`flask ledger verify` and `flask rules replay`: proof for an auditor, on the command line."""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup

from app.kernel.db import transaction
from app.ledger.verify import verify
from app.rules.replay import replay

ledger = AppGroup("ledger", help="The points ledger.")
rules = AppGroup("rules", help="Rules and awards.")


@ledger.command("verify")
def verify_ledger() -> None:
    """Recompute every sum, balance and hold; name what is broken and exit with 1."""
    with transaction(write=False):
        findings = verify()
    for finding in findings:
        click.echo(f"BROKEN  {finding}", err=True)
    if findings:
        sys.exit(1)
    click.echo("The books close: every transaction sums to zero, every balance is the sum of its entries.")


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
