"""`flask simulate`: the command that wsgi.py adds; app/ knows nothing of it."""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta

import click
from flask import Flask
from flask.cli import with_appcontext

from app.cli.refusing import never_in_production
from app.kernel.schemas import EARLIEST, LATEST


def install(app: Flask) -> None:
    """Give the application the command."""
    app.cli.add_command(simulate)


@click.command("simulate")
@click.option(
    "--seed", type=click.IntRange(0), default=1, show_default=True, help="The same seed lives the same life."
)
@click.option("--days", type=click.IntRange(1, 366), default=14, show_default=True)
@click.option("--riders", type=click.IntRange(1, 99_999), default=100, show_default=True)
@click.option(
    "--faults", "fault_list", default="all", show_default=True, help="all, none, or names with commas."
)
@click.option(
    "--fraud", type=click.IntRange(0, 3), default=1, show_default=True, help="0: none; 3: the slyest."
)
@click.option(
    "--fraud-manners", type=click.IntRange(0), default=None,
    help="A seed: cheats go about it in ways that are drawn anew. Without it as each level is known for.",
)  # fmt: skip
@click.option(
    "--crossings", is_flag=True,
    help="On PostgreSQL requests cross: each second one is answered as after the first, and taken back.",
)  # fmt: skip
@click.option("--start", type=click.DateTime(["%Y-%m-%d"]), default=None, help="The first day.")
@with_appcontext
def simulate(
    seed: int,
    days: int,
    riders: int,
    fault_list: str,
    fraud: int,
    fraud_manners: int | None,
    crossings: bool,
    start: datetime | None,
) -> None:
    """Let seeded riders and staff live in the city for some days, with faults, and check the books after every step."""
    from simulator import faults, reporting, running

    never_in_production("simulate")
    try:
        names = faults.read(fault_list)
    except ValueError as problem:
        raise click.BadParameter(str(problem), param_hint="--faults") from None
    last = LATEST.date() - timedelta(days=days)
    if start is not None and not EARLIEST.date() <= start.date() <= last:
        raise click.BadParameter(f"the city lives from {EARLIEST.date()} to {last}", param_hint="--start")
    plan = running.Plan(
        seed=seed,
        days=days,
        riders=riders,
        faults=names,
        fraud=fraud,
        fraud_manners=fraud_manners,
        start_on=start.date() if start else None,
        crossings=crossings,
    )
    report = running.run(plan, say=lambda words: click.echo(f"  {words}", err=True))
    for line in reporting.lines(report):
        click.echo(line, err=True)
    click.echo(json.dumps(reporting.facts(report), ensure_ascii=False))
    if report.violations:
        sys.exit(1)
