"""What fraud got out of it: tried, let pass, given, and spent.

Points cannot be told apart once they are in a wallet. What was spent is reckoned as the ledger does it: first given,
first spent. Beside it stands the most it can have been, as if whoever cheats spent made-up points before honest ones.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from app.doubts.models import Doubt, SetAside
from app.kernel.db import Base, session
from app.rules.models import ACTIVE, AWARD_STATES, VOID, Award
from app.volunteering.models import Hours
from simulator.server import Answer


class Paid(NamedTuple):
    """Points that fraud got to use, that it redeemed (and at most), of everybody's; and what each scheme was given."""

    to_fraud: int
    redeemed_by_fraud: int
    redeemed_at_most: int
    issued: int
    by_scheme: dict[str, int]


NOBODY_CHEATED = Paid(0, 0, 0, 0, {})


class Credit(NamedTuple):
    """What one fact earned: by which scheme ("" if it was honest), and whether it was taken back."""

    scheme: str
    points: int
    is_taken_back: bool


@dataclass(slots=True)
class Takings:
    """What was tried, what was let pass, and which facts came of it."""

    tried: Tally[str] = field(default_factory=Tally)
    passed: Tally[str] = field(default_factory=Tally)
    facts: dict[UUID, str] = field(default_factory=dict)  # to the scheme
    attendances: dict[UUID, float] = field(default_factory=dict)  # how likely a friend answers for one
    splits: list[list[UUID]] = field(
        default_factory=list
    )  # the reports of one matter: it is worth one of them

    def note(self, scheme: str, answer: Answer, *kinds: str) -> None:
        """Write down what came of an attempt."""
        self.passed[scheme] += answer.done
        for kind in kinds:
            if kind in answer.facts:
                self.facts[UUID(answer.facts[kind])] = scheme

    def is_one_matter(self, case_id: str, other_id: str) -> bool:
        """Whether two reports tell of the same thing, as one sees who goes there."""
        return any({UUID(case_id), UUID(other_id)} <= set(told) for told in self.splits)

    def all_facts(self) -> dict[UUID, str]:
        """Every check-in, report and hour that was made up and let pass, with its scheme."""
        padded = select(Hours.id).where(Hours.attendance_id.in_(list(self.attendances)))
        again = {each: "split" for told in self.splits for each in told[1:]}
        return self.facts | dict.fromkeys(session.scalars(padded), "padding") | again

    def gains(self, *states: str) -> dict[UUID, Tally[str]]:
        """Points each cheat was given, by scheme, as far as the awards are in one of these states."""
        gained: defaultdict[UUID, Tally[str]] = defaultdict(Tally)
        for person_id, credited in self._credits(states, self._asked()).items():
            for credit in credited:
                if credit.scheme:
                    gained[person_id][credit.scheme] += credit.points
        return dict(gained)

    def paid(self) -> Paid:
        """What fraud got, and everybody. What is set aside is not of use."""
        usable = select(func.coalesce(func.sum(Award.points), 0)).where(Award.state == ACTIVE)
        waiting = (
            select(func.coalesce(func.sum(SetAside.points), 0))
            .join(Doubt, Doubt.id == SetAside.doubt_id)
            .where(Doubt.fact_id.in_(self.all_facts()), Doubt.settled_at.is_(None))
        )
        by_scheme = sum(self.gains(ACTIVE).values(), Tally())
        lost = by_scheme.total() - int(session.scalar(waiting) or 0)
        redeemed, at_most = self._redeemed()
        return Paid(
            max(0, lost), redeemed, at_most, int(session.scalar(usable) or 0), dict(sorted(by_scheme.items()))
        )

    def _redeemed(self) -> tuple[int, int]:
        ever = self.gains(*AWARD_STATES)
        holds, accounts = (Base.metadata.tables[name].c for name in ("holds", "accounts"))
        captured = select(accounts.owner_id, func.sum(holds.captured_points)).where(
            holds.account_id == accounts.id, accounts.owner_id.in_(ever)
        )
        rows = session.execute(captured.group_by(accounts.owner_id)).all()
        spent = {person_id: int(points or 0) for person_id, points in rows}
        credited = self._credits(AWARD_STATES, Award.person_id.in_(ever))
        return (
            sum(made_up_and_spent(credited[person_id], points) for person_id, points in spent.items()),
            sum(min(ever[person_id].total(), points) for person_id, points in spent.items()),
        )

    def _asked(self) -> ColumnElement[bool]:
        return Award.fact_id.in_({*self.all_facts(), *(each for told in self.splits for each in told)})

    def _credits(self, states: Iterable[str], chosen: ColumnElement[bool]) -> dict[UUID, list[Credit]]:
        """What each person was given for facts, in the order of the ledger. Of several reports the best is honest."""
        taken_back = Award.state == VOID
        asked = (
            select(Award.fact_id, Award.person_id, taken_back, func.sum(Award.points))
            .where(chosen, Award.state.in_(states), Award.funded_at.is_not(None))
            .group_by(Award.fact_id, Award.person_id, taken_back)
            .order_by(func.min(Award.funded_at), Award.fact_id)
        )
        rows = session.execute(asked).all()
        schemes = self.all_facts()
        worth = {fact_id: int(points) for fact_id, _, _, points in rows}
        for told in self.splits:
            paid = sorted((each for each in told if each in worth), key=worth.__getitem__)
            schemes |= dict.fromkeys(paid[:-1], "split") | dict.fromkeys(paid[-1:], "")
        found: defaultdict[UUID, list[Credit]] = defaultdict(list)
        for fact_id, person_id, was_taken_back, points in rows:
            found[person_id].append(Credit(schemes.get(fact_id, ""), int(points), was_taken_back))
        return found


def made_up_and_spent(credited: Iterable[Credit], spent: int) -> int:
    """How many of `spent` points were made up: first given, first spent, and what was taken back last of all."""
    made_up, left = 0, spent
    for credit in sorted(credited, key=attrgetter("is_taken_back")):  # in their order otherwise
        used = min(credit.points, left)
        left -= used
        made_up += used if credit.scheme else 0
    return made_up
