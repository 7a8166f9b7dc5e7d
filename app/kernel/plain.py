"""What a schema says to input that is plainly in order, without asking it: compiled once from its own fields.

marshmallow takes a fifth of a millisecond for an item of a batch. Whatever is not plain here (another way to write an
instant, a field too many, any mistake) is left to the schema, which alone refuses and says why: what is taken here, it
takes too, and with the same result.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import marshmallow as ma
from marshmallow import fields, validate

from app.kernel.schemas import EARLIEST, LATEST, Id, Instant, Whole

Take = Callable[[Any], Any]
ASK: Any = object()  # for the schema to say
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{6}|\.[0-9]{3})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)


class Plain:
    """A schema whose fields all are of the sorts below."""

    def __init__(self, schema: ma.Schema) -> None:
        self._schema = schema
        self._takes = [(name, _taking(each), each.load_default) for name, each in schema.load_fields.items()]

    def load(self, data: Any) -> dict[str, Any]:
        """What came in, checked. Raises ma.ValidationError."""
        found = self.plainly(data) if type(data) is dict else None
        return dict(self._schema.load(data)) if found is None else found

    def plainly(self, data: Mapping[str, Any]) -> dict[str, Any] | None:
        """The same without the schema; None if it is to be asked."""
        found, seen = {}, 0
        for name, take, default in self._takes:
            if name in data:
                seen += 1
                found[name] = take(data[name])
            else:
                found[name] = ASK if default is ma.missing or callable(default) else default
            if found[name] is ASK:
                return None
        return found if seen == len(data) else None


def _taking(field: fields.Field[Any]) -> Take:
    """What the field makes of a plain value; ASK if it is none."""
    if type(field) is Id:
        return _id
    if type(field) is Instant:
        return _instant
    checks = [_check(each) for each in field.validators]
    kind = {Whole: int, fields.String: str}.get(type(field))
    if kind is None:
        raise TypeError(f"no plain form of {type(field).__name__}")

    def take(value: Any) -> Any:
        if type(value) is not kind:
            return ASK
        for check in checks:
            if not check(value):
                return ASK
        return value

    return take


def _check(validator: Any) -> Callable[[Any], bool]:
    match validator:
        case validate.Length(min=low, max=high, equal=None):
            return lambda value: (low is None or low <= len(value)) and (high is None or len(value) <= high)
        case validate.Range(min=low, max=high, min_inclusive=True, max_inclusive=True):
            return lambda value: (low is None or low <= value) and (high is None or value <= high)
        case validate.Regexp(regex=form):
            return lambda value: form.match(value) is not None
        case validate.OneOf(choices=choices):
            return lambda value: value in choices
    raise TypeError(f"no plain form of {type(validator).__name__}")


def _id(value: Any) -> Any:
    if type(value) is not str or _ID.fullmatch(value) is None:
        return ASK
    return UUID(int=int(value.replace("-", ""), 16))


def _instant(value: Any) -> Any:
    if type(value) is not str or _INSTANT.fullmatch(value) is None:
        return ASK
    try:
        instant = datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        return ASK
    return instant if EARLIEST <= instant < LATEST else ASK
