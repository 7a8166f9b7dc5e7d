"""`flask rules`: replaying awards, trying a version on the past, unwinding a void fact."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import click

from app.cli.counting import counted
from app.cli.refusing import Commands
from app.cli.texts import Words
from app.identity import queries as people
from app.identity.actors import SYSTEM, Actor
from app.kernel import clock
from app.kernel.db import transaction
from app.rules import queries, trying, unwinding
from app.rules.models import RuleSetVersion
from app.rules.replay import replay
from app.rules.working_out import WorkingOut

rules = Commands("rules", help="Rules and awards.")

DAY = click.DateTime(["%Y-%m-%d"])


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


@rules.command("dry-run")
@click.option("--region", required=True, help="Code of the rule set's region.")
@click.option("--version", "number", type=int, required=True, help="Number of the version.")
@click.option("--from", "from_on", type=DAY, required=True, help="First day, like 2026-08-01.")
@click.option("--until", "until_on", type=DAY, required=True, help="Last day.")
@click.option("--keep", is_flag=True, help="Keep the result: a draft is then ready for review.")
@click.option("--json", "as_json", is_flag=True, help="Everything, as JSON.")
def dry_run(
    region: str, number: int, from_on: datetime, until_on: datetime, keep: bool, as_json: bool
) -> None:
    """Run a version over the facts of a past period: points, budget, goods, whom it favours. Gives nothing."""
    at = clock.now()
    period = trying.period_asked(from_on.date(), until_on.date(), at)
    with transaction(write=False):
        version = _version(region, number)
        steps = WorkingOut(version, period, at)
    with counted("facts") as show:
        for _ in steps.each_ahead():
            show(steps.read, steps.total)
    with transaction(write=False):
        result = steps.told()
    if keep:
        with transaction():
            trying.keep(queries.version_to_change(version.id), period, result, by=SYSTEM, at=at)
    click.echo(json.dumps(result, ensure_ascii=False, indent=2) if as_json else _told(result))


@rules.command("unwind")
@click.argument("kind", type=click.Choice(unwinding.SUBJECTS))
@click.argument("fact_id", type=click.UUID)
@click.option("--reason", type=Words(300), required=True, help="What was found; the rider reads it.")
@click.option("--asked-by", required=True, help="Staff name of whoever found it.")
@click.option("--approved-by", required=True, help="Staff name of the second person.")
def unwind(kind: str, fact_id: UUID, reason: str, asked_by: str, approved_by: str) -> None:
    """Take back whatever came of a fact that was found void. Running it again changes nothing."""
    at = clock.now()
    with transaction():
        asked = unwinding.ask_to_unwind(
            fact_kind=kind, fact_id=fact_id, reason=reason, by=_staff(asked_by), at=at
        )
        done = unwinding.decide_unwinding(unwinding_id=asked.id, approved=True, by=_staff(approved_by), at=at)
        outcome = dict(done.outcome or {})
    click.echo("  ".join(f"{name} {count}" for name, count in outcome.items()))


def _version(region: str, number: int) -> RuleSetVersion:
    rule_set = queries.rule_set_of(region)
    versions = queries.versions_of(rule_set.id, SYSTEM) if rule_set else ()
    for each in versions:
        if each.number == number:
            return each
    raise click.ClickException(f"Region {region} has no rule version {number}.")


def _staff(username: str) -> Actor:
    someone = people.person_by_username(username)
    if someone is None:
        raise click.ClickException(f"Nobody signs in as {username}.")
    return people.actor_of(someone)


def _told(result: Mapping[str, Any]) -> str:
    points, budget = result["points"], result["budget"]
    until = budget["ends_on"] or "no day in sight"
    earliest, latest = (budget[f"ends_on_{which}"] or "never" for which in ("earliest", "latest"))
    lines = [
        f"{result['facts']} facts  {points['draft']} points (in force now: {points['before']})",
        *(_rule_told(row) for row in result["rules"]),
        f"budget: {budget['left']} left, {budget['per_day']} a day, until {until} ({earliest} to {latest})",
        *(f"{alarm['rule']} favours {alarm['group']}" for alarm in result["alarms"]),
        *(change["en"] for change in result["changes"]),
    ]
    return "\n".join(lines)


def _rule_told(row: Mapping[str, Any]) -> str:
    cut = f", {row['cut']} cut by caps" if row["cut"] else ""
    return f"  {row['rule']}  {row['draft']} points, {row['times']} times{cut}, before {row['before']}"
