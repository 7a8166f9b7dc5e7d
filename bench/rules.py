"""`python -m bench.rules [facts]`: how fast rules are evaluated, and how long a dry run over recorded facts takes.

Evaluation is measured on facts in memory, one core; the dry run end to end: reading, two wordings, the whole forecast.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random  # made-up facts, the same each time
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from app.identity.models import Person
from app.kernel import clock
from app.kernel.clock import CITY
from app.kernel.db import Base, db, session, transaction
from app.kernel.ids import new_id
from app.main import create_app
from app.places.models import Region
from app.rules import drafting, rulebook, trying
from app.rules.kinds.shape import where_and_when
from app.rules.models import RecordedFact, RuleSet, RuleSetVersion
from app.rules.recalling import Period
from app.rules.simulating import Book, Happened
from app.rules.starter import STARTER_RULES

FACTS, RIDERS, DAYS, BATCH = 1_000_000, 20_000, 90, 20_000
TODAY = date(2026, 11, 24)
CITY_CODE, DISTRICTS = "3201", [f"3201{number:02}" for number in range(2, 14)]


def main(facts: int = FACTS) -> int:
    """Build, measure, print one line of JSON."""
    with tempfile.TemporaryDirectory() as folder:
        env = {"FENGXING_ENV": "test", "FENGXING_SECRET_KEY": "for the bench only, thirty-two characters"}
        env |= {
            "FENGXING_CODE_KEYS": "1:" + "5a" * 32,
            "FENGXING_DATA_DIR": folder,
            "FENGXING_LOG_LEVEL": "ERROR",
        }
        app = create_app(env | {"FENGXING_DATABASE_URL": f"sqlite:///{Path(folder) / 'bench.db'}"})
        with app.app_context():
            Base.metadata.create_all(db.engine)
            version_id = _build(facts)
            wall_s, cpu_s = _dry_run(version_id)
            row = {
                "facts": facts,
                "evaluated_per_s": _evaluate(facts),
                "dry_run_s": wall_s,
                "dry_run_cpu_s": cpu_s,
            }
            session.remove()
            db.engine.dispose()
    print(json.dumps(row))
    return 0


def _evaluate(facts: int) -> int:
    chance, rules = Random(1), rulebook.read(drafting.checked(STARTER_RULES))  # noqa: S311 -- made-up facts
    kept = [
        (kind, person, at.astimezone(CITY).date(), fields)
        for kind, person, at, fields in _made(chance, facts // 5)
    ]
    stream = [Happened(kind, person, day, fields) for kind, person, day, fields in kept]
    book, began = Book(rules), time.process_time()
    for happened in stream:
        book.give(happened)
    return round(len(stream) / (time.process_time() - began))


def _dry_run(version_id: UUID) -> tuple[float, float]:
    began, cpu_began = time.perf_counter(), time.process_time()
    with transaction(write=False):
        version = session.get_one(RuleSetVersion, version_id)
        result = trying.work_out(
            version, Period(TODAY - timedelta(days=DAYS), TODAY), at=clock.now(), progress=_say
        )
    print(f"\n{result['points']}", file=sys.stderr)
    return round(time.perf_counter() - began, 1), round(time.process_time() - cpu_began, 1)


def _say(done: int, total: int) -> None:
    print(f"\r  {done} of {total} facts", end="", file=sys.stderr, flush=True)


def _build(facts: int) -> UUID:
    chance, people = Random(2), [new_id() for _ in range(RIDERS)]  # noqa: S311 -- made-up facts
    at = clock.now()
    with transaction():
        session.add(Region(code=CITY_CODE, name="南京市", level="city", path=f"{CITY_CODE}/"))
        session.flush()
        for code in DISTRICTS:
            session.add(
                Region(
                    code=code, name=code, level="district", parent_code=CITY_CODE, path=f"{CITY_CODE}/{code}/"
                )
            )
        rows = [{"id": each, "created_at": at, "enrolled_at": at, "locale": "zh", "large_type": False, "is_demo": False}
                for each in people]  # fmt: skip
        session.execute(insert(Person), rows)
        version_id = _version(people[0], at)
    made, batch = _made(chance, facts), []
    for number, (kind, person, happened_at, fields) in enumerate(made):
        code = fields["region"].strip("/").split("/")[-1]
        batch.append({"id": new_id(), "kind": kind, "fact_id": new_id(), "stage": fields.get("stage", ""),
                      "person_id": people[person], "region_code": code, "happened_at": happened_at, "fields": fields,
                      "judged_at": happened_at})  # fmt: skip
        if len(batch) == BATCH or number == facts - 1:
            with transaction():
                session.execute(insert(RecordedFact), batch)
            batch.clear()
    return version_id


def _version(writer: UUID, at: datetime) -> UUID:
    opened = RuleSet(
        region_code=CITY_CODE,
        starts_on=TODAY,
        title_zh="规则",
        title_en="Rules",
        opened_by=writer,
        opened_at=at,
    )
    session.add(opened)
    session.flush()
    version = RuleSetVersion(rule_set_id=opened.id, number=1, state="draft", rules=drafting.checked(STARTER_RULES),
                             written_by=writer, written_at=at)  # fmt: skip
    session.add(version)
    session.flush()
    return version.id


def _made(chance: Random, count: int) -> Any:
    """Facts in the proportions of a city: mostly check-ins, some reports, some hours."""
    first = datetime(2026, 8, 26, tzinfo=CITY)
    for number in range(count):
        happened_at = first + timedelta(minutes=number * DAYS * 24 * 60 // count)
        path = f"{CITY_CODE}/{chance.choice(DISTRICTS)}/"
        fields = where_and_when(path, happened_at) | {
            "basis": "proven",
            "first_of_day": chance.random() < 0.7,
        }
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
        yield kind, chance.randrange(RIDERS), happened_at.astimezone(clock.now().tzinfo), fields


if __name__ == "__main__":
    sys.exit(main(*(int(each) for each in sys.argv[1:])))
