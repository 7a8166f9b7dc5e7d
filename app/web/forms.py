"""What forms are made of: a browser sends text only, an unticked box sends nothing, a place is three hidden fields."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import marshmallow as ma
from flask import request
from marshmallow import fields, validate

from app.kernel.clock import CITY
from app.kernel.geo import Position
from app.kernel.schemas import EARLIEST, LATEST, Day, Schema
from app.kernel.widths import narrow

PLACE = ("lat", "lng", "accuracy_m")


class Choice(fields.String):
    """One of the values offered."""

    def __init__(self, choices: tuple[str, ...] | list[str], **kwargs: Any) -> None:
        super().__init__(validate=validate.OneOf(choices), **kwargs)


class Continue(Schema):
    """Where a list continues."""

    cursor = fields.String(load_default=None, validate=validate.Length(min=1, max=64))


class Tick(fields.Field[bool]):
    """A box: ticked or not sent at all."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(load_default=False, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if value != "yes":
            raise ma.ValidationError("field.wrong-form")
        return True


class Decimal(fields.Float):
    """A finite number typed as text."""

    def __init__(self, minimum: float, maximum: float, **kwargs: Any) -> None:
        super().__init__(allow_nan=False, validate=validate.Range(min=minimum, max=maximum), **kwargs)


class SixDigits(fields.String):
    """A code of six digits, however it was typed or pasted: wide, in groups, with a space at its end."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=validate.Regexp(r"^[0-9]{6}\Z"), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        return narrow(text).replace(" ", "").replace("-", "")


class PickedDay(Day):
    """A `date` input: a day, or None where none was picked."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(load_default=None, allow_none=True, **kwargs)

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **kwargs: Any) -> Any:
        return super().deserialize(value or None, attr, data, **kwargs)


class CityMoment(fields.Field[datetime]):
    """A `datetime-local` input: a time on the city's wall clock, without a zone; becomes an instant."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        try:
            wall = datetime.fromisoformat(str(value))
        except ValueError:
            raise ma.ValidationError("field.not-a-time") from None
        if wall.tzinfo is not None:
            raise ma.ValidationError("field.not-a-time")
        # Not turned into an instant first: the first hours of year 1 have none.
        if not EARLIEST <= wall.replace(tzinfo=CITY) < LATEST:
            raise ma.ValidationError("field.time-out-of-range")
        return wall.replace(tzinfo=CITY).astimezone(UTC)


class Key(fields.String):
    """A number, quarter or name out of ASCII letters and digits, however an input method or a paste wrote it."""

    def __init__(self, max_length: int, *, in_capitals: bool = True, **kwargs: Any) -> None:
        self.in_capitals = in_capitals
        lengths = validate.Length(1, max_length)
        super().__init__(validate=[lengths, *kwargs.pop("validate", [])], **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = narrow(super()._deserialize(value, attr, data, **kwargs))
        return text.upper() if self.in_capitals else text.lower()


class PlaceForm(Schema):
    """A form with the phone's place in hidden fields, or without one; the view gets `position` and `accuracy_m`."""

    lat = Decimal(-90, 90, load_default=None)
    lng = Decimal(-180, 180, load_default=None)
    accuracy_m = Decimal(0, 100_000, load_default=None)

    @ma.post_load
    def _to_position(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        lat, lng, accuracy = (data.pop(name) for name in PLACE)
        found = lat is not None and lng is not None
        data["position"] = Position(lat, lng) if found else None
        data["accuracy_m"] = round(accuracy) if found and accuracy is not None else None
        return data


class Nothing(Schema):
    """A form that is only a button."""


def form_field(name: str) -> Any:
    """A field of the form, for limits by subject; neither spaces, capitals nor wide letters buy further tries."""

    def read() -> str:
        return narrow(request.form.get(name, ""))[:64].lower()

    return read
