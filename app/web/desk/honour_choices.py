"""What the five steps offer: figures to weigh, ties to break, groups of which at least some are to be chosen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from app.honours.errors import CriteriaWrong
from app.honours.scoring import TIES
from app.identity.models import OCCUPATIONS
from app.identity.queries import platforms_in_use
from app.kernel.i18n import say
from app.places import queries as places

DEFAULT_TIES = ("hours.proven", "reports.resolved", "enrolled_days")
TIE_FIELDS = ("tie_1", "tie_2", "tie_3")
NO_TIE = "-"  # not empty: what was emptied on purpose stays so when a step is drawn again
LEAST = tuple((f"least_of_{row}", f"least_{row}") for row in (1, 2, 3))  # (which group, how many)


class Weighed(NamedTuple):
    """A weight on the form, the sources it weighs, and the figure at which more adds nothing."""

    field: str
    sources: tuple[str, ...]
    cap: int
    default: int = 0

    @property
    def full_at(self) -> str:
        """The cap in words: minutes as hours."""
        in_minutes = self.sources[0].startswith("hours.") or self.sources[0].endswith(".minutes")
        return (
            say("web.honours.cap-hours", n=self.cap // 60)
            if in_minutes
            else say("web.honours.cap", n=self.cap)
        )


def _by_itself(source: str, cap: int) -> Weighed:
    return Weighed(f"weight_{source.replace('.', '_')}", (source,), cap)


# Confirmed hours weigh the same however they are proven; what was entered afterwards counts in no form.
MAIN = (
    Weighed("hours_weight", ("hours.proven", "hours.witnessed"), 6000, 50),
    Weighed("reports_weight", ("reports.resolved",), 50, 30),
    Weighed("rescue_weight", ("callups.rescue",), 10, 10),
    Weighed("breadth_weight", ("breadth.categories",), 7, 10),
)
FINER = (
    *(_by_itself(f"reports.{grade}", 50) for grade in ("urgent", "normal", "minor")),
    _by_itself("training.minutes", 1200),
    *(
        _by_itself(f"points.{kind}", 1000)
        for kind in ("checkin", "report", "hours", "training", "suggestion")
    ),
)


def ties() -> list[tuple[str, str]]:
    """(source, words) of everything that may break a tie."""
    return [(each, say(f"honours.source.{each}")) for each in TIES]


def groups(region_code: str) -> list[tuple[str, str]]:
    """(kind:group, words) of the groups that riders of a region belong to."""
    return [
        *((f"district:{each.code}", each.name) for each in places.districts_around(region_code)),
        *((f"occupation:{each}", say(f"web.occupation.{each}")) for each in OCCUPATIONS),
        *((f"platform:{each}", each) for each in platforms_in_use()),
    ]


def looked_at(typed: Mapping[str, str]) -> list[tuple[str, str]]:
    """(words, what was typed) of what counts and who is at least among the chosen, to be read once more."""
    known = dict(groups(typed.get("region_code", "")))
    weights = [(name_of(each), typed.get(each.field, "")) for each in (*MAIN, *FINER)]
    least = [(known.get(typed.get(which, ""), ""), typed.get(many, "")) for which, many in LEAST]
    return [
        *((words, weight) for words, weight in weights if weight not in ("", "0")),
        *((say("web.honours.least-told", group=group), many) for group, many in least if group and many),
    ]


def ties_looked_at(typed: Mapping[str, str]) -> list[tuple[str, str]]:
    """The same of what breaks ties: apart, for its words are long."""
    known = dict(ties())
    return [
        (say("web.honours.tie-n", n=number), known.get(typed.get(name, ""), ""))
        for number, name in enumerate(TIE_FIELDS, 1)
    ]


def name_of(weighed: Weighed) -> str:
    """What a weight is called on the form."""
    if weighed in MAIN:
        return say(f"web.honours.{weighed.field.replace('_', '-')}")
    return say(f"honours.source.{weighed.sources[0]}")


def components_of(filled: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What counts, and how much."""
    return [
        {"source": source, "weight": filled[each.field], "cap": each.cap}
        for each in (*MAIN, *FINER)
        if filled[each.field]
        for source in each.sources
    ]


def ties_of(filled: Mapping[str, Any]) -> list[str]:
    """The order in which ties are broken. Raises CriteriaWrong with the field that says something again."""
    found: list[str] = []
    for name in TIE_FIELDS:
        tie = filled.get(name) or NO_TIE
        if tie in found:
            raise CriteriaWrong(fields={name: ["criteria-twice"]})
        if tie != NO_TIE:
            found.append(tie)
    return found


def quotas_of(filled: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The quotas: at least so many of a group, at most so many of each district and platform.

    Raises CriteriaWrong with the field at fault: half a line, a group twice, more than there are seats.
    """
    least = list(_least(filled))
    if sum(each["at_least"] for each in least) > filled["seats"]:
        raise CriteriaWrong(fields={"seats": ["criteria-too-few-seats"]})
    return [
        *least,
        *(
            {"by": by, "group": None, "at_least": 0, "at_most": filled[f"most_of_a_{by}"]}
            for by in ("district", "platform")
            if filled.get(f"most_of_a_{by}")
        ),
    ]


def _least(filled: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    seen: set[str] = set()
    for which, how_many in LEAST:
        group, count = filled.get(which), filled.get(how_many)
        if (group is None) != (count is None):
            raise CriteriaWrong(fields={how_many if count is None else which: ["criteria-half-a-line"]})
        if group is None:
            continue
        if group in seen:
            raise CriteriaWrong(fields={which: ["criteria-twice"]})
        seen.add(group)
        by, _, name = group.partition(":")
        yield {"by": by, "group": name, "at_least": count, "at_most": None}
