"""What a dry run found, in words: groups, alarms, days. Given to the page that shows it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from app.kernel.db import session
from app.kernel.i18n import format_date, has, say
from app.places.models import Region


def group_words(dimension: str, group: str) -> str:
    """A district, an occupation or a time of day as people say it."""
    if dimension == "region":
        region = session.get(Region, group)
        return region.name if region else group
    key = f"web.dry-run.{dimension}-{group}" if dimension == "shift" else f"web.occupation.{group}"
    return say(key) if has(key) else say("web.dry-run.unknown")


def alarm_words(alarm: Mapping[str, Any]) -> str:
    """Whom a rule favours, and by how much."""
    group = group_words(alarm["dimension"], alarm["group"])
    if alarm["times"] is None:
        return say("web.dry-run.alarm-only", rule=alarm["rule"], group=group)
    return say("web.dry-run.alarm", rule=alarm["rule"], group=group, times=f"{alarm['times']:g}")


def said_day(text: str | None) -> str:
    """A day of the forecast; nothing there means that it lasts."""
    return format_date(date.fromisoformat(text)) if text else say("web.dry-run.lasts")
