"""What a tally means: who gains and loses (never by name), how long the budget lasts, which goods, who is favoured.

Bands are the lowest and highest pace among the weeks of the period; with fewer than four whole weeks, a quarter more or
less.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from app.kernel.clock import city_day
from app.kernel.db import session
from app.kernel.suppressing import FEWEST, suppressed
from app.ledger.accounts import quarter
from app.ledger.queries import budget_state
from app.places import queries as places
from app.places.models import Region
from app.rewards.models import HANDED_OVER, Reward, Voucher
from app.rules.models import ACTIVE, Award
from app.rules.recalling import Period
from app.rules.simulating import Tally

CHANGES = (
    (-100, "lose-most"),
    (-20, "lose-more"),
    (-1, "lose"),
    (0, "same"),
    (19, "gain"),
    (99, "gain-more"),
)
DIMENSIONS = ("region", "occupation", "shift")
FAVOURED = 1.5  # so many times the points per fact that the other riders get: worth a second look
LIFETIME_DAYS = 1095  # how long a rider may save, where points last longer or for ever
FEWEST_WEEKS = 4
SHARE_REDEEMED = (0.3, 0.6, 0.9)  # of points given, as long as nothing was redeemed yet
MONTH_DAYS = 30


def forecast(tallied: Tally, *, region_code: str, period: Period, path: str, at: datetime) -> dict[str, Any]:
    """Everything a dry run tells, as plain JSON."""
    riders = {
        number for key, people in tallied.people_by_group.items() if key[0] == "shift" for number in people
    }
    pace = _pace(tallied, period)
    return {
        "from_on": period.from_on.isoformat(),
        "until_on": period.until_on.isoformat(),
        "facts": tallied.facts,
        "riders": len(riders) if len(riders) >= FEWEST else None,
        "points": {"draft": tallied.draft.points, "before": tallied.before.points},
        "rules": _by_rule(tallied),
        "regions": _by_region(tallied),
        "weeks": _side_by_side(tallied.draft.by_week, tallied.before.by_week, "week"),
        "changes_by_rider": _changes(tallied, riders),
        "spread": _spread(tallied),
        "alarms": _alarms(tallied),
        "budget": _budget(region_code, pace, at),
        "goods": _goods(tallied, riders, path, period, pace),
    }


def _by_rule(tallied: Tally) -> list[dict[str, Any]]:
    draft, before = tallied.draft.by_rule, tallied.before.by_rule
    return [
        {
            "rule": key,
            "draft": draft.get(key, [0, 0, 0])[0],
            "times": draft.get(key, [0, 0, 0])[1],
            "cut": draft.get(key, [0, 0, 0])[2],
            "before": before.get(key, [0, 0, 0])[0],
        }
        for key in sorted(draft.keys() | before.keys())
    ]


def _by_region(tallied: Tally) -> list[dict[str, Any]]:
    """Points of each district where anybody did anything: one that is left out would give another one away."""
    draft, before, people = tallied.draft.by_region, tallied.before.by_region, _people(tallied, "region")
    regions = session.scalars(select(Region).where(Region.code.in_(people)))
    names = {each.code: each.name for each in regions}
    hidden = suppressed(people)
    return [
        {
            "region": code,
            "draft": None if code in hidden else draft.get(code, 0),
            "before": None if code in hidden else before.get(code, 0),
            "name": names.get(code, code),
        }
        for code in sorted(people)
    ]


def _people(tallied: Tally, dimension: str) -> dict[str, int]:
    """How many riders are in each group of a dimension."""
    found = tallied.people_by_group.items()
    return {group: len(members) for (kind, group), members in found if kind == dimension}


def _side_by_side(draft: Mapping[str, int], before: Mapping[str, int], name: str) -> list[dict[str, Any]]:
    return [
        {name: key, "draft": draft.get(key, 0), "before": before.get(key, 0)}
        for key in sorted(draft.keys() | before.keys())
    ]


def _changes(tallied: Tally, riders: Iterable[int]) -> list[dict[str, Any]]:
    """How many riders get how much more or less: a distribution, suppressed where it would tell of single people."""
    draft, before = tallied.draft.by_person, tallied.before.by_person
    counted = Counter(_change(draft.get(rider, 0) - before.get(rider, 0)) for rider in riders)
    hidden = suppressed(counted)
    order = [*(name for _, name in CHANGES), "gain-most"]
    return [{"change": name, "riders": None if name in hidden else counted[name]} for name in order]


def _change(points: int) -> str:
    return next((name for most, name in CHANGES if points <= most), "gain-most")


def _spread(tallied: Tally) -> dict[str, list[dict[str, Any]]]:
    """Points per rider by district, occupation and time of day; groups of few are left out."""
    found: dict[str, list[dict[str, Any]]] = {}
    for dimension in DIMENSIONS:
        people = _people(tallied, dimension)
        hidden = suppressed(people)
        found[dimension] = [
            {"group": group, "riders": None, "draft": None, "before": None}
            if group in hidden
            else {
                "group": group,
                "riders": count,
                "draft": round(tallied.draft.by_group.get((dimension, group), 0) / count, 1),
                "before": round(tallied.before.by_group.get((dimension, group), 0) / count, 1),
            }
            for group, count in sorted(people.items())
        ]
    return found


def _alarms(tallied: Tally) -> list[dict[str, Any]]:
    """Rules that give one group much more for the same kind of fact than they give all others."""
    facts, alarms = tallied.facts_by_kind_and_group, []
    hidden = {each: suppressed(_people(tallied, each)) for each in DIMENSIONS}
    for (rule, dimension, group), points in sorted(tallied.draft.by_rule_and_group.items()):
        if group in hidden[dimension]:
            continue
        kind = tallied.kind_of_rule[rule]
        own = facts[kind, dimension, group]
        others = sum(n for (k, d, g), n in facts.items() if (k, d) == (kind, dimension) and g != group)
        theirs = tallied.draft.by_rule[rule][0] - points
        if not others:
            continue
        if points / own > FAVOURED * (theirs / others):
            ratio = round(points / own / (theirs / others), 1) if theirs else None
            alarms.append({"rule": rule, "dimension": dimension, "group": group, "times": ratio})
    return alarms


# --- money and goods -------------------------------------------------------------------------------------------------


def _pace(tallied: Tally, period: Period) -> tuple[float, float, float]:
    """Points a day under the draft: low, middle, high."""
    middle = tallied.draft.points / period.days
    whole = _whole_weeks(tallied.draft.by_week, period)
    if len(whole) < FEWEST_WEEKS:
        return middle * 0.75, middle, middle * 1.25
    return min(*whole, middle * 7) / 7, middle, max(*whole, middle * 7) / 7


def _whole_weeks(by_week: Mapping[str, int], period: Period) -> list[int]:
    monday = period.from_on + timedelta(days=-period.from_on.weekday() % 7)
    weeks = []
    while monday + timedelta(days=6) <= period.until_on:
        year, week, _ = monday.isocalendar()
        weeks.append(by_week.get(f"week:{year}-W{week:02}", 0))
        monday += timedelta(days=7)
    return weeks


def _budget(region_code: str, pace: tuple[float, float, float], at: datetime) -> dict[str, Any]:
    """When what is left of the region's budget would be used up: at the latest, likely, at the earliest."""
    left = _left(region_code, at)
    low, middle, high = (_lasts_until(left, each, city_day(at)) for each in pace)
    return {
        "left": left,
        "per_day": round(pace[1], 1),
        "ends_on": middle,
        "ends_on_latest": low,
        "ends_on_earliest": high,
    }


