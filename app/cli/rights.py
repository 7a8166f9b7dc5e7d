"""`flask rights grant` and `check`: what the role that serves may do in the database."""

from __future__ import annotations

import sys

import click

from app.cli.refusing import Commands
from app.kernel import rights as known
from app.kernel.db import dialect_name, session, transaction

rights = Commands("rights", help="What the role that serves may do in the database (PostgreSQL).")


@rights.command("grant")
@click.argument("role")
def grant(role: str) -> None:
    """Give ROLE what serving takes, and no more. Run it as the owner of the tables, after each upgrade."""
    _must_be_postgresql()
    try:
        statements = list(known.grants(role))
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="ROLE") from error
    with transaction():
        for each in statements:
            session.connection().exec_driver_sql(each)
        # PostgreSQL only warns whoever may not grant: that nothing was granted has to be looked for.
        if found := known.findings(session.connection(), role):
            raise click.ClickException(
                "nothing was granted; is this the owner of the tables?\n  " + "\n  ".join(found)
            )
    click.echo(f"{role}: rights on {len(known.wanted())} tables")


@rights.command("check")
def check() -> None:
    """Say what whoever FENGXING_DATABASE_URL names may do too much or too little; exit with 1 if there is anything."""
    _must_be_postgresql()
    with transaction(write=False):
        found = known.findings(session.connection())
    for each in found:
        click.echo(f"WRONG  {each}", err=True)
    if found:
        sys.exit(1)
    click.echo(f"as it should be, on {len(known.wanted())} tables")


def _must_be_postgresql() -> None:
    if dialect_name() != "postgresql":
        raise click.ClickException("a file has no roles: this is for PostgreSQL")
