"""The department: it watches the budget, lets back-filled hours count, mends mistakes, and runs the honour rounds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from app.kernel.clock import city_day
from app.ledger.accounts import quarter
from simulator import looks
from simulator.city import City
from simulator.product import founding, governing, offline, organising
from simulator.riders import Rider
from simulator.server import Answer, Request
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


LARGE, SMALL = 150, 10  # a correction above 100 points takes two


class Department(Official):
    """The people of the department who work with money and hours, and mend what went wrong, each other's by two."""

    def __init__(self, city: City, username: str, riders: Sequence[Rider]) -> None:
        super().__init__(city, city.staff[username], "department", username)
        self.funded = 0
        self.riders = riders

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
            self._decide(at)
            for _ in range(1 + self.city.size // 30):
                self._mend(at)
        self.again_tomorrow(at, 9.5, self.step)

    def _decide(self, at: datetime) -> None:
        """What the other one asked for, and what no rule can judge."""
        for correction_id in self.look(lambda: looks.waiting_corrections(self.by), at):
            self.ask_for(
                governing.decide_correction,
                at,
                correction_id=correction_id,
                approved=self.chance.happens(0.7),
            )
        for reversal_id in self.look(lambda: looks.waiting_reversals(self.by), at):
            self.ask_for(
                governing.decide_reversal, at, reversal_id=reversal_id, approved=self.chance.happens(0.7)
            )
        for conflict_id, ways in self.look(lambda: looks.open_conflicts(self.by), at):
            self.ask_for(
                offline.decide_conflict, at, conflict_id=conflict_id, decision=self.chance.one_of(ways)
            )

    def _mend(self, at: datetime) -> None:
        """A correction up or down, small or so large that it takes two, or an entry that is taken back."""
        rider, mood, number = (
            self.chance.one_of(self.riders),
            self.chance.random(),
            int(self.chance.random() * 5),
        )
        sign = 1 if self.chance.happens(0.6) else -1
        if not rider.by.is_rider:
            return
        if mood < 0.4:
            self._correct(rider, sign * (LARGE if mood < 0.2 else SMALL), at)
        elif mood < 0.7:
            entry = self.look(lambda: looks.some_entry(rider.by.id, number), at)
            if entry:
                self.ask_for(governing.reverse, at, entry_id=entry, reason="记错了，退回。")

    def _correct(self, rider: Rider, points: int, at: datetime) -> None:
        self.ask_for(
            governing.correct,
            at,
            self._alone,
            person_id=str(rider.by.id),
            points=points,
            reason="核对后更正。",
        )

    def _alone(self, answer: Answer, at: datetime) -> None:
        """Sometimes whoever asked agrees to it, too; that must be refused."""
        if answer.done and answer.facts["state"] == "waiting" and self.chance.happens(0.3):
            facts = {"correction_id": answer.facts["correction"], "approved": True}
            own = Request(do=governing.decide_correction, by=self.by, facts=facts, key=self.device.key(),
                          refused_by="I16")  # fmt: skip
            self.device.send(own, at)


class HonourRounds:
    """A selection every other week: criteria, nominations, sealed facts, a second signature, notice, final roll."""

    def __init__(self, city: City, riders: Sequence[Rider]) -> None:
        self.city = city
        self.riders = riders
        self.chance = city.chance("honours", "crowd")
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
            self._nominate(answer.facts["selection"], at)
            self._later(at, 1, lambda now: self.reviewer.ask_for(
                governing.approve_criteria, now, self._agreed, selection_id=answer.facts["selection"]
            ))  # fmt: skip

    def _nominate(self, selection: str, at: datetime) -> None:
        """Riders put others forward, and second whom others put forward; nobody puts himself forward."""
        nominees = [self.chance.one_of(self.riders) for _ in range(2)]
        for _ in range(6):
            who, nominee = self.chance.one_of(self.riders), self.chance.one_of(nominees)
            later = self.chance.after(at, 60, 3600)
            self.city.agenda.plan(later, partial(who.nominate, selection, nominee))

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
            self._object(selection, at)
            ends = date.fromisoformat(answer.facts["ends_on"])
            self._later(at, 24 * (ends - city_day(at)).days + 24, lambda now: self.desk.ask_for(
                governing.finalise, now, partial(self._honoured, selection), selection_id=selection
            ))  # fmt: skip

    def _honoured(self, selection: str, answer: Answer, at: datetime) -> None:
        """Now and then one of them should not have been."""
        given = self.desk.look(lambda: looks.honours_of(selection), at) if answer.done else []
        if given and self.chance.happens(0.5):
            honour = self.chance.one_of(given)
            self._later(at, 30, lambda now: self.desk.ask_for(
                governing.revoke_honour, now, honour_id=honour, reason="核实后发现事迹不实。"
            ))  # fmt: skip

    def _object(self, selection: str, at: datetime) -> None:
        """During the notice: some riders object, to somebody or to the list."""
        listed = self.city.server.look(lambda: looks.on_notice(selection), at)
        for _ in range(2):
            who, one = self.chance.one_of(self.riders), self.chance.one_of([*listed, None])
            later = self.chance.after(at, 3600, 4 * 86_400)
            self.city.agenda.plan(later, partial(who.object_to, selection, one))

    def _later(self, at: datetime, hours: float, step: Any) -> None:
        self.city.agenda.plan(self.desk.chance.after(at, hours * 3600, (hours + 1) * 3600), step)
