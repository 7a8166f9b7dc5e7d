"""Past facts for a dry run: those a rule set would have judged, in the order they were judged, nobody by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select

from app.identity.models import Person
from app.kernel.clock import city_day, city_midnight
from app.kernel.db import session
from app.places.models import Region
from app.rules.kinds import KINDS
from app.rules.kinds.shape import where_and_when
from app.rules.models import NoAward, RecordedFact, RuleSet, VoidFact
from app.rules.reasons import ACCOUNT_CLOSED, FOUND_VOID, NOT_ENROLLED
from app.rules.rulebook import DAY, Rule
from app.rules.simulating import Happened

BATCH = 5000
NOBODYS = (ACCOUNT_CLOSED, NOT_ENROLLED, FOUND_VOID)  # whatever the rules say, these earn nothing


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


class Recalled:
    """The facts of a period in the reach of a rule set. A rider is a number, given as they first appear.

    `occupations` says what the rider of each number does; it grows as the facts are read.
    """

    def __init__(self, rule_set: RuleSet, region_path: str, period: Period, rules: Sequence[Rule]) -> None:
        self.period = period
        self.occupations: list[str] = []
        self._reach = _reach(rule_set, region_path, period)
        self._warm_up_on = _warm_up(period.from_on, rules)

    def count(self) -> int:
        """How many facts there are to read."""
        chosen = select(func.count()).select_from(RecordedFact)
        return session.scalar(chosen.where(*self._chosen())) or 0

    def facts(self, progress: Callable[[int], None] = lambda done: None) -> Iterator[Happened]:
        """The facts in the order they were judged, which is the order in which caps were used up."""
        first, end = self.period.span()
        numbers: dict[UUID, int] = {}
        said, nobodys = _occupations_said(), _facts_of_nobody()
        rows = session.execute(
            select(
                RecordedFact.id,
                RecordedFact.kind,
                RecordedFact.person_id,
                RecordedFact.happened_at,
                RecordedFact.fields,
            )
            .where(*self._chosen())
            .order_by(RecordedFact.id)
            .execution_options(yield_per=BATCH)
        )
        for part in rows.partitions():
            for id_, kind, person_id, happened_at, kept in part:
                if id_ in nobodys:
                    continue
                complete = "first_of_day" in kept and "basis" in kept
                fields = kept if complete else _completed(kind, happened_at, kept)
                number = numbers.get(person_id)
                if number is None:
                    number = numbers[person_id] = len(numbers)
                    self.occupations.append(said.get(person_id, "unknown"))
                yield Happened(kind, number, city_day(happened_at), fields, first <= happened_at < end)
            progress(len(part))

    def _chosen(self) -> tuple[ColumnElement[bool], ...]:
        _, end = self.period.span()
        begin = city_midnight(self._warm_up_on)
        void = select(VoidFact.fact_id).where(
            VoidFact.fact_kind == RecordedFact.kind, VoidFact.fact_id == RecordedFact.fact_id
        )
        return (
            RecordedFact.happened_at >= begin,
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


def _facts_of_nobody() -> set[UUID]:
    return set(session.scalars(select(NoAward.recorded_fact_id).where(NoAward.why.in_(NOBODYS))))


def _completed(kind: str, happened_at: datetime, fields: Mapping[str, Any]) -> dict[str, Any]:
    """A fact recorded before some field existed, with what follows from its time and kind."""
    return (
        where_and_when(fields["region"], happened_at)
        | {"basis": KINDS[kind].usual_basis, "first_of_day": False, "weather": False, "emergency": False}
        | {"grid_member": False}
        | dict(fields)
    )
