"""What somebody who knows only /api/openapi.json makes of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient


@pytest.fixture
def described(client: FlaskClient) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(client.get("/api/openapi.json").data)
    return found


def _patterns(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("pattern"), str):
            yield part["pattern"]
        for inner in part.values():
            yield from _patterns(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _patterns(inner)


def test_patterns_are_read_by_other_languages_as_they_are_meant(described: dict[str, Any]) -> None:
    found = set(_patterns(described))
    assert "^[0-9]{2,20}$" in found
    assert [each for each in found if re.search(r"\\[AZzpP]|\(\?[P<ims]", each)] == []


def test_a_station_says_its_datum_and_hours_have_a_shape(described: dict[str, Any]) -> None:
    schemas = described["components"]["schemas"]
    assert schemas["StationRead"]["properties"]["datum"]["const"] == "wgs84"
    assert schemas["StationRead"]["properties"]["hours"]["type"] == "array"
    hours = schemas["OfferReward"]["properties"]["pick_up_hours"]
    assert (hours["type"], hours["minItems"], hours["default"]) == (["array", "null"], 7, None)
