"""The pure part of the review: how several marks of one candidate become one, as the criteria say.

mean           the sum divided by the number of marks.
trimmed-mean   the same without the highest and the lowest, from four marks on; with fewer it is the plain mean.
In tenths of a mark, whole numbers only, cut off. Below the minimum number of marks there is none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

RULES = ("mean", "trimmed-mean")
TRIMMED_FROM = 4
# For criteria that say nothing about the review: one mark is enough, and none is too low.
SILENT: Mapping[str, Any] = {"rule": "mean", "minimum_marks": 1, "pass_mark": 0}


def rule_of(criteria: Mapping[str, Any]) -> Mapping[str, Any]:
    """What criteria say about the review."""
    said: Mapping[str, Any] = criteria.get("review", SILENT)
    return said


def combined(scores: Sequence[int], rule: Mapping[str, Any]) -> int | None:
    """The mark of a candidate in tenths, None while too few have marked him."""
    if not scores or len(scores) < rule["minimum_marks"]:
        return None
    counted = sorted(scores)
    if rule["rule"] == "trimmed-mean" and len(counted) >= TRIMMED_FROM:
        counted = counted[1:-1]
    return sum(counted) * 10 // len(counted)


def is_too_low(mark: int | None, rule: Mapping[str, Any]) -> bool:
    """Whether the criteria alone do not carry somebody with this mark: a person has to decide, with a reason."""
    return mark is None or mark < rule["pass_mark"] * 10


def is_sound(rule: Mapping[str, Any]) -> bool:
    """Whether a rule says something that can be done."""
    return rule["rule"] in RULES and 1 <= rule["minimum_marks"] <= 20 and 0 <= rule["pass_mark"] <= 100
