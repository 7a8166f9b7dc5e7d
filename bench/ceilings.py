"""The ceilings in the database: `ceilings.sql` put beside the product's tables, taught by one answered request each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import text

from app.kernel.db import session, transaction
from bench.city import Counter
from bench.crowd import Promise, Rider

SQL = Path(__file__).with_name("ceilings.sql")
POSTER, SCANNED = "poster", "scanned"


def install() -> None:
    """Create the functions; PostgreSQL only."""
    with transaction():
        connection: Any = session.connection().connection.driver_connection
        connection.execute(SQL.read_text("utf-8"))


def learn_check_in(checkin_id: UUID) -> None:
    """Take from a check-in that the product counted what a ceiling need not work out again."""
    with transaction():
        session.execute(
            text("""
            INSERT INTO bench.model (name, station_id, checkin_id, session_id, award_id, status, body, words, fields,
              explanation, points, rule_key, version_id, rule_set_id, rider_period, station_period, days, within_m,
              person_id)
            SELECT checkins.how, checkins.station_id, checkins.id, scan_sessions.id, awards.id, 200, said.body,
              booked.words, facts.fields, awards.explanation, awards.points, awards.rule_key, awards.version_id,
              versions.rule_set_id, of_rider.period, of_station.period, awards.expires_after_days, checkins.within_m,
              checkins.person_id
            FROM checkins
            JOIN recorded_facts AS facts ON facts.kind = 'checkin' AND facts.fact_id = checkins.id
            JOIN awards ON awards.recorded_fact_id = facts.id
            JOIN rule_set_versions AS versions ON versions.id = awards.version_id
            JOIN ledger_transactions AS booked
              ON booked.source = concat_ws(chr(58), 'award', awards.id, awards.round, 'given')
            JOIN rule_usage AS of_rider ON of_rider.subject = concat('rider', chr(58)) || checkins.person_id
            JOIN rule_usage AS of_station ON of_station.subject = concat('station', chr(58)) || checkins.station_id
              AND of_station.rule_key = awards.rule_key
            LEFT JOIN idempotency_keys AS said ON said.body LIKE '%' || checkins.id || '%'
            LEFT JOIN scan_sessions ON scan_sessions.person_id = checkins.person_id
              AND scan_sessions.station_id = checkins.station_id
            WHERE checkins.id = :id"""),
            {"id": checkin_id},
        )


def learn_redemption(voucher_id: UUID) -> None:
    """The same from a voucher that the product handed over."""
    with transaction():
        session.execute(
            text("""
            INSERT INTO bench.model (name, voucher_id, status, body, words)
            SELECT 'redeem', vouchers.id, said.status, said.body, booked.words
            FROM vouchers
            JOIN ledger_transactions AS booked
              ON booked.source = concat_ws(chr(58), 'voucher', vouchers.id, 'handed-over')
            LEFT JOIN idempotency_keys AS said ON said.body LIKE '%' || vouchers.id || '%'
            WHERE vouchers.id = :id"""),
            {"id": voucher_id},
        )


def feed_check_ins(
    series: str, riders: Sequence[Rider], counters: Sequence[Counter], *, scanned: bool
) -> None:
    """Line riders up for a ceiling: each checks in once."""
    rows = [
        {
            "series": series,
            "n": number + 1,
            "person_id": rider.id,
            "station_id": counters[number % len(counters)].station.id,
            "staff_id": counters[number % len(counters)].staff_id if scanned else rider.id,
            "handle_id": rider.handle_id if scanned else None,
            "voucher_id": None,
        }
        for number, rider in enumerate(riders)
    ]
    _feed(rows)


def feed_redemptions(series: str, promises: Sequence[Promise]) -> None:
    """Line vouchers up for a ceiling: each is handed over once."""
    rows = [
        {
            "series": series,
            "n": number + 1,
            "person_id": None,
            "station_id": each.counter.station.id,
            "staff_id": each.counter.staff_id,
            "handle_id": None,
            "voucher_id": each.voucher_id,
        }
        for number, each in enumerate(promises)
    ]
    _feed(rows)


def _feed(rows: Sequence[dict[str, Any]]) -> None:
    with transaction():
        connection: Any = session.connection().connection.driver_connection
        names = list(rows[0])
        with connection.cursor() as cursor:
            with cursor.copy(f"COPY bench.inputs ({', '.join(names)}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row([row[name] for name in names])
            cursor.execute("CREATE SEQUENCE IF NOT EXISTS bench.next_" + str(rows[0]["series"]))
