"""What is taken without asking the schema, the schema takes too, and makes the same of it."""

from __future__ import annotations

import marshmallow as ma
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import fields, validate

from app.kernel.ids import new_id
from app.kernel.plain import Plain
from app.sync import schemas

HASH = "ab" * 32
ENTRY = {"text": "{}", "prev": HASH, "signature": "abc"}
TOLD = {"id": str(new_id()), "seq": 1, "kind": "scan", "at": "2026-09-01T08:00:00+08:00", "code": "8" * 33}
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 1_000_002),
    st.floats(),
    st.text(max_size=110),
    st.text("0123456789abcdefABCDEF-_", max_size=66),
    st.uuids().map(lambda each: each.hex),
    st.uuids().map(lambda each: str(each).upper()),
    st.uuids().map(str),
    st.datetimes().map(lambda each: each.isoformat()),
    st.datetimes(timezones=st.timezones()).map(lambda each: each.isoformat()),
    st.datetimes(timezones=st.timezones()).map(lambda each: each.isoformat(" ", "milliseconds")),
    st.sampled_from(
        [
            "scan",
            "redeem",
            "poster",
            "2026-02-30T08:00:00Z",
            "2019-12-31T23:59:59Z",
            "2026-09-01T08:00:00Z",
            "2026-09-01T24:00:00Z",
            "2026-09-01T08:00:60Z",
            "2026-09-01T08:00:00.123+0800",
            "0001-01-01T00:00:00+23:59",
            "2026-09-01T08:00:00+99:00",
            "2026-09-01T08:00:00.5Z",
            "2026-09-01T08:00:00Z\n",
            "٢026-09-01T08:00:00Z",
            HASH,
            HASH + "\n",
            HASH[:32],
            "",
            ["x"],
            {"x": 1},
        ]
    ),
)  # fmt: skip


def loaded(load, data):
    try:
        return load(data)
    except ma.ValidationError as error:
        return error.messages


@settings(max_examples=300, derandomize=True, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize(
    ("schema", "good"), [(schemas.EntryIn(), ENTRY), (schemas.EntryText(), TOLD)], ids=["entry", "text"]
)
def test_it_says_what_the_schema_says(schema, good, data):
    one = dict(good)
    for name in data.draw(st.lists(st.sampled_from([*good, "reward_id", "more"]), max_size=2)):
        if data.draw(st.booleans()):
            one[name] = data.draw(ODD)
        else:
            one.pop(name, None)
    plain = Plain(schema)
    assert loaded(plain.load, one) == loaded(lambda each: dict(schema.load(each)), one)
    told = plain.plainly(one)
    assert told is None or told == dict(schema.load(one))


def edges(field):
    """Values just inside and just outside of what a field takes, and what merely looks like them."""
    yield from (
        "2020-01-01T00:00:00Z",
        "2020-01-01T07:59:59+08:00",
        "2090-01-01T00:00:00Z",
        "2089-12-31T23:59:59Z",
    )
    yield from (True, False, None, 1.0, "1", str(new_id()).upper(), f" {new_id()}", f"{new_id()}\n")
    for rule in field.validators:
        for bound in (getattr(rule, "min", None), getattr(rule, "max", None)):
            for near in () if bound is None else (bound - 1, bound, bound + 1):
                yield "8" * near if isinstance(rule, validate.Length) else near
        yield from getattr(rule, "choices", ())
        yield from (f"{HASH}\n", f"x{HASH}", f"{HASH}x", HASH.upper()) if hasattr(rule, "regex") else ()


@pytest.mark.parametrize(
    ("schema", "good"), [(schemas.EntryIn(), ENTRY), (schemas.EntryText(), TOLD)], ids=["entry", "text"]
)
def test_it_says_so_at_the_edge_of_each_field(schema, good):
    plain = Plain(schema)
    for name, field in schema.load_fields.items():
        for value in edges(field):
            one = {**good, name: value}
            taken = loaded(plain.load, one)
            assert taken == loaded(lambda each: dict(schema.load(each)), one), (name, value)
            assert type(taken.get(name)) is not bool, (name, value)


@pytest.mark.parametrize("raw", [None, 5, "text", ["a"]])
def test_what_is_no_object_is_for_the_schema_to_refuse(raw):
    with pytest.raises(ma.ValidationError):
        Plain(schemas.EntryIn()).load(raw)


def test_what_is_plain_is_not_asked():
    assert Plain(schemas.EntryIn()).plainly(ENTRY) == ENTRY
    assert Plain(schemas.EntryText()).plainly(TOLD) == dict(schemas.EntryText().load(TOLD))


@pytest.mark.parametrize(
    "field", [fields.Integer(), fields.String(validate=validate.Email()), fields.Nested(schemas.EntryIn)]
)
def test_a_field_of_another_sort_has_no_plain_form(field):
    with pytest.raises(TypeError):
        Plain(ma.Schema.from_dict({"one": field})())
