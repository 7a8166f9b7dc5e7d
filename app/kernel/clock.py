"""The only place that knows the time. Everything else is told an instant (`at`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

CITY = ZoneInfo("Asia/Shanghai")

Clock = Callable[[], datetime]


def _system() -> datetime:
    return datetime.now(UTC)


_clock: Clock = _system


def now() -> datetime:
    """The present instant, aware, in UTC, to the microsecond."""
    return _clock()


@contextmanager
def use(clock: Clock) -> Iterator[None]:
    """Replace the clock of the whole process (tests, simulator) for as long as the block lasts."""
    global _clock
    before, _clock = _clock, clock
    try:
        yield
    finally:
        _clock = before


def city_day(at: datetime) -> date:
    """The calendar day in Asia/Shanghai on which the instant `at` falls."""
    return at.astimezone(CITY).date()


def city_midnight(day: date) -> datetime:
    """The instant (UTC) at which a city day begins."""
    return datetime.combine(day, time.min, CITY).astimezone(UTC)


def city_time(at: datetime) -> datetime:
    """The same instant on the city's wall clock."""
    return at.astimezone(CITY)


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """First instant of a city day and first instant of the next."""
    return city_midnight(day), city_midnight(day + timedelta(days=1))
