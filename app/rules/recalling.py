"""Past facts for a dry run: those a rule set would have judged, in the order they were judged, nobody by name."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Text, Uuid, and_, bindparam, cast, func, or_, select

from app.identity.models import Person
from app.kernel.clock import city_day, city_midnight
from app.kernel.db import session
from app.kernel.driving import rows
from app.kernel.ids import first_id_at
from app.places.models import Region
from app.rules.kinds import KINDS
from app.rules.kinds.shape import where_and_when
from app.rules.models import NoAward, RecordedFact, RuleSet, VoidFact
from app.rules.reasons import ACCOUNT_CLOSED, FOUND_VOID, NOT_ENROLLED, TOLD_BEFORE
from app.rules.rulebook import DAY, Rule
from app.rules.simulating import Happened

PART = 10_000  # facts in one reading
_AFTER = bindparam("after", type_=Uuid())
CLOCK_SLACK = timedelta(days=1)  # a server's clock may have been so wrong when it wrote a fact down
NOBODYS = (
    ACCOUNT_CLOSED,
    NOT_ENROLLED,
    FOUND_VOID,
    TOLD_BEFORE,
)  # whatever the rules say, these earn nothing


@dataclass(frozen=True, slots=True)
class Period:
    """Whole city days, both ends included."""

    from_on: date
    until_on: date

    @property
    def days(self) -> int:
        return (self.until_on - self.from_on).days + 1

    def span(self) -> tuple[datetime, datetime]:
        """The first instant, and the first one after."""
        return city_midnight(self.from_on), city_midnight(self.until_on + timedelta(days=1))


class Part(NamedTuple):
    """Some facts in the order they were judged. `read` counts also those that earn nothing whatever the rules say."""

    facts: Sequence[Happened]
    read: int


class Recalled:
    """The facts of a period in the reach of a rule set. A rider is a number, given as they first appear.

    They are read part by part, each in whatever unit of work is open then, so that a long reading stops nobody.
    `occupations` says what the rider of each number does; it grows as the facts are read.
    """

    def __init__(self, rule_set: RuleSet, region_path: str, period: Period, rules: Sequence[Rule]) -> None:
        self.period = period
        self.occupations: list[str] = []
        self._reach = _reach(rule_set, region_path, period)
        self._begin = city_midnight(_warm_up(period.from_on, rules))
        # A fact is written down after it happened, and ids are made in that order: none before this one can be meant.
        self._after = first_id_at(self._begin - CLOCK_SLACK)
        self._said = _occupations_said()
        self._nobodys = _facts_of_nobody(self._after)
        self._numbers: dict[UUID, int] = {}
        # The fields come as text: they are read here, while the database finds the next ones.
        self._next = (
            select(
                RecordedFact.id,
                RecordedFact.kind,
                RecordedFact.person_id,
                RecordedFact.happened_at,
                cast(RecordedFact.fields, Text),
            )
            .where(RecordedFact.id > _AFTER, *self._chosen())
            .order_by(RecordedFact.id)
            .limit(PART)
        )

    def count(self) -> int:
        """How many facts there are to read."""
        chosen = select(func.count()).select_from(RecordedFact)
        return session.scalar(chosen.where(*self._chosen())) or 0

    def next_part(self) -> Part | None:
        """The next facts in the order they were judged, as caps were used up; None at the end."""
        found = rows(self._next, {"after": self._after}, anew=True)
        if not found:
            return None
        self._after = found[-1][0]
        first, end = self.period.span()
        facts = [
            Happened(
                kind, self._number(person_id), city_day(happened_at), _whole(kind, happened_at, json.loads(kept)),
                first <= happened_at < end,
            )
            for id_, kind, person_id, happened_at, kept in found
            if id_ not in self._nobodys
        ]  # fmt: skip
        return Part(facts, len(found))

    def _number(self, person_id: UUID) -> int:
        number = self._numbers.get(person_id)
        if number is None:
            number = self._numbers[person_id] = len(self._numbers)
            self.occupations.append(self._said.get(person_id, "unknown"))
        return number

    def _chosen(self) -> tuple[ColumnElement[bool], ...]:
        _, end = self.period.span()
        void = select(VoidFact.fact_id).where(
            VoidFact.fact_kind == RecordedFact.kind, VoidFact.fact_id == RecordedFact.fact_id
        )
        return (
            RecordedFact.happened_at >= self._begin,
            RecordedFact.happened_at < end,
            RecordedFact.region_code.in_(self._reach),
            ~void.exists(),
        )


def _reach(rule_set: RuleSet, path: str, period: Period) -> Any:
    """The regions whose facts this rule set judges: its own and those below, but for such as have their own set."""
    others = select(Region.path).join(RuleSet, RuleSet.region_code == Region.code)
    nearer = session.scalars(
        others.where(
            RuleSet.id != rule_set.id,
            RuleSet.region_code != rule_set.region_code,
            Region.path.startswith(path),
            RuleSet.starts_on <= period.from_on,
            or_(RuleSet.ends_on.is_(None), RuleSet.ends_on >= period.until_on),
        )
    ).all()
    inside = [Region.path.startswith(path), *(~Region.path.startswith(each) for each in nearer)]
    return select(Region.code).where(and_(*inside))


def _warm_up(from_on: date, rules: Sequence[Rule]) -> date:
    """Caps per week or month count from the beginning of theirs, so facts are read from there on."""
    if all(cap.period == DAY for rule in rules for cap in rule.caps):
        return from_on
    return min(from_on - timedelta(days=from_on.weekday()), from_on.replace(day=1))


def _occupations_said() -> dict[UUID, str]:
    chosen = select(Person.id, Person.occupation).where(Person.occupation.is_not(None))
    return {person_id: str(occupation) for person_id, occupation in session.execute(chosen)}


def _facts_of_nobody(after: UUID) -> set[UUID]:
    chosen = select(NoAward.recorded_fact_id).where(NoAward.why.in_(NOBODYS))
    return set(session.scalars(chosen.where(NoAward.recorded_fact_id > after)))


def _whole(kind: str, happened_at: datetime, kept: dict[str, Any]) -> Mapping[str, Any]:
    """The fields of a fact; one recorded before some field existed, with what follows from its time and kind."""
    if "first_of_day" in kept and "basis" in kept:
        return kept
    return (
        where_and_when(kept["region"], happened_at)
        | {"basis": KINDS[kind].usual_basis, "first_of_day": False, "weather": False, "emergency": False}
        | {"grid_member": False}
        | kept
    )
