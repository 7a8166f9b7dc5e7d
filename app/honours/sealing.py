"""The snapshot: everything a list follows from, and the list, as one canonical text that can be checked anywhere.

One line of JSON with sorted keys and no spaces: the criteria and the facts each with their SHA-256, the candidates, and
the seal of the ledger at that moment if there is one. The digest of the whole text is its name.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from app.honours import scoring
from app.honours.errors import SnapshotBroken
from app.honours.scoring import Facts, Scored

SNAPSHOT_FORMAT = 2


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces: one text for one value."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def sha256(text: str) -> str:
    """The digest of a text's UTF-8 bytes, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def seal(head: Mapping[str, Any], facts: Sequence[Facts], scored: Sequence[Scored]) -> str:
    """The sealed text of a head (selection, period, criteria …), facts and what follows from them."""
    known = [
        {
            "pseudonym": each.pseudonym,
            "enrolled_on": each.enrolled_on.isoformat(),
            "groups": each.groups,
            "values": each.values,
        }
        for each in sorted(facts, key=lambda each: each.pseudonym)
    ]
    return canonical(
        {
            **head,
            "format": SNAPSHOT_FORMAT,
            "criteria_sha256": sha256(canonical(head["criteria"])),
            "facts": known,
            "facts_sha256": sha256(canonical(known)),
            "candidates": [
                {
                    "pseudonym": each.pseudonym,
                    "position": each.position,
                    "score": each.score,
                    "parts": each.parts,
                    "chosen": each.chosen,
                }
                for each in scored
            ],
        }
    )


def facts_in(snapshot: Mapping[str, Any]) -> list[Facts]:
    """The facts of a snapshot, for computing its list again."""
    return [
        Facts(each["pseudonym"], date.fromisoformat(each["enrolled_on"]), each["values"], each["groups"])
        for each in snapshot["facts"]
    ]


def opened(text: str) -> dict[str, Any]:
    """The content of a snapshot, once everything in it agrees. Raises SnapshotBroken with what does not.

    Checked: the text is in its one canonical form, the digests fit, the list is what the criteria make of the facts.
    """
    try:
        found: dict[str, Any] = json.loads(text)
        if found["format"] != SNAPSHOT_FORMAT:
            raise SnapshotBroken(where="format")
        again = seal(
            found, facts_in(found), scoring.order(facts_in(found), found["criteria"], _end_of(found))
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SnapshotBroken(where="format") from error
    if again != text:
        raise SnapshotBroken(where=_first_difference(json.loads(again), found))
    return found


def _end_of(found: Mapping[str, Any]) -> date:
    return date.fromisoformat(found["period"][1])


def _first_difference(again: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    return next(
        (key for key in ("criteria_sha256", "facts_sha256", "candidates") if again[key] != found[key]), "text"
    )
