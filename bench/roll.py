"""What a selection over a whole city costs: a month of everybody's points, hours and reports, beside a plain GROUP BY.

The rows are made inside PostgreSQL with its guards off, since they are only there to be read: an account, a wallet and
a year of awards for each rider, with the ledger's entries they would have left. The books of this database do not
close, and nobody asks them to.
"""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from psutil import Process
from sqlalchemy import text

from app.honours.criteria import approve_criteria
from app.honours.selecting import create_selection, run_selection
from app.identity.actors import Actor
from app.identity.queries import actor_of, person
from app.kernel.clock import city_midnight
from app.kernel.db import disconnect, session, transaction
from bench import city, pairs, report
from bench.bulk import analyze
from bench.city import CITY, DISTRICTS, City
from bench.ground import on_postgresql, postgres_cpu_s, postgres_process
from bench.sizes import Size

START, END = date(2026, 10, 1), date(2026, 10, 31)
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
# Rider and fact number n follow from n, and so do their ids, which sort as they were made: as in a city, the last month
# lies together on the disk. Who gets a fact, and of which kind, is scattered by a hash.
RIDERS = (
    """INSERT INTO people (id, name, nickname, home_region_code, occupation, platform, locale, large_type, enrolled_at,
        created_at, is_demo)
    SELECT bench_id(1, n), '王小明', '骑手', (CAST(:districts AS text[]))[1 + n % :spread],
        (ARRAY['food-delivery', 'courier', 'ride-hail'])[1 + n % 3], (ARRAY['甲', '乙', NULL])[1 + n % 7 % 3], 'zh',
        false, :at, :at, false
    FROM generate_series(0, CAST(:riders AS bigint) - 1) AS n""",
    """INSERT INTO accounts (id, key, kind, owner_id, balance, held, overdrawable, created_at)
    SELECT bench_id(2, n), 'wallet:' || bench_id(1, n), 'wallet', bench_id(1, n), 0, 0, false, :at
    FROM generate_series(0, CAST(:riders AS bigint) - 1) AS n""",
)
ID = """
    CREATE FUNCTION bench_id(sort bigint, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
        SELECT CAST(lpad(to_hex(sort), 8, '0') || '00007000' || lpad(to_hex(n), 16, '8000000000000000') AS uuid)
    $$
"""
FACTS = """
    CREATE TEMPORARY TABLE made ON COMMIT DROP AS
    SELECT n, bench_id(3, n) AS fact_row, bench_id(4, n) AS fact_id, bench_id(5, n) AS transaction_id,
        bench_id(1, rider) AS person_id, bench_id(2, rider) AS wallet_id,
        (CAST(:districts AS text[]))[1 + rider % :spread] AS region_code,
        (ARRAY['checkin', 'report', 'hours'])[1 + abs(hashint8(n + 1) % 3)] AS kind, 1 + n % 7 AS points,
        CAST(:since AS timestamptz) + (CAST(:until AS timestamptz) - :since) * (CAST(n AS float) / :facts) AS at
    FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS n,
        abs(hashint8extended(n, 0) % :riders) AS rider
"""
INTO = (
    """INSERT INTO recorded_facts (id, kind, fact_id, stage, person_id, region_code, happened_at, fields, judged_at)
    SELECT fact_row, kind, fact_id, '', person_id, region_code, at, '{}', at FROM made""",
    """INSERT INTO awards (id, recorded_fact_id, fact_kind, fact_id, person_id, rule_key, version_id, points, usable,
        explanation, awarded_at, state, round, funded_at)
    SELECT bench_id(6, n), fact_row, kind, fact_id, person_id, 'rule', :version, points, 'at_once', '{}', at,
        'active', 1, at FROM made""",
    """INSERT INTO entries (id, transaction_id, account_id, amount)
    SELECT bench_id(7, 2 * n), transaction_id, wallet_id, points FROM made
    UNION ALL SELECT bench_id(7, 2 * n + 1), transaction_id, :payer, -points FROM made""",
)
AT_ONCE = 500_000


def run(size: Size) -> tuple[Any, list[str]]:
    """A row per size of the city, up to the largest asked for; a curve, and nothing to find fault with."""
    rows = []
    largest = size.roll_riders
    for riders in sorted({largest // 100, largest // 10, largest} - {0}):
        with on_postgresql() as ground, ground.app.app_context():
            postmaster = postgres_process(ground.url)
            rows.append(_measured(riders, size.roll_entries * riders // largest, size.pairs, postmaster))
            report.say(str(rows[-1]))
            session.remove()
            disconnect()
    report.table("a month's selection over a whole city", rows)
    return rows, []


def _measured(riders: int, entries: int, times: int, postmaster: Process) -> dict[str, Any]:
    made, began = city.found(1), time.perf_counter()
    fill(made, riders, entries)
    report.say(f"{riders:,} riders, {entries:,} entries in {time.perf_counter() - began:.0f} s")
    by = actor_of_role("department", made.at), actor_of_role("reviewer", made.at)
    span = {"since": city_midnight(START), "until": city_midnight(END + timedelta(days=1))}
    plain, own, app, database = [], [], [], []
    for _ in range(times):
        plain.append(_plain(span))
        before = time.process_time(), postgres_cpu_s(postmaster)
        own.append(_selected(*by, at=made.at))
        app.append(time.process_time() - before[0])
        database.append(postgres_cpu_s(postmaster) - before[1])
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
        "app_ms": round(statistics.median(app) * 1000),
        "db_ms": round(statistics.median(database) * 1000),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "verdict": pairs.MET if middle <= MOST_S else pairs.BELOW,
    }


def fill(made: City, riders: int, entries: int) -> None:
    """So many riders, and half as many awards as entries, spread over a year that ends with the month."""
    until = city_midnight(END + timedelta(days=1))
    facts = entries // 2
    crowd = {"districts": list(DISTRICTS), "spread": len(DISTRICTS), "riders": riders}
    year = {"since": until - timedelta(days=365), "until": until, "facts": facts}
    _unguarded((ID, *RIDERS), crowd | {"at": made.at - timedelta(days=400)})
    with transaction(write=False):
        version = session.scalar(text("SELECT id FROM rule_set_versions LIMIT 1"))
    others = {"version": version, "payer": made.issuance_id}
    for first in range(0, facts, AT_ONCE):
        some = {"first": first, "last": min(first + AT_ONCE, facts) - 1}
        _unguarded((FACTS, *INTO), crowd | year | some | others)
    with transaction():
        analyze()


def _unguarded(statements: Iterable[str], values: dict[str, Any]) -> None:
    """Run these as one unit of work that no trigger and no foreign key looks at."""
    with transaction():
        session.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            wanted = {name: value for name, value in values.items() if f":{name}" in statement}
            session.execute(text(statement), wanted)


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
