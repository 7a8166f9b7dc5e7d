"""What sort of day a date is by the official calendar, make-up workdays and moved holidays included."""

from __future__ import annotations

from datetime import date

import chinese_calendar

WORKDAY, WEEKEND, HOLIDAY = "workday", "weekend", "holiday"
DAY_SORTS = (WORKDAY, WEEKEND, HOLIDAY)

_PUBLISHED_YEARS = {day.year for day in chinese_calendar.holidays}


def day_sort(day: date) -> str:
    """A workday (also a Saturday that is worked for a holiday), a free weekend day, or a statutory holiday.

    For years whose holidays are not published yet: Monday to Friday are workdays.
    """
    if day.year not in _PUBLISHED_YEARS:
        return WORKDAY if day.weekday() < 5 else WEEKEND
    is_free, holiday = chinese_calendar.get_holiday_detail(day)
    if not is_free:
        return WORKDAY
    return HOLIDAY if holiday else WEEKEND
