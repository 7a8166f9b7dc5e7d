"""Time as codes count it: steps of 30 seconds, of which a code shows the last two digits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

STEP_S = 30
MAX_SKEW_S = 90
SHOWN = 100  # a code shows step % 100, so the same two digits come back after 50 minutes


def step_at(at: datetime) -> int:
    """The step an instant falls in."""
    return int(at.timestamp()) // STEP_S


def begins_at(step: int) -> datetime:
    """The instant at which a step begins."""
    return datetime.fromtimestamp(step * STEP_S, UTC)


def ends_at(step: int) -> datetime:
    """The instant at which the next step begins."""
    return begins_at(step) + timedelta(seconds=STEP_S)


def shown(step: int) -> str:
    """The two digits of a step that a code shows."""
    return f"{step % SHOWN:02d}"


def nearest(shown_digits: str, at: datetime) -> int:
    """The step with these two digits that lies nearest to `at` (at most 25 minutes away)."""
    now = step_at(at)
    ahead = (int(shown_digits) - now) % SHOWN
    return now + (ahead - SHOWN if ahead >= SHOWN // 2 else ahead)


def skew_s(step: int, at: datetime) -> int:
    """How far the clock that made the code is ahead of ours; negative if it is behind or the code is old."""
    return (step - step_at(at)) * STEP_S


def in_time(step: int, at: datetime) -> bool:
    """Whether a code of this step is still (or already) good."""
    return abs(skew_s(step, at)) <= MAX_SKEW_S
