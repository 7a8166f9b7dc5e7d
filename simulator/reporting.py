"""What a run says at its end: lines for a person, one JSON object for a program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from simulator import faults
from simulator.fraud import DOUBTS
from simulator.running import Plan, Report


def command(report: Report) -> str:
    """The exact command that lives through the same again, on a database as it was."""
    plan = report.plan
    manners = "" if plan.fraud_manners is None else f" --fraud-manners {plan.fraud_manners}"
    manners += " --crossings" if plan.crossings else ""
    return (
        f"flask --app wsgi simulate --seed {plan.seed} --days {plan.days} --riders {plan.riders}"
        f" --faults {_fault_list(plan)} --fraud {plan.fraud}{manners} --start {report.start_on}"
    )


def lines(report: Report) -> Iterator[str]:
    """What happened, for whoever watches."""
    pace = report.steps / report.took_s if report.took_s else 0
    yield f"{report.steps} steps in {report.took_s:.1f} s, {pace:.0f} a second; {report.crashes} crashes"
    for name, count in report.done.most_common():
        yield f"  {count:6} {name}"
    for name, count in report.refused.most_common(12):
        yield f"  {count:6} refused: {name}"
    for scheme, count in sorted(report.takings.tried.items()):
        yield f"  {count:6} tried: {scheme}, {report.takings.passed[scheme]} let pass"
    if report.plan.fraud:
        paid = report.paid
        yield f"  {paid.to_fraud} of {paid.issued} usable points went to fraud, which redeemed {paid.redeemed_by_fraud}"
        yield f"  (at most {paid.redeemed_at_most}): {_listed(paid.by_scheme)}"
        seen = report.doubted
        yield f"  {seen.cheats_doubted} of {seen.cheats} cheats doubted, {seen.honest_doubted} of {seen.honest} honest"
    if report.plan.crossings:
        yield f"  {report.crossed} crossed, {report.waited} of them waited for the first"
    for violation in report.violations:
        yield f"SEED={report.plan.seed} step {report.steps}: {violation}"
        yield f"again: {command(report)}"


def facts(report: Report) -> dict[str, Any]:
    """The last line on stdout."""
    plan = report.plan
    return {
        "seed": plan.seed,
        "days": plan.days,
        "riders": plan.riders,
        "steps": report.steps,
        "violations": len(report.violations),
        "digest": report.digest,
        "database": report.database,
        "faults": _fault_list(plan),
        "fraud": plan.fraud,
        "start": report.start_on.isoformat(),
        "fraud_tried": dict(sorted(report.takings.tried.items())),
        "fraud_passed": dict(sorted(report.takings.passed.items())),
        "points_to_fraud": report.paid.to_fraud,
        "points_redeemed_by_fraud": report.paid.redeemed_by_fraud,
        "points_redeemed_by_fraud_at_most": report.paid.redeemed_at_most,
        "points_to_schemes": report.paid.by_scheme,
        "points_issued": report.paid.issued,
        "doubted": asdict(report.doubted),
        "honest_shown": report.shown.total(),
        "honest_stopped": sum(count for slug, count in report.shown.items() if slug in DOUBTS),
        "crashes": report.crashes,
        "crossed": report.crossed,
        "crossed_and_waited": report.waited,
        "steps_per_s": round(report.steps / report.took_s) if report.took_s else 0,
        "found": report.violations,
        "command": command(report),
    }


def _listed(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counted.items()) or "none"


def _fault_list(plan: Plan) -> str:
    if plan.faults == frozenset(faults.ALL):
        return "all"
    return ",".join(sorted(plan.faults)) or "none"
