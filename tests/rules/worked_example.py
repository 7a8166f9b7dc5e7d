"""The worked example: ten rules as a clerk fills them into the form, twenty facts of a week, and what each must give.

Worked out by hand. A fact is (day of the week from Monday 0, time, rider, kind, own fields, {rule: points}).
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from app.identity.models import Person
from app.kernel import clock
from app.kernel.clock import CITY
from app.rules.kinds.shape import Fact
from tests.rules import make

QINHUAI = "3201/320104/"
STATION = str(UUID(int=7))

RULES: list[tuple[str, dict[str, Any]]] = [
    (
        "checkin",
        {
            "key": "R-01",
            "name_zh": "每天首次到站签到",
            "name_en": "first check-in of the day",
            "worth": "fixed",
            "points": "5",
            "how": ["scanned"],
            "first_of_day": "yes",
            "cap-0-per": "rider",
            "cap-0-period": "day",
            "cap-0-amount": "5",
            "cap-0-what": "points",
        },
    ),
    (
        "checkin",
        {
            "key": "R-02",
            "name_zh": "深夜扫海报",
            "name_en": "poster at night",
            "worth": "fixed",
            "points": "3",
            "how": ["poster"],
            "time-from": "22:00",
            "time-until": "06:00",
            "cap-0-per": "rider",
            "cap-0-period": "week",
            "cap-0-amount": "2",
            "cap-0-what": "times",
        },
    ),
    (
        "checkin",
        {
            "key": "R-03",
            "name_zh": "休息日翻倍",
            "name_en": "double on days off",
            "worth": "multiplier",
            "times": "2",
            "of": ["R-01", "R-02"],
            "day": ["weekend", "holiday"],
        },
    ),
    (
        "report",
        {
            "key": "R-04",
            "name_zh": "路面隐患被采纳",
            "name_en": "road hazard accepted",
            "worth": "fixed",
            "points": "5",
            "stage": ["accepted"],
            "category": ["pothole", "manhole"],
            "usable": "on_outcome",
        },
    ),
    (
        "report",
        {
            "key": "R-05",
            "name_zh": "随手报办结",
            "name_en": "report resolved",
            "worth": "fixed",
            "points": "10",
            "stage": ["resolved"],
            "grade": ["minor"],
            "grade-not": "yes",
            "cap-0-per": "all",
            "cap-0-period": "day",
            "cap-0-amount": "25",
            "cap-0-what": "points",
        },
    ),
    (
        "hours",
        {
            "key": "R-06",
            "name_zh": "志愿服务时长",
            "name_en": "volunteer hours",
            "worth": "per_unit",
            "each-unit": "30",
            "each-points": "5",
            "basis": ["proven", "witnessed"],
            "cap-0-per": "rider",
            "cap-0-period": "day",
            "cap-0-amount": "40",
            "cap-0-what": "points",
        },
    ),
    (
        "hours",
        {
            "key": "R-07",
            "name_zh": "长时间平安志愿",
            "name_en": "long safety service",
            "worth": "tiered",
            "tier-0-from": "60",
            "tier-0-points": "8",
            "tier-1-from": "240",
            "tier-1-points": "30",
            "category": ["safety"],
        },
    ),
    (
        "hours",
        {
            "key": "R-08",
            "name_zh": "恶劣天气出勤",
            "name_en": "out in bad weather",
            "worth": "fixed",
            "points": "7",
            "weather": "yes",
            "minutes-min": "10",
            "minutes-max": "600",
            "cap-0-per": "rider",
            "cap-0-period": "campaign",
            "cap-0-amount": "10",
            "cap-0-what": "points",
        },
    ),
    (
        "training",
        {
            "key": "R-09",
            "name_zh": "流动网格员结业",
            "name_en": "grid member training",
            "worth": "fixed",
            "points": "20",
            "course": ["grid-member"],
            "usable": "after_days",
            "usable-days": "7",
            "expires-days": "365",
        },
    ),
    (
        "checkin",
        {
            "key": "R-10",
            "name_zh": "网格员巡站",
            "name_en": "grid member's round",
            "worth": "fixed",
            "points": "1",
            "grid_member": "yes",
            "region": "320104",
            "weekday": ["6", "7"],
            "cap-0-per": "station",
            "cap-0-period": "day",
            "cap-0-amount": "1",
            "cap-0-what": "times",
        },
    ),
]

SCANNED = {"how": "scanned", "first_of_day": True}
POSTER = {"how": "poster", "first_of_day": True}
ROUND = SCANNED | {"grid_member": True, "region": QINHUAI, "station": STATION}

FACTS: list[tuple[int, str, int, str, dict[str, Any], dict[str, int]]] = [
    (0, "08:00", 0, "checkin", SCANNED, {"R-01": 5}),
    (0, "23:00", 1, "checkin", POSTER, {"R-02": 3}),
    (1, "05:59", 1, "checkin", POSTER, {"R-02": 3}),
    (1, "10:00", 0, "report", {"category": "pothole"}, {"R-04": 5}),
    (1, "11:00", 0, "report", {"category": "rubbish"}, {}),
    (2, "06:00", 0, "checkin", POSTER, {}),
    (2, "10:00", 0, "report", {"stage": "resolved"}, {"R-05": 10}),
    (2, "11:00", 1, "report", {"stage": "resolved"}, {"R-05": 10}),
    (2, "12:00", 1, "report", {"stage": "resolved", "grade": "urgent"}, {"R-05": 5}),
    (2, "13:00", 0, "report", {"stage": "resolved", "grade": "minor"}, {}),
    (2, "22:00", 1, "checkin", POSTER, {}),
    (3, "12:00", 0, "hours", {"minutes": 90, "category": "care"}, {"R-06": 15}),
    (3, "18:00", 0, "hours", {"minutes": 239, "basis": "witnessed"}, {"R-06": 25, "R-07": 8}),
    (3, "19:00", 1, "hours", {"minutes": 240}, {"R-06": 40, "R-07": 30}),
    (4, "10:00", 1, "hours", {"minutes": 60, "basis": "backfilled"}, {}),
    (4, "12:00", 0, "hours", {"minutes": 30, "category": "rescue"}, {"R-06": 5, "R-08": 7}),
    (4, "13:00", 0, "hours", {"minutes": 29, "category": "rescue"}, {"R-08": 3}),
    (5, "09:00", 0, "checkin", ROUND, {"R-01": 5, "R-03": 5, "R-10": 1}),
    (5, "10:00", 1, "checkin", ROUND, {"R-01": 5, "R-03": 5}),
    (5, "15:00", 1, "training", {"course": "grid-member", "minutes": 120}, {"R-09": 20}),
]
WEATHER_DAY = 4  # a campaign runs from 11:00 to 20:00


def totals() -> dict[str, int]:
    """What each rule gives over the whole week."""
    found: dict[str, int] = {}
    for *_, expected in FACTS:
        for rule, points in expected.items():
            found[rule] = found.get(rule, 0) + points
    return found


def moment(monday: date, day: int, at: str) -> datetime:
    """An instant of the week."""
    return datetime.combine(monday + timedelta(days=day), time.fromisoformat(at), CITY).astimezone(
        clock.now().tzinfo
    )


def fact(monday: date, number: int, riders: list[Person]) -> Fact:
    """One of the twenty, in the week that begins on this Monday."""
    day, at, rider, kind, fields, _ = FACTS[number]
    builders = {
        "checkin": make.checkin,
        "report": make.report,
        "hours": make.hours,
        "training": make.training,
    }
    return builders[kind](riders[rider], at=moment(monday, day, at), **fields)
