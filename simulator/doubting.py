"""Second looks in the simulated city: two people look each day, and the run counts who was doubted, rightly or not."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from uuid import UUID

from sqlalchemy import func, select

from app.doubts.models import Doubt
from app.kernel.db import session
from app.rules.models import AWARD_STATES, RecordedFact
from simulator import looks
from simulator.city import City
from simulator.fraud import Fraudster
from simulator.product import governing
from simulator.riders import Rider
from simulator.staff import Official
from simulator.takings import Takings

FINDS_OUT = 0.9  # who asks at the station learns in nine cases of ten that somebody cheated
MISTAKEN = 0.05  # and now and then takes an honest one for a cheat
DAY = timedelta(days=1)


class SecondLooks(Official):
    """Somebody of the department who looks at what does not go together, and at what the other one found wanting."""

    def __init__(self, city: City, username: str, takings: Takings) -> None:
        super().__init__(city, city.staff[username], "second-looks", username)
        self.takings = takings

    def step(self, at: datetime) -> None:
        """Each morning and each evening, holidays too: points wait."""
        self.look_around(at)
        self.city.agenda.plan(self.chance.after(at, 8 * 3600, 9 * 3600), self.look_around)
        self.again_tomorrow(at, 9, self.step)

    def look_around(self, at: datetime) -> None:
        """Ask at the stations, and say what came of it."""
        for unwinding_id, fact_id in self.look(lambda: looks.waiting_unwindings(self.by), at):
            approved = self.chance.happens(0.95 if self._is_fraud(fact_id, at) else MISTAKEN)
            self.ask_for(governing.decide_unwinding, at, unwinding_id=unwinding_id, approved=approved)
        for doubt_id, fact_id in self.look(lambda: looks.open_doubts(self.by), at):
            wanting = self.chance.happens(FINDS_OUT if self._is_fraud(fact_id, at) else MISTAKEN)
            do = governing.find_wanting if wanting else governing.find_in_order
            words = "驿站说那天不是本人来的。" if wanting else "问过了，没问题。"
            self.ask_for(do, at, doubt_id=doubt_id, words=words)

    def _is_fraud(self, fact_id: UUID, at: datetime) -> bool:
        return fact_id in self.look(self.takings.all_facts, at)


@dataclass(frozen=True, slots=True)
class Doubted:
    """Riders of whom a fact was doubted: of the cheats, of the honest, and how long it took."""

    cheats: int = 0
    cheats_paid: int = 0  # who were ever given points for something made up
    cheats_doubted: int = 0  # of those
    honest: int = 0
    honest_doubted: int = 0
    days: float | None = None  # from the first made-up fact of a cheat to the first doubt, in the median

    @classmethod
    def counted(cls, riders: Iterable[Rider], takings: Takings) -> Doubted:
        """Count it, in a unit of work."""
        ids = {each.by.person_id: isinstance(each, Fraudster) for each in riders if each.by.person_id}
        first_made_up = _first_made_up(takings.all_facts())
        first_doubted = dict(
            session.execute(select(Doubt.person_id, func.min(Doubt.found_at)).group_by(Doubt.person_id)).all()
        )
        cheats = {each for each, cheats in ids.items() if cheats}
        paid = cheats & takings.gains(*AWARD_STATES).keys()
        waited = [
            max(0.0, (first_doubted[each] - first_made_up[each]) / DAY)
            for each in paid & first_doubted.keys() & first_made_up.keys()
        ]
        return cls(
            cheats=len(cheats),
            cheats_paid=len(paid),
            cheats_doubted=len(paid & first_doubted.keys()),
            honest=len(ids) - len(cheats),
            honest_doubted=len((ids.keys() - cheats) & first_doubted.keys()),
            days=round(median(waited), 1) if waited else None,
        )


def _first_made_up(facts: Collection[UUID]) -> dict[UUID, datetime]:
    chosen = select(RecordedFact.person_id, func.min(RecordedFact.happened_at))
    return dict(
        session.execute(chosen.where(RecordedFact.fact_id.in_(facts)).group_by(RecordedFact.person_id)).all()
    )
