"""Words are filled, days and numbers written as people write them, and each is told in the language they speak."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from app.kernel import clock, i18n, problems
from app.kernel.errors import Conflict, RateLimited

LATE = datetime(2026, 12, 31, 16, 5, tzinfo=UTC)  # five past midnight, in the city


@pytest.fixture(autouse=True)
def words(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few of our own."""
    told = {
        "bees": {"zh": "{n} 只蜜蜂，{who}", "en": "{n} bees for {who}", "en_one": "one bee for {who}"},
        "hive": {"zh": "蜂箱", "en": "a hive"},
        "why": {"zh": "原因：{why}。完。", "en": "Because: {why}. Done."},
    }
    told |= {"conflict": {"zh": "不行", "en": "no"}, "wait.seconds": {"zh": "{n} 秒"}}
    monkeypatch.setattr(i18n, "words", lambda: told)


@pytest.mark.parametrize(
    ("facts", "zh", "en"),
    [
        ({"n": 2, "who": "王"}, "2 只蜜蜂，王", "2 bees for 王"),
        ({"n": 1, "who": "{n}"}, "1 只蜜蜂，{n}", "one bee for {n}"),
        ({"n": 12860, "who": True}, "12,860 只蜜蜂，True", "12,860 bees for True"),
        ({"n": 0}, "0 只蜜蜂，—", "0 bees for —"),
        ({}, "— 只蜜蜂，—", "— bees for —"),
    ],
)
def test_words_are_filled_and_a_missing_fact_is_a_dash(facts, zh, en) -> None:
    assert (i18n.say("bees", "zh", **facts), i18n.say("bees", "en", **facts)) == (zh, en)


@pytest.mark.parametrize(
    ("why", "zh", "en"),
    [
        ("没有做。", "原因：没有做。完。", "Because: 没有做. Done."),
        ("Made up.", "原因：Made up。完。", "Because: Made up. Done."),
        ("没有做", "原因：没有做。完。", "Because: 没有做. Done."),
        ("等等...", "原因：等等...。完。", "Because: 等等.... Done."),
        (12860, "原因：12,860。完。", "Because: 12,860. Done."),
    ],
)
def test_what_ends_by_itself_does_not_end_twice(why, zh, en) -> None:
    assert (i18n.say("why", "zh", why=why), i18n.say("why", "en", why=why)) == (zh, en)
    assert i18n.say("why", "zh") == "原因：—。完。"


def test_another_language_is_spoken_as_long_as_it_takes() -> None:
    with i18n.speaking("en"):
        assert (i18n.locale(), i18n.say("hive"), i18n.say("hive", "zh")) == ("en", "a hive", "蜂箱")
        with pytest.raises(RuntimeError), i18n.speaking("fr"):
            assert i18n.locale() == "zh"
            raise RuntimeError
        assert i18n.locale() == "en"
    assert i18n.say("hive") == "蜂箱"


@pytest.mark.parametrize(
    ("en", "language", "told"),
    [("hive", "en", "hive"), ("hive", "zh", "蜂箱"), (None, "en", "蜂箱"), ("", "en", "蜂箱")],
)
def test_of_two_texts_the_one_that_is_there(en, language, told) -> None:
    assert i18n.pick("蜂箱", en, language) == told
    with i18n.speaking(language):
        assert i18n.pick("蜂箱", en) == told


def test_a_day_is_the_citys_day() -> None:
    assert (i18n.format_day(LATE, "zh"), i18n.format_day(LATE, "en")) == ("1月1日 周五", "Fri 1 Jan")
    assert i18n.format_day(date(2026, 12, 31), "en") == "Thu 31 Dec"
    assert (i18n.format_date(date(2029, 1, 2), "zh"), i18n.format_date(date(2029, 1, 2), "en")) == (
        "2029年1月2日",
        "2 Jan 2029",
    )
    assert (i18n.format_instant(LATE, "zh"), i18n.format_table_instant(LATE)) == (
        "1月1日 周五 00:05",
        "2027-01-01 00:05",
    )
    with i18n.speaking("en"):
        assert i18n.format_instant(LATE) == "Fri 1 Jan 00:05"


def test_a_day_begins_and_ends_at_the_citys_midnight() -> None:
    first, following = clock.day_bounds(date(2027, 1, 1))
    assert (first, following) == (
        datetime(2026, 12, 31, 16, tzinfo=UTC),
        datetime(2027, 1, 1, 16, tzinfo=UTC),
    )
    assert [clock.city_day(each).day for each in (first, following)] == [1, 2]


@pytest.mark.parametrize(
    ("number", "told"), [(9_999, "9999"), (10_000, "10,000"), (-9_999, "-9999"), (-10_000, "-10,000")]
)
def test_five_digits_are_grouped_and_four_are_not(number, told) -> None:
    assert i18n.format_number(number) == told


def test_a_refusal_is_told_with_its_facts_its_fields_and_when_to_come_back(app) -> None:
    told = problems.response_for(Conflict(fields={"n": ["odd"]}, until=LATE, day=LATE.date(), n=1))
    assert told.json["facts"] == {"until": LATE.isoformat(), "day": "2026-12-31", "n": 1}
    assert told.json["errors"] == [{"field": "n", "code": "invalid", "message": "odd"}]
    assert (told.status_code, told.json["retryable"], "Retry-After" in told.headers) == (409, False, False)
    later = problems.response_for(RateLimited(retry_after_s=7))
    assert (later.headers["Retry-After"], later.json["retryable"], later.json["detail"]) == (
        "7",
        True,
        "不行",
    )
    assert "errors" not in later.json
