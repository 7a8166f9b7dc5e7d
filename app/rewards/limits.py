"""How many of a reward one rider may have in which time. Each share has a number, so that hurrying wins nothing."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from app.kernel.clock import city_day

DAY, WEEK, MONTH, YEAR, EVER = "day", "week", "month", "year", "ever"
PERIODS = (DAY, WEEK, MONTH, YEAR, EVER)

_THE_BEGINNING = date(2020, 1, 1)


def period_begin(period: str, at: datetime) -> date:
    """The city day on which the running day, week (from Monday), month or year began."""
    day = city_day(at)
    if period == EVER:
        return _THE_BEGINNING
    if period == DAY:
        return day
    if period == WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if period == MONTH else day.replace(month=1, day=1)


def periods_begun(at: datetime) -> list[date]:
    """The beginnings of all periods that run at this instant."""
    return sorted({period_begin(each, at) for each in PERIODS})
