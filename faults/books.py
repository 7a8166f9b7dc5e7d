"""Holding what the clients were told against what the database says."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from faults.city import PRICE
from faults.traffic import Journal

FINGERPRINT = sa.text(
    "SELECT md5(coalesce(string_agg(e.id || ' ' || e.account_id || ' ' || e.amount, ',' ORDER BY e.id), '')), count(*) "
    "FROM entries e"
)


@dataclass(frozen=True, slots=True)
class Findings:
    """What is missing, what is there twice, what was sold that was not there."""

    lost: int
    doubled: int
    oversold: int
    differing: int
    unanswered: int
    silent: int = 0

    @property
    def is_clean(self) -> bool:
        return not any((self.lost, self.doubled, self.oversold, self.differing, self.unanswered, self.silent))

    def __str__(self) -> str:
        words = f"{self.lost} lost, {self.doubled} doubled, {self.oversold} oversold"
        words += f", {self.differing} replays differ" if self.differing else ""
        words += f", {self.unanswered} unanswered" if self.unanswered else ""
        return words + (f", {self.silent} unanswered when sent again" if self.silent else "")


@dataclass(slots=True)
class _Rows:
    vouchers: set[UUID]
    handed_over: set[UUID]
    check_ins: list[tuple[UUID, UUID]]
    spent: int  # points that arrived in the stations' settlement accounts
    oversold: int


def compare(url: str, journal: Journal) -> Findings:
    """Every acknowledged effect is there, none is there twice, nothing was sold that was not there."""
    rows = _rows(url)
    reserved = {UUID(line.answer.json()["id"]) for line in journal.good("reserve") if line.answer}
    collected = {line.ask.about[0] for line in journal.good("hand-over")}
    arrived = {line.ask.about for line in journal.good("check-in")}
    lost = len(reserved - rows.vouchers) + len(collected - rows.handed_over)
    lost += len(arrived - set(rows.check_ins))
    open_questions = journal.unanswered  # may or may not have been done; they are a failure of their own
    doubled = max(0, len(rows.vouchers - reserved) - open_questions)
    doubled += max(0, len(rows.handed_over - collected) - open_questions)
    doubled += len(rows.check_ins) - len(set(rows.check_ins))
    doubled += max(0, rows.spent // PRICE - len(collected) - open_questions)
    return Findings(lost, doubled, rows.oversold, journal.differing, open_questions, journal.silent)


def _rows(url: str) -> _Rows:
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            vouchers = connection.execute(sa.text("SELECT id, state FROM vouchers")).all()
            check_ins = connection.execute(sa.text("SELECT person_id, station_id FROM checkins")).all()
            spent = connection.scalar(
                sa.text("SELECT coalesce(sum(balance), 0) FROM accounts WHERE kind = 'settlement'")
            )
            oversold = connection.scalar(_OVERSOLD)
    finally:
        engine.dispose()
    return _Rows(
        {each.id for each in vouchers},
        {each.id for each in vouchers if each.state == "handed_over"},
        [(each.person_id, each.station_id) for each in check_ins],
        int(spent or 0),
        int(oversold or 0),
    )


# promised or handed over, beyond what was ever delivered
_OVERSOLD = sa.text(
    "SELECT coalesce(sum(greatest(0, sold - delivered)), 0) FROM ("
    " SELECT (SELECT count(*) FROM vouchers v WHERE v.stock_id = s.id AND v.state IN ('reserved', 'handed_over'))"
    " AS sold,"
    " (SELECT coalesce(sum(quantity), 0) FROM stock_movements m WHERE m.stock_id = s.id AND m.kind = 'delivery')"
    " AS delivered FROM stock s) AS shelf"
)


def fingerprint(url: str) -> tuple[str, int]:
    """A digest of all entries of the ledger, and how many there are."""
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            digest, count = connection.execute(FINGERPRINT).one()
    finally:
        engine.dispose()
    return str(digest), int(count)
