"""A rule as a form: each field of its kind of fact is a row that asks nothing until it is filled in.

`values_of` says what the form shows for a rule, `read` makes the rule from what was sent, `at_fields` says at which
field of the form a complaint about the rule belongs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from werkzeug.datastructures import MultiDict

from app.kernel.widths import narrow
from app.rules.kinds import KINDS
from app.rules.kinds.shape import FactKind, Field
from app.rules.rulebook import AFTER_DAYS, FIXED, MULTIPLIER, PER_UNIT, TIERED

TIERS, CAPS = 8, 5  # rows of the form
FEW = 7  # a number with so few values is ticked rather than typed


def is_ticked(one: Field) -> bool:
    """Whether the form shows the values of a field as boxes."""
    few = one.type == "whole" and one.maximum - one.minimum < FEW
    return one.type in ("choice", "station") or few


# --- from a rule to the form -----------------------------------------------------------------------------------------


def values_of(rule: Mapping[str, Any]) -> dict[str, Any]:
    """What the form shows for a rule."""
    kind = KINDS[rule["fact"]]
    shown: dict[str, Any] = {
        "key": rule.get("key", ""),
        "name_zh": rule.get("words", {}).get("zh", ""),
        "name_en": rule.get("words", {}).get("en", ""),
        "usable": rule.get("usable", "at_once"),
        "usable-days": rule.get("usable_after_days") or "",
        "expires-days": rule.get("expires_after_days") or "",
    }
    for condition in rule.get("when", ()):
        shown |= _condition_shown(kind.fields[condition["field"]], condition["op"], condition["value"])
    shown |= _worth_shown(rule.get("points", {"kind": FIXED}))
    for row, cap in enumerate(rule.get("caps", ())):
        what = "points" if cap.get("points") is not None else "times"
        shown |= {f"cap-{row}-per": cap["per"], f"cap-{row}-period": cap["period"]}
        shown |= {f"cap-{row}-what": what, f"cap-{row}-amount": cap[what]}
    return shown


def _condition_shown(one: Field, op: str, value: Any) -> dict[str, Any]:
    name = one.name
    if one.type == "flag":
        return {name: "yes" if value else "no"}
    if one.type == "time":
        return {f"{name}-from": value[0], f"{name}-until": value[1]}
    if one.type == "region":
        return {name: value}
    if not is_ticked(one):
        bounds = {"at_least": {"min": value}, "at_most": {"max": value}, "is": {"min": value, "max": value}}
        return {f"{name}-{end}": number for end, number in bounds.get(op, {}).items()}
    if op in ("at_least", "at_most"):
        values = range(one.minimum, one.maximum + 1)
        return {name: [each for each in values if (each >= value if op == "at_least" else each <= value)]}
    listed = value if isinstance(value, list) else [value]
    return {name: listed, f"{name}-not": "yes" if op in ("is_not", "none_of") else ""}


def _worth_shown(worth: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {"worth": worth["kind"]}
    if worth["kind"] == FIXED:
        return shown | {"points": worth.get("points", "")}
    if worth["kind"] == MULTIPLIER:
        return shown | {"times": f"{worth['percent'] / 100:g}", "of": list(worth.get("of", ()))}
    shown["count"] = worth["field"]
    if worth["kind"] == PER_UNIT:
        return shown | {"each-points": worth["points"], "each-unit": worth["unit"]}
    for row, tier in enumerate(sorted(worth["tiers"], key=lambda each: int(each["at_least"]))):
        shown |= {f"tier-{row}-from": tier["at_least"], f"tier-{row}-points": tier["points"]}
    return shown


# --- from the form to a rule -----------------------------------------------------------------------------------------


@dataclass(slots=True)
class Sent:
    """A rule read from a form; what could not be read, by field; and which field each part of the rule came from."""

    rule: dict[str, Any] = field(default_factory=dict)
    problems: dict[str, list[str]] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)  # path in the rule → field of the form

    def at_fields(self, problems: Iterator[tuple[str, str]], prefix: str) -> dict[str, list[str]]:
        """Complaints about the rule, by the field of the form they belong to; about the whole, at its number."""
        found: dict[str, list[str]] = {}
        for path, words in problems:
            found.setdefault(self._origin(path.removeprefix(prefix)), []).append(words)
        return found

    def _origin(self, path: str) -> str:
        while path:
            if path in self.origins:
                return self.origins[path]
            path = path.rpartition(".")[0]
        return "key"


def read(form: MultiDict[str, str], fact: str) -> Sent:
    """The rule that was sent. Whether it makes sense is for the rules package to say."""
    reading = _Reading(form, Sent())
    rule, origins = reading.sent.rule, reading.sent.origins
    rule |= {"key": reading.text("key"), "fact": fact}
    rule["words"] = {"zh": reading.text("name_zh"), "en": reading.text("name_en")}
    origins |= {"key": "key", "words.zh": "name_zh", "words.en": "name_en"}
    reading.conditions(KINDS[fact])
    reading.worth()
    reading.caps()
    rule["usable"] = reading.text("usable")
    if rule["usable"] == AFTER_DAYS:
        rule["usable_after_days"] = reading.whole("usable-days")
    rule["expires_after_days"] = reading.whole("expires-days")
    origins |= {"usable_after_days": "usable-days", "usable": "usable", "expires_after_days": "expires-days"}
    return reading.sent


@dataclass(slots=True)
class _Reading:
    """One pass over a form."""

    form: MultiDict[str, str]
    sent: Sent

    def text(self, name: str) -> str:
        return self.form.get(name, "").strip()

    def whole(self, name: str) -> int | None:
        """A whole number, or nothing."""
        text = narrow(self.text(name))
        return self._number(name, text) if text else None

    def _number(self, name: str, text: str) -> int | None:
        """What was sent as a whole number; anything else, or one too long for any rule, is a mistake in its field."""
        if not (text.isascii() and text.isdigit() and len(text) <= 9):
            self.sent.problems[name] = ["field.not-a-number"]
            return None
        return int(text)

    def conditions(self, kind: FactKind) -> None:
        when = self.sent.rule["when"] = []
        for one in kind.fields.values():
            for name, op, value in self._condition(one):
                self.sent.origins[f"when.{len(when)}"] = name
                when.append({"field": one.name, "op": op, "value": value})

    def _condition(self, one: Field) -> Iterator[tuple[str, str, Any]]:
        name = one.name
        if one.type == "flag" and (said := self.text(name)):
            yield name, "is", said == "yes"
        elif one.type == "region" and (code := self.text(name)):
            yield name, "inside", code
        elif one.type == "time":
            span = [self.text(f"{name}-from"), self.text(f"{name}-until")]
            if any(span):
                yield f"{name}-from", "between", span
        elif is_ticked(one):
            yield from self._ticked(one)
        elif one.type == "whole":
            for end, op in (("min", "at_least"), ("max", "at_most")):
                if (number := self.whole(f"{name}-{end}")) is not None:
                    yield f"{name}-{end}", op, number

    def _ticked(self, one: Field) -> Iterator[tuple[str, str, Any]]:
        chosen: list[Any] = [each for each in self.form.getlist(one.name) if each]
        if one.type == "whole":
            numbers = [self._number(one.name, each) for each in chosen]
            chosen = [each for each in numbers if each is not None]
        if not chosen:
            return
        left_out = self.text(f"{one.name}-not") == "yes" and one.type != "whole"
        if len(chosen) == 1:
            yield one.name, "is_not" if left_out else "is", chosen[0]
        else:
            yield one.name, "none_of" if left_out else "one_of", chosen

    def worth(self) -> None:
        kind = self.text("worth")
        worth: dict[str, Any] = {"kind": kind}
        origins = self.sent.origins
        origins["points"] = "worth"
        if kind == FIXED:
            worth |= self._given(points="points")
        elif kind == PER_UNIT:
            worth |= self._given(points="each-points", unit="each-unit") | {"field": self.text("count")}
        elif kind == TIERED:
            worth |= {"field": self.text("count"), "tiers": self._tiers()}
        elif kind == MULTIPLIER:
            worth["percent"] = self._percent()
            origins |= {"points.percent": "times", "points.of": "times"}
            if chosen := self.form.getlist("of"):
                worth["of"] = chosen
        origins["points.field"] = "count"
        self.sent.rule["points"] = {name: value for name, value in worth.items() if value is not None}

    def _given(self, **fields: str) -> dict[str, int | None]:
        self.sent.origins |= {f"points.{part}": name for part, name in fields.items()}
        return {part: self.whole(name) for part, name in fields.items()}

    def _tiers(self) -> list[dict[str, int | None]]:
        tiers: list[dict[str, int | None]] = []
        origins = self.sent.origins
        origins["points.tiers"] = "tier-0-from"
        for row in range(TIERS):
            tier = {"at_least": self.whole(f"tier-{row}-from"), "points": self.whole(f"tier-{row}-points")}
            if any(each is not None for each in tier.values()):
                origins |= {f"points.tiers.{len(tiers)}.at_least": f"tier-{row}-from"}
                origins |= {f"points.tiers.{len(tiers)}.points": f"tier-{row}-points"}
                tiers.append({name: value for name, value in tier.items() if value is not None})
        return tiers

    def _percent(self) -> int | None:
        text = narrow(self.text("times")).replace(",", ".").replace("。", ".")
        if not text:
            return None
        try:
            percent = Decimal(text) * 100
        except ArithmeticError:  # no number, or one that is too large even to look at
            percent = Decimal("NaN")
        if not percent.is_finite() or percent != percent.to_integral_value() or abs(percent) > 10**6:
            self.sent.problems["times"] = ["web.rule-form.times-wrong"]
            return None
        return int(percent)

    def caps(self) -> None:
        caps = self.sent.rule["caps"] = []
        self.sent.origins["caps"] = "cap-0-per"
        for row in range(CAPS):
            amount = self.whole(f"cap-{row}-amount")
            per = self.text(f"cap-{row}-per")
            if not per and amount is None:
                continue
            cap = {"per": per, "period": self.text(f"cap-{row}-period")}
            if amount is not None:
                cap[self.text(f"cap-{row}-what") or "points"] = amount  # type: ignore[assignment]
            self.sent.origins |= {
                f"caps.{len(caps)}": f"cap-{row}-amount",
                f"caps.{len(caps)}.per": f"cap-{row}-per",
            }
            self.sent.origins[f"caps.{len(caps)}.period"] = f"cap-{row}-period"
            caps.append(cap)


def next_key(rules: Sequence[Mapping[str, Any]]) -> str:
    """The first free number for a new rule."""
    taken = {rule["key"] for rule in rules}
    return next(key for number in range(1, 1000) if (key := f"R-{number:02}") not in taken)
