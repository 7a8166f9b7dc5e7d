"""Hours on the city's wall clock: seven days from Monday, each a list of [opens, closes]; a span may pass midnight."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from app.kernel.clock import city_time
from app.kernel.widths import narrow

Hours = list[list[list[str]]]

END_OF_DAY = "24:00"
_UNTIL = re.compile(r"\s*[-–—~至到]+\s*")
_SPAN = re.compile(
    r"(?P<opens>([01]?[0-9]|2[0-3]):[0-5][0-9])-(?P<closes>(([01]?[0-9]|2[0-3]):[0-5][0-9])|24:00)"
)


def every_day(opens: str = "00:00", closes: str = END_OF_DAY) -> Hours:
    """The same single span on all seven days."""
    return [[[opens, closes]] for _ in range(7)]


def is_open(hours: Hours, at: datetime) -> bool:
    """Whether an instant falls in one of today's spans, or in one of yesterday's that passes midnight."""
    wall = city_time(at)
    now = wall.strftime("%H:%M")
    today, yesterday = hours[wall.weekday()], hours[(wall - timedelta(days=1)).weekday()]
    if any(opens <= now < closes or closes <= opens <= now for opens, closes in today):
        return True
    return any(closes <= opens and now < closes for opens, closes in yesterday)


def opens_on(hours: Hours, day: date) -> bool:
    """Whether there is any span on this day."""
    return bool(hours[day.weekday()])


def next_opening(hours: Hours, at: datetime) -> datetime | None:
    """The next instant within a week at which a span begins, None if never."""
    wall = city_time(at)
    for ahead in range(8):
        day = wall + timedelta(days=ahead)
        for opens, _closes in sorted(hours[day.weekday()]):
            hour, minute = map(int, opens.split(":"))
            instant = day.replace(hour=hour, minute=minute, second=0, microsecond=0)
            if instant > wall:
                return instant
    return None


def read_spans(text: str) -> list[list[str]] | None:
    """`10:00-14:00, 17:00-19:30` as a day's spans, also `９：００～１４：００`; None if it cannot be read."""
    spans = []
    joined = _UNTIL.sub("-", narrow(text))  # a space around it does not part one span from the next
    for piece in re.split(r"[,，、;；\s]+(?=[0-9])", joined):
        found = _SPAN.fullmatch(piece.strip())
        if found is None:
            return None
        opens, closes = (found[end].rjust(5, "0") for end in ("opens", "closes"))
        if opens == closes:
            return None
        spans.append([opens, closes])
    return spans


def said(hours: Hours) -> list[tuple[tuple[int, ...], str]]:
    """Days with the same spans together, as (weekdays from 0, "10:00–14:00, 17:00–19:30"), in the order of the week."""
    found: dict[str, list[int]] = {}
    for weekday, spans in enumerate(hours):
        words = ", ".join(f"{opens}–{closes}" for opens, closes in sorted(spans))
        found.setdefault(words, []).append(weekday)
    return [(tuple(days), words) for words, days in found.items() if words]
