"""One matter told as several: a rider's own reports of the same kind, from the same spot, soon after each other.

Two from one spot within half an hour are enough. Further apart, in time or along the street, one may well see two
things on one way, so there it takes two such pairs within a fortnight. The later report of a pair waits for a second
look; the first one is never touched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, cast
from uuid import UUID

from sqlalchemy import Row, func, select

from app.cases.models import Case
from app.doubts.grounds.shape import CAME_TO_NOTHING, Found, Fresh, by_rider
from app.kernel.bulk import among
from app.kernel.db import session
from app.kernel.geo import Position, distance_m

SAME_SPOT_M, SAME_STREET_M = 200, 500
AT_ONCE, SOON, SAME_DAY = timedelta(minutes=30), timedelta(hours=1), timedelta(hours=12)
FORTNIGHT = timedelta(days=14)


class Pair(NamedTuple):
    """A report, and an earlier one of the same kind from the same spot."""

    before: Row[Any]
    after: Row[Any]
    metres: int

    @property
    def apart(self) -> timedelta:
        return cast("timedelta", self.after.at - self.before.at)

    @property
    def is_at_once(self) -> bool:
        return self.metres <= SAME_SPOT_M and self.apart <= AT_ONCE

    @property
    def is_close(self) -> bool:
        """Close enough to be one matter: the same spot on the same day, or the same street within the hour."""
        return self.metres <= (SAME_STREET_M if self.apart <= SOON else SAME_SPOT_M)


def found(fresh: Fresh) -> Iterator[Found]:
    """Reports that tell what another one of the same rider told before."""
    if not fresh.reports:
        return
    seen_at = func.coalesce(Case.happened_at, Case.created_at)
    new = session.execute(
        select(Case.reporter_id, seen_at.label("at")).where(among(Case.id, fresh.reports))
    ).all()
    reporters = {row.reporter_id for row in new}
    first = min(row.at for row in new) - FORTNIGHT - SAME_DAY  # the earlier pair with both its reports
    told = (
        select(
            Case.id, Case.reporter_id.label("person_id"), Case.category, Case.region_code, Case.lat, Case.lng,
            Case.resolved_at, seen_at.label("at"),
        )
        .where(
            Case.kind == "report", among(Case.reporter_id, reporters), Case.created_at >= first,
            Case.lat.is_not(None), Case.state.not_in(CAME_TO_NOTHING),
        )
        .order_by(Case.reporter_id, seen_at, Case.id)
    )  # fmt: skip
    ids = set(fresh.reports)
    for reports in by_rider(session.execute(told)).values():
        yield from _doubted(list(_pairs(reports)), ids)


def _pairs(reports: Sequence[Row[Any]]) -> Iterator[Pair]:
    """Each report with the latest earlier one that tells the same, if there is one: one at once rather than another.

    Something told in between a street away does not hide that the same spot was told twice.
    """
    for number, after in enumerate(reports):
        close = [pair for pair in _with_earlier(after, reports[:number]) if pair.is_close]
        if close:
            yield next((pair for pair in close if pair.is_at_once), close[0])


def _with_earlier(after: Row[Any], earlier: Sequence[Row[Any]]) -> Iterator[Pair]:
    """A report with each earlier one of its kind of the same day, the latest first."""
    for before in reversed(earlier):
        if after.at - before.at > SAME_DAY:
            return
        if before.category == after.category and not _was_mended(before, after.at):
            metres = distance_m(Position(before.lat, before.lng), Position(after.lat, after.lng))
            yield Pair(before, after, round(metres))


def _was_mended(report: Row[Any], at: datetime) -> bool:
    """Whether it had been resolved by then: what is seen later is there again, and worth a report of its own."""
    return report.resolved_at is not None and report.resolved_at <= at


def _doubted(pairs: Sequence[Pair], ids: set[UUID]) -> Iterator[Found]:
    for number, pair in enumerate(pairs):
        if pair.after.id not in ids and pair.before.id not in ids:
            continue
        if pair.is_at_once or _has_happened_before(pairs[:number], pair.after.at):
            yield Found(
                fact_kind="report",
                fact_id=pair.after.id,
                person_id=pair.after.person_id,
                region_code=pair.after.region_code,
                happened_at=pair.after.at,
                against={
                    "other": str(pair.before.id),
                    "other_at": pair.before.at.isoformat(),
                    "metres": pair.metres,
                    "seconds": round(pair.apart.total_seconds()),
                },
            )


def _has_happened_before(pairs: Sequence[Pair], at: datetime) -> bool:
    return any(at - pair.after.at <= FORTNIGHT for pair in pairs)
