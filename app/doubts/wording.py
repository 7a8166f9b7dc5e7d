"""What contradicts what, in words that blame nobody."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from app.cases.models import Case
from app.doubts.models import Doubt
from app.kernel.db import session
from app.kernel.i18n import format_instant, say
from app.places import queries as places
from app.volunteering.models import Activity


def why(doubt: Doubt, locale: str | None = None) -> str:
    """The two things that do not go together, with places, times and distances."""
    against = doubt.against
    facts: dict[str, Any] = {
        "at": format_instant(doubt.happened_at, locale),
        "other_at": format_instant(datetime.fromisoformat(against["other_at"]), locale),
        "km": f"{against.get('metres', 0) / 1000:.1f}",
        "metres": against.get("metres", 0),
        "minutes": max(1, round(against.get("seconds", 0) / 60)),
    }
    return say(f"doubts.why.{doubt.ground}", locale, **facts, **_named(doubt))


def _named(doubt: Doubt) -> dict[str, str]:
    against = doubt.against
    if doubt.ground == "one-photo":
        return {"here": _number(doubt.fact_id)}  # the other one may be somebody else's
    if doubt.ground == "one-matter":
        return {"here": _number(doubt.fact_id), "there": _number(UUID(against["other"]))}
    if doubt.ground == "not-seen":
        return {"here": _activity(against)}
    there = places.station(UUID(against["there"])).name
    if doubt.ground == "two-places":
        return {"here": places.station(UUID(against["here"])).name, "there": there}
    return {"here": _activity(against), "there": there}


def _activity(against: dict[str, Any]) -> str:
    return session.get_one(Activity, UUID(against["here"])).title


def _number(case_id: UUID) -> str:
    return session.get_one(Case, case_id).number
