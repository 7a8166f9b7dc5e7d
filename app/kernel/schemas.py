"""marshmallow, made strict: unknown fields are refused, whole numbers are whole, texts have an end, times are sane."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from app.kernel import geo
from app.kernel.i18n import say
from app.kernel.widths import narrow

EARLIEST, LATEST = datetime(2020, 1, 1, tzinfo=UTC), datetime(2090, 1, 1, tzinfo=UTC)
MAX_WHOLE = 2_147_483_647


class Schema(ma.Schema):
    """Base of every schema: what is not declared is refused."""

    class Meta:
        unknown = ma.RAISE

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """As marshmallow finds it; what a view gives is mostly a plain dict, and there it is found at once."""
        if type(obj) is dict and attr in obj:
            return obj[attr]
        return super().get_attribute(obj, attr, default)


class Text(fields.String):
    """A text with an end, without control characters; surrounding space is cut."""

    def __init__(self, max_length: int = 200, *, min_length: int = 1, **kwargs: Any) -> None:
        self.min_length, self.max_length = min_length, max_length
        lengths = validate.Length(min=min_length or None, max=max_length)
        super().__init__(validate=[lengths, *_as_list(kwargs.pop("validate", []))], **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        # First of all: every browser ends each line of a form's text so.
        text = super()._deserialize(value, attr, data, **kwargs).replace("\r\n", "\n")
        if any(map(_is_control, text)):
            raise ma.ValidationError(say("field.control-characters"))
        text = text.translate(_TURNING).strip()
        return text if any(map(_shows, text)) else ""


class Figures(Text):
    """A text of figures, as a telephone number with its extension, however an input method or a paste wrote it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        return narrow(super()._deserialize(value, attr, data, **kwargs))


class Line(Text):
    """A text of one line, as somebody's name: whatever space stands in it is one space."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        return " ".join(super()._deserialize(value, attr, data, **kwargs).split())


# Marks that turn what follows round, so that a name reads otherwise than it is written. Address books and keyboards put
# them around what is pasted: they are taken off and not refused. The two that single letters need (U+200E, 200F) stay.
_TURNING = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # letters by the book, and nothing on a screen


def _shows(char: str) -> bool:
    return not char.isspace() and char not in _BLANKS and unicodedata.category(char) != "Cf"


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _is_control(char: str) -> bool:
    code = ord(char)
    return (code < 32 and char not in "\n\t") or code == 127 or 0xD800 <= code < 0xE000


class Whole(fields.Integer):
    """A whole number within bounds; 1.0 and "1" are not whole numbers."""

    def __init__(self, minimum: int = 0, maximum: int = MAX_WHOLE, **kwargs: Any) -> None:
        super().__init__(strict=True, validate=validate.Range(min=minimum, max=maximum), **kwargs)

    def _validated(self, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.make_error("invalid", input=value)
        return value


class QueryWhole(fields.Integer):
    """A whole number in a query string, where everything is text."""

    def __init__(self, minimum: int = 0, maximum: int = MAX_WHOLE, **kwargs: Any) -> None:
        super().__init__(validate=validate.Range(min=minimum, max=maximum), **kwargs)

    def _validated(self, value: Any) -> int:
        if "_" in str(value):  # Python reads 1_0 as ten; nobody else does
            raise self.make_error("invalid", input=value)
        return int(super()._validated(value))


class Points(Whole):
    """Points are whole and at least one."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(1, 1_000_000, **kwargs)


class Number(fields.Float):
    """A finite number within bounds; texts and booleans are not numbers."""

    def __init__(self, minimum: float, maximum: float, **kwargs: Any) -> None:
        super().__init__(allow_nan=False, validate=validate.Range(min=minimum, max=maximum), **kwargs)

    def _validated(self, value: Any) -> float:
        if isinstance(value, bool | str):
            raise self.make_error("invalid", input=value)
        return float(super()._validated(value))


class QueryNumber(fields.Float):
    """A finite number in a query string, where everything is text."""

    def __init__(self, minimum: float, maximum: float, **kwargs: Any) -> None:
        super().__init__(allow_nan=False, validate=validate.Range(min=minimum, max=maximum), **kwargs)

    def _validated(self, value: Any) -> float:
        if "_" in str(value):
            raise self.make_error("invalid", input=value)
        return float(super()._validated(value))


class Instant(fields.AwareDateTime):
    """An instant with its offset (RFC 3339), between 2020 and 2090; UTC inside and going out."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="iso", **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        if not isinstance(value, str):
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        instant = super()._deserialize(value, attr, data, **kwargs)
        try:
            utc = instant.astimezone(UTC)
        except OverflowError:
            raise ma.ValidationError(say("field.time-out-of-range")) from None
        if not EARLIEST <= utc < LATEST:
            raise ma.ValidationError(say("field.time-out-of-range"))
        return utc


class Day(fields.Date):
    """A calendar day, between 2020 and 2090."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date:
        if not isinstance(value, str):
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        day = super()._deserialize(value, attr, data, **kwargs)
        if not EARLIEST.date() <= day < LATEST.date():
            raise ma.ValidationError(say("field.time-out-of-range"))
        return day


class Id(fields.UUID):
    """A UUID written as text."""

    def _validated(self, value: Any) -> Any:
        if isinstance(value, bytes):
            raise self.make_error("invalid_uuid")
        return super()._validated(value)


class Flag(fields.Boolean):
    """true or false, nothing that merely looks like it."""

    truthy = {True}
    falsy = {False}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class PositionIn(Schema):
    """A position coming in, in the datum it says; becomes a geo.Position (WGS-84)."""

    lat = Number(-90, 90, required=True)
    lng = Number(-180, 180, required=True)
    datum = fields.String(load_default=geo.WGS84, validate=validate.OneOf([geo.WGS84, geo.GCJ02]))

    @ma.post_load
    def _to_position(self, data: dict[str, Any], **_: Any) -> geo.Position:
        return geo.from_edge(**data)


class PageQuery(Schema):
    """Where a list continues and how much of it."""

    cursor = fields.String(load_default=None, validate=validate.Length(min=1, max=64))
    limit = QueryWhole(1, 100, load_default=20)


class FieldProblem(Schema):
    """What is wrong with one field, for programs and for people."""

    field = fields.String(required=True)
    code = fields.String(required=True)
    message = fields.String(required=True)


class ProblemSchema(ma.Schema):
    """Problem details (RFC 9457) with a stable code."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    code = fields.String(required=True)
    retryable = fields.Boolean(required=True)
    request_id = fields.String(required=True)
    errors = fields.List(fields.Nested(FieldProblem))
    facts = fields.Dict(keys=fields.String())


@cache
def page_of(schema: type[ma.Schema]) -> type[Schema]:
    """One page schema per item schema, however many views give it."""
    members = {
        "items": fields.List(fields.Nested(schema), required=True),
        "next_cursor": fields.String(required=True, allow_none=True),
    }
    return type(schema.__name__.removesuffix("Read") + "Page", (Schema,), members)
