"""What comes in: texts with an end and lines as people write them, whole numbers, times of this century; no more."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import marshmallow as ma
import pytest

from app.kernel import problems
from app.kernel.schemas import (
    Day,
    Flag,
    Id,
    Instant,
    Line,
    Number,
    Points,
    PositionIn,
    QueryNumber,
    QueryWhole,
    Text,
    Whole,
)

LAST_INSTANT, LAST_DAY = "2089-12-31T23:59:59.999999Z", "2089-12-31"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("a\r\nb\r\n", "a\nb"),
        ("a\tb", "a\tb"),
        ("  abcde  ", "abcde"),
        ("王\U00020bb7", "王\U00020bb7"),
        ("a\r\nbcd", "a\nbcd"),
        ("\u2068王\u202e一\u2069", "王一"),
        ("\u200f王\u200d一", "\u200f王\u200d一"),
    ],
)
def test_a_text_is_what_was_typed_in_as_many_lines(typed: str, kept: str) -> None:
    assert Text(5).deserialize(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "a\rb",
        "a\x00b",
        "a\x1fb",
        "a\x7fb",
        chr(0xD800),
        chr(0xDFFF),
        "abcdef",
        " ",
        "\r\n",
        "\u200b",
        "\u3164 \u2800",
        "\u202e\ufeff",
    ],
)
def test_a_text_has_an_end_and_nothing_that_nobody_sees(typed: str) -> None:
    with pytest.raises(ma.ValidationError):
        Text(5).deserialize(typed)


def test_a_name_stands_in_one_line() -> None:
    assert Line(5).deserialize("王\r\n\t小\u3000\u00a0明") == "王 小 明"
    with pytest.raises(ma.ValidationError):
        Line(5).deserialize("\u200b")


def test_a_text_that_may_be_missing_is_missing_where_nothing_shows() -> None:
    assert Text(5, min_length=0).deserialize(" \u200b") == ""


@pytest.mark.parametrize(
    ("field", "least", "most", "too_little", "too_much"),
    [
        (Whole(1, 7), 1, 7, 0, 8),
        (Whole(), 0, 2_147_483_647, -1, 2_147_483_648),
        (Points(), 1, 1_000_000, 0, 1_000_001),
        (QueryWhole(1, 100), "1", "100", "0", "101"),
        (Number(-90, 90), -90, 90, -90.000001, 90.000001),
        (QueryNumber(0, 5), "0", "5", "-0.1", "5.1"),
        (
            Instant(),
            "2020-01-01T08:00:00+08:00",
            LAST_INSTANT,
            "2019-12-31T23:59:59Z",
            "2090-01-01T00:00:00Z",
        ),
        (Day(), "2020-01-01", LAST_DAY, "2019-12-31", "2090-01-01"),
    ],
)
def test_the_first_and_the_last_are_taken_and_nothing_beyond(
    field: Any, least: object, most: object, too_little: object, too_much: object
) -> None:
    assert field.deserialize(least) < field.deserialize(most)
    for beyond in (too_little, too_much):
        with pytest.raises(ma.ValidationError):
            field.deserialize(beyond)


@pytest.mark.parametrize(
    ("field", "looks_like"),
    [
        (Whole(), True),
        (Whole(), "1"),
        (Whole(), 1.0),
        (QueryWhole(), "1_0"),
        (QueryWhole(), "1.0"),
        (Number(0, 90), "1"),
        (Number(0, 90), True),
        (Number(0, 90), float("nan")),
        (QueryNumber(0, 90), "1_0"),
        (QueryNumber(0, 90), "nan"),
        (Flag(), 1),
        (Flag(), "true"),
        (Flag(), "no"),
        (Instant(), 1_800_000_000),
        (Instant(), "2026-11-24T10:00:00"),
        (Day(), 20_261_124),
        (Day(), "2026-02-29"),
        (Id(), b"0123456789abcdef"),
        (Id(), "0190a0a0-0000-7000-8000-00000000000"),
    ],
)
def test_what_merely_looks_like_it_is_refused(field: Any, looks_like: object) -> None:
    with pytest.raises(ma.ValidationError):
        field.deserialize(looks_like)


def test_an_instant_is_utc_inside_whatever_its_offset() -> None:
    there = Instant().deserialize("2026-11-24T01:30:00+08:00")
    assert (there, there.tzinfo) == (datetime(2026, 11, 23, 17, 30, tzinfo=UTC), UTC)
    assert Day().deserialize("2028-02-29") == date(2028, 2, 29)
    assert (Flag().deserialize(True), Flag().deserialize(False)) == (True, False)


def test_a_position_is_moved_from_the_datum_it_was_given_in_and_from_no_other() -> None:
    as_given = {"lat": 32.0415, "lng": 118.7959}
    plain, chinese = (PositionIn().load(as_given | {"datum": each}) for each in ("wgs84", "gcj02"))
    assert PositionIn().load(as_given) == plain
    assert (plain.lat, plain.lng) == (as_given["lat"], as_given["lng"])
    assert 0.001 < plain.lng - chinese.lng < 0.01
    with pytest.raises(ma.ValidationError):
        PositionIn().load(as_given | {"datum": "bd09"})


@pytest.mark.parametrize(
    "said",
    [
        *(
            "Missing data for required field.",
            "Unknown field.",
            "Field may not be null.",
            "Not a valid integer.",
        ),
        *("Not a valid number.", "Not a valid string.", "Not a valid boolean.", "Not a valid UUID."),
        *(
            "Not a valid aware datetime.",
            "Not a valid date.",
            "Not a valid list.",
            "Not a valid mapping type.",
        ),
        *("Invalid input type.", "Number too large.", "Must be one of: a, b.", "Must be equal to checkin."),
        *("Special numeric values (nan or infinity) are not permitted.", "Longer than maximum length 7."),
        *("Shorter than minimum length 7.", "Length must be between 1 and 7.", "Length must be 7."),
        "Must be greater than or equal to 1 and less than or equal to 7.",
        *("Must be greater than or equal to 7.", "Must be less than or equal to -7.5."),
        "String does not match expected pattern.",
    ],
)
def test_a_field_at_fault_is_told_in_chinese_with_its_bounds(said: str) -> None:
    ((_, code, sentence),) = problems.told(said)
    assert code != "invalid"
    assert not sentence.isascii()
    assert "—" not in sentence
    assert ("7" in said) == ("7" in sentence)


def test_a_fault_is_told_with_the_way_to_its_field() -> None:
    faults = {
        "items": {1: {"at": ["Unknown field."]}, "_schema": ["odd"]},
        "_schema": ["whole"],
        "name": "plain",
    }
    assert list(problems.flatten(faults)) == [
        ("items.1.at", "没有这一项。"),
        ("items", "odd"),
        ("body", "whole"),
        ("name", "plain"),
    ]
