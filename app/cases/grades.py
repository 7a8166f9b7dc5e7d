"""How urgent a case is, and the deadlines that follow. Calendar time; the department may change the table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

URGENT, NORMAL, MINOR = "urgent", "normal", "minor"


@dataclass(frozen=True, slots=True)
class Limits:
    """How soon a case must be accepted, and how soon resolved after that."""

    accept: timedelta
    resolve: timedelta


LIMITS: dict[str, Limits] = {
    URGENT: Limits(timedelta(hours=2), timedelta(hours=24)),
    NORMAL: Limits(timedelta(hours=24), timedelta(days=7)),
    MINOR: Limits(timedelta(days=3), timedelta(days=15)),
}
GRADES = tuple(LIMITS)


def accept_deadline(grade: str, at: datetime) -> datetime:
    """By when somebody must take a case of this grade that waits since `at`."""
    return at + LIMITS[grade].accept


def resolve_deadline(grade: str, at: datetime) -> datetime:
    """By when a case of this grade, accepted at `at`, must be resolved."""
    return at + LIMITS[grade].resolve
