"""What a selection over a whole city costs: a month of everybody's points, hours and reports, beside a plain GROUP BY.

The rows are made inside PostgreSQL with its guards off, since they are only there to be read: an account, a wallet and
a year of awards for each rider, with the ledger's entries they would have left. The books of this database do not
close, and nobody asks them to.
"""

from __future__ import annotations

import resource
import statistics
import time
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text

from app.honours.criteria import approve_criteria
from app.honours.selecting import create_selection, run_selection
from app.identity.actors import Actor
from app.identity.queries import actor_of, person
from app.kernel.clock import city_midnight
from app.kernel.db import disconnect, session, transaction
from bench import city, crowd, pairs, report
from bench.bulk import analyze
from bench.city import CITY, City
from bench.ground import on_postgresql
from bench.sizes import Size

START, END = date(2026, 10, 1), date(2026, 10, 31)
MONTHS = 12
MOST_S = 30
CRITERIA: dict[str, Any] = {
    "seats": 500,
    "eligibility": {"enrolled_days": 0, "minimum_minutes": 0},
    "components": [
        {"source": "points.checkin", "weight": 3, "cap": 200},
        {"source": "points.report", "weight": 2, "cap": 200},
        {"source": "points.hours", "weight": 2, "cap": 200},
    ],
    "tie_break": ["points.checkin"],
    "quotas": [{"by": "district", "group": None, "at_least": 0, "at_most": 100}],
}
GROUP_BY = """
    SELECT awards.person_id, awards.fact_kind, sum(awards.points)
    FROM awards JOIN recorded_facts ON recorded_facts.id = awards.recorded_fact_id
    WHERE awards.state = 'active' AND happened_at >= :since AND happened_at < :until
    GROUP BY awards.person_id, awards.fact_kind
"""
# Fact number n belongs to a rider and a moment that follow from n, so that the three tables agree without a join.
FACTS = """
    CREATE TEMPORARY TABLE made ON COMMIT DROP AS
    SELECT gen_random_uuid() AS fact_row, gen_random_uuid() AS fact_id, gen_random_uuid() AS transaction_id,
        riders.id AS person_id, riders.wallet_id, riders.region_code,
        (ARRAY['checkin', 'report', 'hours'])[1 + n % 3] AS kind, 1 + n % 7 AS points,
        CAST(:until AS timestamptz) - (n % :minutes) * interval '1 minute' AS at
    FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS n
    JOIN bench_riders AS riders ON riders.number = (n * 7368787) % :riders
"""
INTO = (
    """INSERT INTO recorded_facts (id, kind, fact_id, stage, person_id, region_code, happened_at, fields, judged_at)
    SELECT fact_row, kind, fact_id, '', person_id, region_code, at, '{}', at FROM made""",
    """INSERT INTO awards (id, recorded_fact_id, fact_kind, fact_id, person_id, rule_key, version_id, points, usable,
        explanation, awarded_at, state, round, funded_at)
    SELECT gen_random_uuid(), fact_row, kind, fact_id, person_id, 'rule', :version, points, 'at_once', '{}', at,
        'active', 1, at FROM made""",
    """INSERT INTO entries (id, transaction_id, account_id, amount)
    SELECT gen_random_uuid(), transaction_id, wallet_id, points FROM made
    UNION ALL SELECT gen_random_uuid(), transaction_id, :payer, -points FROM made""",
)
AT_ONCE = 500_000


