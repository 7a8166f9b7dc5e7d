"""How fast rules are evaluated, and how long a dry run takes over recorded facts, on both databases.

Evaluation is measured on facts in memory, one core. The dry run is the one of the product, end to end: somebody asks,
a job reads the facts part by part, judges them by two wordings and tells the whole forecast, which is kept.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random  # made-up facts, the same each time
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.identity.queries import actor_of, person
from app.kernel import clock, jobs, working
from app.kernel.clock import CITY as CITY_TIME
from app.kernel.clock import city_day
from app.kernel.db import disconnect, session, transaction
from app.kernel.ids import new_id
from app.rules import drafting, rulebook, trying
from app.rules.kinds.shape import where_and_when
from app.rules.models import RUN_DONE, DryRun, RecordedFact, RuleSet
from app.rules.simulating import Book, Happened
from app.rules.starter import STARTER_RULES
from bench import city, crowd, machine, pairs, report
from bench.bulk import analyze, batches, load
from bench.city import CITY, DISTRICTS, City
from bench.ground import on_postgresql, on_sqlite
from bench.sizes import Size

DAYS, STATIONS, FACTS_A_RIDER = 90, 12, 50
MOST_S, MOST_S_FOR = 60, 1_000_000
FIRST_BAR, GOAL = 20_000, 200_000


def run(size: Size) -> tuple[Any, list[str]]:
    """Both measures; a finding if a dry run came to nothing or read another number of facts."""
    rows, findings = [_evaluated(size.facts // 5)], list[str]()
    for ground in (on_postgresql, on_sqlite):
        with ground() as stands, stands.app.app_context():
            name = machine.database()["name"].split(" (")[0]
            row, found = _tried(name, size.facts)
            rows.append(row)
            findings += found
            session.remove()
            disconnect()
    report.table("rules", rows)
    return rows, findings


def _evaluated(count: int) -> dict[str, Any]:
    rules = rulebook.read(drafting.checked(STARTER_RULES))
    stream = [
        Happened(kind, number % 1000, city_day(at), fields)
        for number, (kind, at, fields) in enumerate(_made(Random(1), count, clock.now()))  # noqa: S311 -- made-up
    ]
    book, began = Book(rules), time.process_time()
    for happened in stream:
        book.give(happened)
    per_s = round(count / (time.process_time() - began))
    return {"path": "rules evaluated, one core", "per_s": per_s, "verdict": pairs.SHOWN}


def _tried(name: str, count: int) -> tuple[dict[str, Any], list[str]]:
    made = city.found(STATIONS)
    began = time.perf_counter()
    _record(made, count)
    report.say(f"{name}: {count} facts recorded in {time.perf_counter() - began:.1f} s")
    began, cpu_began = time.perf_counter(), time.process_time()
    run = _try_on_all(made)
    took, cpu = time.perf_counter() - began, time.process_time() - cpu_began
    per_s = round(count / took)
    bar = MOST_S * count / MOST_S_FOR
    verdict = pairs.MET if per_s >= GOAL else pairs.FIRST_BAR if per_s >= FIRST_BAR else pairs.BELOW
    found = [] if run.state == RUN_DONE and run.facts_read == count else [f"dry run on {name}: {run.state}"]
    return {
        "path": f"dry run on {name}", "count": count, "per_s": per_s, "took_s": round(took, 1),
        "against": f"{bar:g} s{'' if took <= bar else ': missed'}", "app_ms": round(cpu / count * 1000, 4),
        "bar": FIRST_BAR, "goal": GOAL, "verdict": verdict,
    }, found  # fmt: skip


def _try_on_all(made: City) -> DryRun:
    """Ask as a clerk does, and do what a worker does; a small run is done by the job as well."""
    at = clock.now()
    trying.MAX_FACTS_AT_ONCE = 0
    with transaction():
        version = session.scalars(select(RuleSet).where(RuleSet.region_code == CITY)).one()
        draft = drafting.draft_version(
            rule_set_id=version.id, rules=STARTER_RULES, by=actor_of(person(made.editor)), at=at
        )
        asked = trying.dry_run(
            version_id=draft.id, from_on=city_day(at) - timedelta(days=DAYS), until_on=city_day(at),
            by=actor_of(person(made.editor)), at=at,
        )  # fmt: skip
    kinds = jobs.kinds().values()
    jobs.register([kind for kind in kinds if kind.name == trying.TRY])  # nothing else of the city's
    working.run_due(at=clock.now())
    with transaction():
        return session.get_one(DryRun, asked.id)


def _record(made: City, count: int) -> None:
    riders = crowd.enrol(max(10, count // FACTS_A_RIDER), at=made.at)
    chance = Random(2)  # noqa: S311 -- made-up facts
    for some in batches(range(count), crowd.AT_ONCE * 4):
        facts = _made(chance, len(some), made.at, some[0] / count, some[-1] / count)
        with transaction():
            load(RecordedFact, [_row(chance.choice(riders).id, *fact) for fact in facts])
    with transaction():
        analyze()


def _row(person_id: UUID, kind: str, at: datetime, fields: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": new_id(), "kind": kind, "fact_id": new_id(), "stage": fields.get("stage", ""), "person_id": person_id,
        "region_code": fields["region"].strip("/").split("/")[-1], "happened_at": at, "fields": fields, "judged_at": at,
    }  # fmt: skip


def _made(
    chance: Random, count: int, until: datetime, begin: float = 0, end: float = 1
) -> Iterator[tuple[str, datetime, dict[str, Any]]]:
    """Facts in the proportions of a city, up to a moment: mostly check-ins, some reports, some hours."""
    first = until - timedelta(days=DAYS)
    for number in range(count):
        share = begin + (end - begin) * number / count
        happened_at = first + timedelta(seconds=round(share * DAYS * 86_400))
        fields = where_and_when(f"{CITY}/{chance.choice(DISTRICTS)}/", happened_at.astimezone(CITY_TIME))
        fields |= {"basis": "proven", "first_of_day": chance.random() < 0.7}
        fields |= {"weather": False, "emergency": False, "grid_member": False}
        kind = chance.choices(("checkin", "report", "hours"), (80, 10, 10))[0]
        if kind == "checkin":
            fields |= {
                "how": chance.choice(("scanned", "poster")),
                "station": str(UUID(int=chance.randrange(200))),
            }
        elif kind == "report":
            stage = chance.choice(("accepted", "resolved"))
            fields |= {"stage": stage, "category": "pothole", "grade": "normal"}
        else:
            fields |= {"minutes": chance.randrange(10, 300), "category": "safety"}
        yield kind, happened_at, fields