def _left(region_code: str, at: datetime) -> int:
    """What the budget holds from which the region draws: its own, else the nearest above. Opens no account."""
    codes = places.region_path(region_code).strip("/").split("/")
    states = (budget_state(code, quarter(at)) for code in reversed(codes))
    return next((state.left for state in states if state is not None), 0)


def _lasts_until(left: int, per_day: float, today: date) -> str | None:
    days = left / per_day if per_day else None
    return None if days is None or days > 3650 else (today + timedelta(days=int(days))).isoformat()


def _goods(
    tallied: Tally, riders: set[int], path: str, period: Period, pace: tuple[float, float, float]
) -> dict[str, Any]:
    """How many goods a month the points will ask for, and how far the cheapest of them is from a rider."""
    offered = _offered(path)
    hours = tallied.minutes / 60
    per_hour = tallied.draft.by_kind.get("hours", 0) / hours if hours else 0.0
    if not offered:
        return {"cheapest": None, "per_hour": round(per_hour, 1)}
    cheapest = min(offered)
    shares, price = _redeeming(path, period, offered)
    asked = [rate * MONTH_DAYS * share / price for rate, share in zip(pace, shares, strict=True)]
    return {
        "cheapest": cheapest,
        "price": round(price, 1),
        "a_month": {
            "low": int(asked[0]),
            "middle": round(asked[1]),
            "high": int(asked[2]) + 1 if asked[2] else 0,
        },
        "per_hour": round(per_hour, 1),
        "hours_to_cheapest": round(cheapest / per_hour, 1) if per_hour else None,
        "reach_percent": _reach_percent(tallied, riders, cheapest, period),
    }


def _offered(path: str) -> list[int]:
    codes = path.strip("/").split("/")
    around = Region.code.in_(codes) | Region.path.startswith(path)
    chosen = select(Reward.points).join(Region, Region.code == Reward.region_code)
    return list(session.scalars(chosen.where(Reward.active, around)))


def _redeeming(path: str, period: Period, offered: list[int]) -> tuple[tuple[float, float, float], float]:
    """Which share of points is redeemed (low, middle, high) and at what price, as the period itself shows."""
    first, end = period.span()
    handed = session.execute(
        select(func.sum(Voucher.points), func.count()).where(
            Voucher.state == HANDED_OVER, Voucher.handed_over_at >= first, Voucher.handed_over_at < end
        )
    ).one()
    given = session.scalar(
        select(func.sum(Award.points)).where(
            Award.state == ACTIVE, Award.awarded_at >= first, Award.awarded_at < end
        )
    )
    if not handed[0] or not given:
        return SHARE_REDEEMED, sum(offered) / len(offered)
    share = min(1.0, handed[0] / given)
    return (share * 0.75, share, min(1.0, share * 1.25)), handed[0] / handed[1]


def _reach_percent(tallied: Tally, riders: set[int], cheapest: int, period: Period) -> int | None:
    """The share of active riders who, at their pace, could ever save up for the cheapest good before points run out.

    None where the share would tell of few: those who could, or those who could not.
    """
    longest = LIFETIME_DAYS / period.days
    able = sum(tallied.draft.by_person.get(rider, 0) * longest >= cheapest for rider in riders)
    if not riders or suppressed({"able": able, "unable": len(riders) - able}):
        return None
    return round(100 * able / len(riders))
