"""How figures look on a page, in both languages."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask

from app.kernel import i18n
from app.web import looks


@pytest.mark.parametrize(
    ("metres", "zh", "en"),
    [
        (0, "0 米", "0 m"),
        (999, "999 米", "999 m"),
        (1000, "1.0 公里", "1.0 km"),
        (12_340, "12.3 公里", "12.3 km"),
    ],
)
def test_a_way_is_told_in_metres_up_to_a_thousand(built_app: Flask, metres: int, zh: str, en: str) -> None:
    for language, told in (("zh", zh), ("en", en)):
        with built_app.test_request_context(), i18n.speaking(language):
            assert looks.distance(metres) == told


@pytest.mark.parametrize(
    ("points", "told"), [(5, "+5"), (12_345, "+12,345"), (0, "0"), (-20, "−20"), (-1200, "−1200")]
)
def test_points_have_a_sign_and_nothing_has_none(built_app: Flask, points: int, told: str) -> None:
    with built_app.test_request_context(), i18n.speaking("zh"):
        assert looks.signed(points) == told


def test_a_month_a_day_of_opening_and_a_code_to_be_read_aloud(built_app: Flask) -> None:
    with built_app.test_request_context(), i18n.speaking("zh"):
        assert looks.month(date(2026, 3, 31)) == "2026 年 03 月"
        assert looks.spans([["08:00", "12:00"], ["14:00", "22:00"]]) == "08:00–12:00、14:00–22:00"
        assert looks.spans([]) == i18n.say("web.station.closed-today")
        assert looks.grouped("1234567890") == "1234 5678 90"
