"""What a clerk can choose from in a rule's form: values with their words, regions, stations, other rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import or_, select

from app.kernel.db import session
from app.kernel.i18n import pick
from app.places import queries as places
from app.places.models import Region
from app.rules.kinds.shape import FactKind, Field
from app.rules.rulebook import MULTIPLIER
from app.rules.sentences import value_in_words
from app.web.desk.rule_form import is_ticked

LEVELS = ("city", "district", "subdistrict")  # deeper ones would make a list of thousands

Choices = list[tuple[str, str]]


def choices_of(kind: FactKind, region_path: str, shown: Mapping[str, Any]) -> dict[str, Choices]:
    """(value, words) for every field of the kind that is chosen from a list."""
    return {
        one.name: _of(kind, one, region_path, shown)
        for one in kind.fields.values()
        if is_ticked(one) or one.type == "region"
    }


def _of(kind: FactKind, one: Field, region_path: str, shown: Mapping[str, Any]) -> Choices:
    if one.type == "region":
        asked = [each["value"] for each in shown.get("when", ()) if each["field"] == one.name]
        chosen = select(Region).where(
            Region.path.startswith(region_path), or_(Region.level.in_(LEVELS), Region.code.in_(asked))
        )
        depth = region_path.count("/")
        return [
            (each.code, "　" * (each.path.count("/") - depth) + each.name)
            for each in session.scalars(chosen.order_by(Region.path))
        ]
    if one.type == "station":
        return [(str(each.id), each.name) for each in places.stations(region_path)]
    values: Sequence[Any] = one.choices or range(one.minimum, one.maximum + 1)
    return [(str(each), value_in_words(kind.name, one.name, each)) for each in values]


def others(shown: Mapping[str, Any], rules: Sequence[Mapping[str, Any]]) -> Choices:
    """The rules that a multiplier could multiply."""
    return [
        (each["key"], f"{each['key']} {pick(each['words']['zh'], each['words']['en'])}")
        for each in rules
        if each["fact"] == shown["fact"]
        and each["key"] != shown["key"]
        and each["points"]["kind"] != MULTIPLIER
    ]