def run(size: Size) -> tuple[Any, list[str]]:
    """A row per size of the city, up to the largest asked for; a curve, and nothing to find fault with."""
    rows = []
    largest = size.roll_riders
    for riders in sorted({largest // 100, largest // 10, largest} - {0}):
        with on_postgresql() as ground, ground.app.app_context():
            rows.append(_measured(riders, size.roll_entries * riders // largest, size.pairs))
            report.say(str(rows[-1]))
            session.remove()
            disconnect()
    report.table("a month's selection over a whole city", rows)
    return rows, []


def _measured(riders: int, entries: int, times: int) -> dict[str, Any]:
    made, began = city.found(1), time.perf_counter()
    fill(made, riders, entries)
    report.say(f"{riders:,} riders, {entries:,} entries in {time.perf_counter() - began:.0f} s")
    by = actor_of_role("department", made.at), actor_of_role("reviewer", made.at)
    span = {"since": city_midnight(START), "until": city_midnight(END + timedelta(days=1))}
    plain, own = [], []
    for _ in range(times):
        plain.append(_plain(span))
        own.append(_selected(*by, at=made.at))
    ratios = [mine / theirs for mine, theirs in zip(own, plain, strict=True)]
    middle = statistics.median(own)
    return {
        "path": f"selection, {riders:,} riders, {entries:,} entries",
        "per_s": round(riders / middle),
        "took_s": round(middle, 2),
        "group_by_s": round(statistics.median(plain), 2),
        "against": "plain GROUP BY, times",
        "ratio": round(statistics.median(ratios), 2),
        "range": [round(min(ratios), 2), round(max(ratios), 2)],
        "p50_ms": round(middle * 1000),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "verdict": pairs.MET if middle <= MOST_S else pairs.BELOW,
    }


def fill(made: City, riders: int, entries: int) -> None:
    """So many riders, and half as many awards as entries, spread over a year that ends with the month."""
    enrolled_at = made.at - timedelta(days=400)
    enrolled = crowd.enrol(riders, at=enrolled_at)
    del enrolled
    until = city_midnight(END + timedelta(days=1)) - timedelta(seconds=1)
    with transaction():
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(
            text(
                "CREATE TABLE bench_riders AS SELECT row_number() OVER () - 1 AS number, people.id, "
                "accounts.id AS wallet_id, people.home_region_code AS region_code "
                "FROM people JOIN accounts ON accounts.owner_id = people.id WHERE people.enrolled_at IS NOT NULL"
            )
        )
        session.execute(text("ALTER TABLE bench_riders ADD PRIMARY KEY (number)"))
        version = session.scalar(text("SELECT id FROM rule_set_versions LIMIT 1"))
    values = {"until": until, "minutes": MONTHS * 30 * 1440, "riders": riders}
    others = {"version": version, "payer": made.issuance_id}
    for first in range(0, entries // 2, AT_ONCE):
        last = min(first + AT_ONCE, entries // 2) - 1
        with transaction():
            session.execute(text("SET LOCAL session_replication_role = replica"))
            session.execute(text(FACTS), values | {"first": first, "last": last})
            for statement in INTO:
                wanted = {name: value for name, value in others.items() if f":{name}" in statement}
                session.execute(text(statement), wanted)
    with transaction():
        analyze()


def actor_of_role(role: str, at: datetime) -> Actor:
    """A new member of staff with this role in the whole city."""
    with transaction():
        someone = city.staff(role, at, region=CITY)
    with transaction(write=False):
        return actor_of(person(someone))


def _plain(span: dict[str, datetime]) -> float:
    with transaction(write=False):
        began = time.perf_counter()
        session.execute(text(GROUP_BY), span).all()
        return time.perf_counter() - began


def _selected(department: Actor, reviewer: Actor, *, at: datetime) -> float:
    """Everything a selection does: gather, score, seal, put everybody in order; committed."""
    with transaction():
        selection = create_selection(
            title_zh="十月", region_code=CITY, purpose="example", period_start_on=START, period_end_on=END,
            criteria=CRITERIA, by=department, at=at,
        )  # fmt: skip
    with transaction():
        approve_criteria(selection_id=selection.id, by=reviewer, at=at)
    began = time.perf_counter()
    with transaction():
        run_selection(selection_id=selection.id, by=department, at=at)
    took = time.perf_counter() - began
    session.expunge_all()
    return took
