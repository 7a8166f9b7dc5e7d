"""The starter rule set, as data: the department's to change. Cheapest goods cost a few hours of service."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from app.identity.actors import Actor
from app.kernel.clock import city_day
from app.rules import drafting, queries, trying
from app.rules.models import RuleSetVersion

TITLE_ZH, TITLE_EN = "蜂行起步积分规则", "Fengxing starter rules"
THREE_YEARS = 1095
HOURS_BASES = ["proven", "witnessed"]


def _is(field: str, value: Any) -> dict[str, Any]:
    return {"field": field, "op": "is", "value": value}


def _fixed(points: int) -> dict[str, Any]:
    return {"kind": "fixed", "points": points}


def _rule(key: str, fact: str, points: dict[str, Any], zh: str, en: str, **more: Any) -> dict[str, Any]:
    words = {"zh": zh, "en": en}
    return {
        "key": key,
        "fact": fact,
        "points": points,
        "words": words,
        "expires_after_days": THREE_YEARS,
        **more,
    }


STARTER_RULES: list[dict[str, Any]] = [
    _rule(
        "R-01",
        "checkin",
        _fixed(5),
        "每天首次到站签到",
        "first check-in of the day",
        when=[_is("how", "scanned"), _is("first_of_day", True)],
        caps=[
            {"per": "rider", "period": "day", "points": 5},
            {"per": "station", "period": "day", "times": 2000},
        ],
    ),
    _rule(
        "R-02",
        "checkin",
        _fixed(3),
        "每天首次扫驿站海报签到",
        "first check-in of the day by poster",
        when=[_is("how", "poster"), _is("first_of_day", True)],
        caps=[
            {"per": "rider", "period": "day", "points": 3},
            {"per": "station", "period": "day", "times": 2000},
        ],
    ),
    _rule(
        "R-03",
        "report",
        _fixed(5),
        "随手报被采纳",
        "report accepted",
        when=[_is("stage", "accepted")],
        caps=[{"per": "rider", "period": "day", "times": 5}],
        usable="on_outcome",
    ),
    _rule(
        "R-04",
        "report",
        _fixed(10),
        "随手报办结",
        "report resolved",
        when=[_is("stage", "resolved")],
        caps=[{"per": "rider", "period": "day", "times": 10}],
    ),
    _rule(
        "R-05",
        "report",
        _fixed(2),
        "一起报的同一件事",
        "same hazard reported as well",
        when=[_is("stage", "merged")],
        caps=[{"per": "rider", "period": "day", "times": 3}],
        usable="on_outcome",
    ),
    _rule(
        "R-06",
        "hours",
        {"kind": "per_unit", "field": "minutes", "unit": 30, "points": 5},
        "志愿服务时长",
        "volunteer hours",
        when=[{"field": "basis", "op": "one_of", "value": HOURS_BASES}],
        caps=[{"per": "rider", "period": "day", "points": 80}],
    ),
]


def publish_starter(
    *, region_code: str, written_by: Actor, reviewed_by: Actor, at: datetime
) -> RuleSetVersion:
    """Put the starter rules in force in a region: written by one, reviewed and published by another. Once only."""
    existing = queries.rule_set_of(region_code)
    if existing is not None and (current := queries.in_force_of(existing, at).version) is not None:
        return current
    rule_set = existing or drafting.open_rule_set(
        region_code=region_code, title_zh=TITLE_ZH, title_en=TITLE_EN, by=written_by, at=at
    )
    draft = drafting.draft_version(rule_set_id=rule_set.id, rules=STARTER_RULES, by=written_by, at=at)
    trying.dry_run(
        version_id=draft.id,
        from_on=city_day(at) - timedelta(days=30),
        until_on=city_day(at),
        by=written_by,
        at=at,
    )
    drafting.review(version_id=draft.id, by=reviewed_by, at=at)
    return drafting.publish(version_id=draft.id, starts_at=at, by=reviewed_by, at=at)
