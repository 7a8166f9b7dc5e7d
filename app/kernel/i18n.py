"""Words in zh-CN and English. Each package keeps its own in `words.toml`; here they are found, filled and formatted."""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from babel.dates import format_date as babel_date

from app.kernel.clock import city_time

LOCALES = ("zh", "en")
HTML_LANGUAGE = {"zh": "zh-CN", "en": "en"}
_ASKED = re.compile(r"\s*(zh|en)[\w-]*\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]*)?)\s*)?", re.ASCII | re.IGNORECASE)
_locale: ContextVar[str] = ContextVar("locale", default="zh")


def locale() -> str:
    """The language of the running request or job: `zh` or `en`."""
    return _locale.get()


def set_locale(name: str) -> None:
    """Choose the language of the running request; anything unknown is Chinese."""
    _locale.set(name if name in LOCALES else "zh")


@contextmanager
def speaking(name: str) -> Iterator[None]:
    """Speak another language for as long as the block lasts (a message to someone else)."""
    token = _locale.set(name if name in LOCALES else "zh")
    try:
        yield
    finally:
        _locale.reset(token)


@lru_cache(maxsize=1024)
def choose(header: str | None) -> str:
    """The best language for an Accept-Language header: of most weight, of equal ones the first; otherwise Chinese."""
    best, most = "zh", 0.0
    for part in (header or "").split(","):
        asked = _ASKED.fullmatch(part)
        weight = float(asked[2] or 1) if asked else 0.0
        if asked and weight > most:  # with a weight of 0 somebody says which language not to use
            best, most = asked[1].lower(), weight
    return best


@cache
def words() -> dict[str, dict[str, str]]:
    """All words, key → language → text. A key defined twice is a mistake in the code."""
    found: dict[str, dict[str, str]] = {}
    for file in sorted(Path(__file__).parent.parent.rglob("words*.toml")):
        for key, texts in tomllib.loads(file.read_text("utf-8")).items():
            if key in found:
                raise RuntimeError(f"the words {key!r} are defined twice, the second time in {file.name}")
            found[key] = texts
    return found


class _Gentle(string.Formatter):
    """Fills `{name}`; a missing fact leaves a visible dash instead of an error page."""

    def get_value(self, key: int | str, args: Any, kwargs: Mapping[str, Any]) -> Any:
        return kwargs.get(str(key), "—")

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, bool) or not isinstance(value, int) or format_spec:
            return str(super().format_field(value, format_spec))
        return format_number(value)


_formatter = _Gentle()


def has(key: str) -> bool:
    """Whether there are words for this key."""
    return key in words()


def say(key: str, locale: str | None = None, **facts: Any) -> str:
    """The words for a key in the caller's language, filled with facts.

    English plural: a key may hold `en_one`, used when the fact `n` is 1.
    """
    texts = words()[key]
    language = locale or _locale.get()
    one = language == "en" and facts.get("n") == 1 and "en_one" in texts
    text = texts["en_one" if one else language]
    if "{" not in text and "}" not in text:
        return text
    for name in _before_a_stop(text):
        facts[name] = _without_stop(facts.get(name, "—"))
    return _formatter.vformat(text, (), facts)


@cache
def _before_a_stop(text: str) -> tuple[str, ...]:
    """Facts after which our sentence ends: what somebody wrote often ends by itself, and two full stops are a slip."""
    return tuple(re.findall(r"\{(\w+)\}[。.]", text))


def _without_stop(value: Any) -> Any:
    ends = isinstance(value, str) and value.endswith(("。", ".")) and not value.endswith(("。。", ".."))
    return value[:-1] if ends else value


def pick(zh: str, en: str | None, locale: str | None = None) -> str:
    """One of two texts stored side by side in the database; Chinese where there is no English."""
    return en if (locale or _locale.get()) == "en" and en else zh


def format_number(value: int) -> str:
    """Four digits stay together, more are grouped (GB/T 15835): 1286, 12,860."""
    return str(value) if abs(value) < 10_000 else f"{value:,}"


def format_hours(minutes: int) -> str:
    """Hours to the half, rounded down: 90 → 1.5, 100 → 1.5, 120 → 2."""
    halves = minutes // 30
    return str(halves // 2) if halves % 2 == 0 else f"{halves / 2:.1f}"


def format_wait(seconds: int) -> str:
    """How long to wait, in the unit one would say, rounded up: 45 seconds, 3 minutes, 2 hours."""
    if seconds <= 90:
        return say("wait.seconds", n=seconds)
    if seconds <= 90 * 60:
        return say("wait.minutes", n=-(-seconds // 60))
    return say("wait.hours", n=-(-seconds // 3600))


def format_day(value: datetime | date, locale: str | None = None) -> str:
    """A day in running text: 11月24日 周二 / Tue 24 Nov."""
    day = city_time(value).date() if isinstance(value, datetime) else value
    if (locale or _locale.get()) == "en":
        return str(babel_date(day, "EEE d MMM", locale="en_GB"))
    return str(babel_date(day, "M月d日 EEE", locale="zh_Hans_CN"))


def format_date(day: date, locale: str | None = None) -> str:
    """A day of whatever year: 2029年11月24日 / 24 Nov 2029."""
    if (locale or _locale.get()) == "en":
        return str(babel_date(day, "d MMM y", locale="en_GB"))
    return f"{day.year}年{day.month}月{day.day}日"


def format_time(value: datetime) -> str:
    """The city's wall clock: 14:32."""
    return city_time(value).strftime("%H:%M")


def format_instant(value: datetime, locale: str | None = None) -> str:
    """Day and time in running text: 11月24日 周二 14:32."""
    return f"{format_day(value, locale)} {format_time(value)}"


def format_table_instant(value: datetime) -> str:
    """Day and time in a table: 2026-11-24 14:32 (GB/T 7408)."""
    return city_time(value).strftime("%Y-%m-%d %H:%M")
