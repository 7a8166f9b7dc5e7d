"""The pure part of a selection: facts and criteria in, ordered candidates out, the same bytes every time.

Eligibility: enrolled for so many days at the end of the period, and so many confirmed minutes (back-filled ones do not
count towards the minimum). Score: for each component `weight * (min(value, cap) * 1000 // cap)`, whole numbers only.
Ties: the sources named in `tie_break`, more is better, in that order; then the pseudonym, which means nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from app.kernel.randomness import CROCKFORD
from app.rules.kinds import KINDS
from app.volunteering.models import BASES

SOURCES = (*(f"hours.{basis}" for basis in BASES), "reports.resolved", *(f"points.{kind}" for kind in KINDS))
CRITERIA_FORMAT = 1


@dataclass(slots=True)
class Facts:
    """What the snapshot holds about one person: no name, no phone, only what the criteria may look at."""

    pseudonym: str
    enrolled_on: date
    values: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scored:
    """One eligible person and where the criteria put him."""

    pseudonym: str
    score: int
    position: int
    parts: tuple[int, ...]


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces: one text for one value."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def sha256(text: str) -> str:
    """The digest of a text's UTF-8 bytes, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def pseudonym(selection_id: UUID, person_id: UUID) -> str:
    """A person's name within one selection: always the same there, unlike that in any other."""
    digest = hashlib.sha256(b"candidate" + selection_id.bytes + person_id.bytes).digest()
    return "C" + "".join(CROCKFORD[byte & 31] for byte in digest[:12])


def why_not_eligible(facts: Facts, criteria: Mapping[str, Any], period_end_on: date) -> str | None:
    """Which condition is not met, None if all are."""
    needed = criteria["eligibility"]
    if (period_end_on - facts.enrolled_on).days < needed["enrolled_days"]:
        return "enrolled-days"
    served = facts.values.get("hours.proven", 0) + facts.values.get("hours.witnessed", 0)
    return "minimum-minutes" if served < needed["minimum_minutes"] else None


def parts_of(facts: Facts, criteria: Mapping[str, Any]) -> tuple[int, ...]:
    """What each component adds to the score, in the order of the criteria."""
    return tuple(
        each["weight"] * (min(facts.values.get(each["source"], 0), each["cap"]) * 1000 // each["cap"])
        for each in criteria["components"]
    )


def order(facts: Sequence[Facts], criteria: Mapping[str, Any], period_end_on: date) -> list[Scored]:
    """Everybody eligible, best first, whatever order the facts came in."""
    scored = [
        (parts_of(each, criteria), each)
        for each in facts
        if why_not_eligible(each, criteria, period_end_on) is None
    ]

    def key(item: tuple[tuple[int, ...], Facts]) -> tuple[Any, ...]:
        parts, each = item
        return -sum(parts), *(-each.values.get(source, 0) for source in criteria["tie_break"]), each.pseudonym

    return [
        Scored(each.pseudonym, sum(parts), number, parts)
        for number, (parts, each) in enumerate(sorted(scored, key=key), start=1)
    ]


def seal(head: Mapping[str, Any], facts: Sequence[Facts], scored: Sequence[Scored]) -> str:
    """The snapshot: everything the list follows from, and the list, as one canonical text."""
    return canonical(
        {
            **head,
            "facts": [
                {
                    "pseudonym": each.pseudonym,
                    "enrolled_on": each.enrolled_on.isoformat(),
                    "values": each.values,
                }
                for each in sorted(facts, key=lambda each: each.pseudonym)
            ],
            "candidates": [
                {
                    "pseudonym": each.pseudonym,
                    "position": each.position,
                    "score": each.score,
                    "parts": each.parts,
                }
                for each in scored
            ],
        }
    )


def facts_in(snapshot: str) -> list[Facts]:
    """The facts of a sealed snapshot, for computing its list again."""
    return [
        Facts(each["pseudonym"], date.fromisoformat(each["enrolled_on"]), each["values"])
        for each in json.loads(snapshot)["facts"]
    ]
