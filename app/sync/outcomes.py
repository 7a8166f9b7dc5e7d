"""What can become of an item, and which refusals a person has to look at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.kernel import i18n, problems
from app.kernel.errors import Problem
from app.sync.models import REFUSED, REVIEW, SyncItem
from app.sync.queries import Waiting

BROKEN = "item-broken"

# Nothing was proven: the rider's phone did not make the code, or the voucher is none of ours.
UNPROVEN = frozenset(
    {
        "code-format", "code-foreign", "code-checksum", "code-forged", "code-unknown", "handle-expired", "own-code",
        "not-a-rider", "voucher-unknown", "voucher-other-station", "item-unreadable",
        "reward-unknown",
    }
)  # fmt: skip
# The code is genuine, but what the device says about it cannot be taken as it is.
DOUBTFUL = frozenset(
    {
        "log-broken", "log-forked", "device-revoked", "clock-off", "arrived-too-late", "outside-lease",
        "lease-exceeded", "lease-rider-limit", BROKEN,
    }
)  # fmt: skip
# A person decides about these even where nothing went over the counter.
FOR_A_PERSON = DOUBTFUL | {"code-skew", "code-used-twice", "handle-revoked"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The state an item ends in, and why, in both languages."""

    state: str
    slug: str | None = None
    words: dict[str, str]
    points: int | None = None
    checkin_id: UUID | None = None
    voucher_id: UUID | None = None
    loss: int = 0  # booked, of `points` at stake, when a person has to decide
    problem: Problem | None = None
    evidence: dict[str, Any] = field(default_factory=dict)


def said(key: str, **facts: Any) -> dict[str, str]:
    """A sentence in both languages: the outcome may be read later, by somebody else."""
    return {name: i18n.say(key, locale=name, **facts) for name in i18n.LOCALES}


def refused(item: SyncItem | Waiting, problem: Problem) -> Outcome:
    """A refusal as an outcome: for a person to look at if goods are gone or the code is genuine."""
    doubt = problem.slug in FOR_A_PERSON or (item.of_goods and problem.slug not in UNPROVEN)
    state = REVIEW if item.of_station and doubt else REFUSED
    return Outcome(state=state, slug=problem.slug, words=_sentence(problem), problem=problem)


def broken(item: SyncItem) -> Outcome:
    """An item that nothing can be done with by rule."""
    return Outcome(state=REVIEW if item.of_station else REFUSED, slug=BROKEN, words=said(BROKEN))


def _sentence(problem: Problem) -> dict[str, str]:
    words = {}
    for name in i18n.LOCALES:
        with i18n.speaking(name):
            words[name] = problems.sentence(problem)
    return words
