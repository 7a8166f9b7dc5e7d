"""Which counter a cap looks at: whose it is, and for which city day, week, month or campaign."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

from app.rules.rulebook import ALL, CAMPAIGN, DAY, RIDER, WEEK, Cap, Rule

# A campaign of which kind a fact fell into, by the field that rules look at.
CAMPAIGN_OF = {"emergency": "emergency_id", "weather": "weather_id"}


def subject_of(cap: Cap, person_id: UUID | int, fields: Mapping[str, Any]) -> str:
    """Whose counter it is."""
    if cap.per == RIDER:
        return f"{RIDER}:{person_id}"
    return ALL if cap.per == ALL else f"{cap.per}:{fields.get('station')}"


def period_of(cap: Cap, rule: Rule, day: date, fields: Mapping[str, Any]) -> str | None:
    """The counter's period; None for a cap per campaign while none is in force: then there is nothing to count."""
    if cap.period != CAMPAIGN:
        return day_label(cap.period, day)
    campaign = campaign_of(rule, fields)
    return f"{CAMPAIGN}:{campaign}" if campaign else None


@lru_cache(maxsize=4096)
def day_label(period: str, day: date) -> str:
    """The name of the city day, ISO week or month: a new one begins with an empty counter."""
    if period == DAY:
        return f"day:{day.isoformat()}"
    if period == WEEK:
        year, week, _ = day.isocalendar()
        return f"week:{year}-W{week:02}"
    return f"month:{day:%Y-%m}"


def campaign_of(rule: Rule, fields: Mapping[str, Any]) -> str | None:
    """The campaign a rule's caps count in: that which the rule asks for, else whichever is in force."""
    asked = [name for kind, name in CAMPAIGN_OF.items() if rule.names(kind, True)]
    return next((fields[name] for name in asked or CAMPAIGN_OF.values() if fields.get(name)), None)
