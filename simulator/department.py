"""The department: it watches the budget, lets back-filled hours count, mends mistakes, and runs the honour rounds."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from app.kernel.clock import city_day
from app.ledger.accounts import quarter
from simulator import looks
from simulator.city import City
from simulator.product import founding, governing, organising
from simulator.server import Answer
from simulator.staff import Official

ROUND_DAYS = 14
CRITERIA: dict[str, Any] = {
    "seats": 5,
    "eligibility": {"enrolled_days": 0, "minimum_minutes": 30},
    "components": [
        {"source": "hours.proven", "weight": 3, "cap": 600},
        {"source": "hours.witnessed", "weight": 2, "cap": 600},
        {"source": "reports.resolved", "weight": 2, "cap": 10},
        {"source": "points.checkin", "weight": 1, "cap": 100},
    ],
    "tie_break": ["hours.proven", "reports.resolved"],
}


class Department(Official):
    """The people of the department who work with money and hours."""

    def __init__(self, city: City, username: str) -> None:
        super().__init__(city, city.staff[username], "department", username)
        self.funded = 0

    def step(self, at: datetime) -> None:
        """On working days: approve, and fund again what ran dry."""
        if self.city.day(at).working:
            for hours_id, _reason in self.look(lambda: looks.hours_to_approve(self.by), at):
                if self.chance.happens(0.7):
                    self.ask_for(organising.approve, at, hours_id=hours_id)
                else:
                    self.ask_for(
                        organising.reject_hours, at, hours_id=hours_id, reason="没有旁证，不予补录。"
                    )
            period = quarter(at)
            if self.look(lambda: looks.budget_left(self.city.code, period), at) < 5 * self.city.size:
                self.funded += 1
                self.ask_for(
                    founding.fund, at, region_code=self.city.code, period=period, points=20 * self.city.size,
                    source=f"simulation:{self.city.seed}:{at.isoformat()}",
                )  # fmt: skip
        self.again_tomorrow(at, 9.5, self.step)


class HonourRounds:
    """A selection every other week: criteria, sealed facts, a second person's signature, notice, final roll."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.desk = Official(city, city.staff["department2"], "honours", "department2")
        self.reviewer = Official(city, city.staff["reviewer"], "honours", "reviewer")
        self.begun: date | None = None
        self.number = 0

    def step(self, at: datetime) -> None:
        """Begin a round when one is due."""
        today = city_day(at)
        first = self.begun or self.city.days[0].on
        if (self.begun is None and (today - first).days >= 3) or (today - first).days >= ROUND_DAYS:
            self.begun = today
            self.number += 1
            last = today - timedelta(days=1)
            self.desk.ask_for(
                governing.plan_selection, at, self._planned, title_zh=f"蜂行之星第{self.number}期",
                title_en=f"Riders of the fortnight {self.number}", region_code=self.city.code, purpose="example",
                first_on=first.isoformat(), last_on=last.isoformat(), criteria=CRITERIA,
            )  # fmt: skip
        self.desk.again_tomorrow(at, 10, self.step)

    def _planned(self, answer: Answer, at: datetime) -> None:
        if answer.done:
            self._later(at, 1, lambda now: self.reviewer.ask_for(
                governing.approve_criteria, now, self._agreed, selection_id=answer.facts["selection"]
            ))  # fmt: skip

    def _agreed(self, answer: Answer, at: datetime) -> None:
        if answer.done:
            selection = answer.facts["selection"]
            self._later(at, 2, lambda now: self.desk.ask_for(
                governing.run_selection, now, partial(self._review, selection), selection_id=selection
            ))  # fmt: skip

    def _review(self, selection: str, answer: Answer, at: datetime) -> None:
        if not answer.done:
            return
        known = self.desk.look(lambda: looks.candidates(selection, self.reviewer.by), at)
        if known and self.reviewer.chance.happens(0.5):
            candidate, decision = known[-1]
            turned = "out" if decision == "in" else "in"
            if decision == "in":
                self.reviewer.ask_for(
                    governing.decide, at, selection_id=selection, candidate_id=candidate, decision=turned,
                    reason="本人表示想把机会让给别人。",
                )  # fmt: skip
        self._later(at, 3, lambda now: self.reviewer.ask_for(
            governing.weigh, now, partial(self._weighed, selection), selection_id=selection,
            score=self.reviewer.chance.one_of((70, 80, 90)),
        ))  # fmt: skip

    def _weighed(self, selection: str, answer: Answer, at: datetime) -> None:
        if answer.done:
            self._later(at, 1, lambda now: self.reviewer.ask_for(
                governing.sign_selection, now, partial(self._signed, selection), selection_id=selection
            ))  # fmt: skip

    def _signed(self, selection: str, answer: Answer, at: datetime) -> None:
        if answer.done:
            self._later(at, 20, lambda now: self.desk.ask_for(
                governing.open_notice, now, partial(self._noticed, selection), selection_id=selection
            ))  # fmt: skip

    def _noticed(self, selection: str, answer: Answer, at: datetime) -> None:
        if answer.done:
            ends = date.fromisoformat(answer.facts["ends_on"])
            self._later(at, 24 * (ends - city_day(at)).days + 24, lambda now: self.desk.ask_for(
                governing.finalise, now, selection_id=selection
            ))  # fmt: skip

    def _later(self, at: datetime, hours: float, step: Any) -> None:
        self.city.agenda.plan(self.desk.chance.after(at, hours * 3600, (hours + 1) * 3600), step)
