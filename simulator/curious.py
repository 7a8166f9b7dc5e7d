"""People who try what is not theirs to do. Each of these must be refused; what is let pass is a violation of I13."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from app.identity.actors import Actor
from simulator.city import City
from simulator.looks import StationSeen
from simulator.product import deciding, founding, governing, organising, riding, serving
from simulator.riders import Rider
from simulator.server import Request, Step
from simulator.staff import Official

KEPT = 200
OWN = ("suggest", "appeal", "ask_about_points")  # cases that nobody but the asker and the handlers may know


class Curious(Official):
    """Somebody who has heard of other people's vouchers, cases and hours, and tries them all."""

    def __init__(self, city: City, riders: list[Rider]) -> None:
        super().__init__(city, city.staff["organiser"], "curious")
        self.riders = riders
        self.heard: dict[str, list[tuple[str, Actor, dict[str, Any]]]] = {}
        self.tries: tuple[Callable[[datetime], None], ...] = (
            self.read_a_private_case,
            self.take_a_voucher,
            self.hand_over_elsewhere,
            self.decide_as_a_rider,
            self.organise,
            self.print_points,
        )

    def listen(self, step: Step) -> None:
        """Hear what others do."""
        if step.answer is None or not step.answer.done:
            return
        kind = {"reserve": "voucher", "report": "report"}.get(step.request.name)
        if step.request.name in OWN:
            kind = "private"
        if kind:
            facts = {**step.request.facts, **step.answer.facts}
            known = self.heard.setdefault(kind, [])
            known.append((facts.get("voucher") or facts["case"], step.request.by, facts))
            del known[:-KEPT]

    def step(self, at: datetime) -> None:
        """Try something, and come back."""
        if any(rider.by.is_rider for rider in self.riders):
            self.chance.one_of(self.tries)(at)
        wait = 86_400 / max(2, len(self.riders) // 10)
        self.city.agenda.plan(at + timedelta(seconds=round(self.chance.uniform(0.5, 1.5) * wait)), self.step)

    def read_a_private_case(self, at: datetime) -> None:
        """Somebody else's hardship."""
        for case_id, whose, _facts in self._one("private"):
            self._try(riding.look_at_case, self._rider_but(whose), at, case_id=case_id)

    def take_a_voucher(self, at: datetime) -> None:
        """Give up what somebody else reserved."""
        for voucher_id, whose, _facts in self._one("voucher"):
            self._try(riding.cancel, self._rider_but(whose), at, voucher_id=voucher_id)

    def hand_over_elsewhere(self, at: datetime) -> None:
        """A manager at his own counter, and at one that is not his."""
        for voucher_id, _whose, facts in self._one("voucher"):
            other = self._station_but(facts["station_id"])
            manager = self.city.managers[other.id]
            for station_id in (other.id, facts["station_id"]):
                self._try(serving.hand_over, manager, at, voucher_id=voucher_id, station_id=station_id)

    def decide_as_a_rider(self, at: datetime) -> None:
        """A rider accepts a report; so does a manager."""
        for case_id, whose, _facts in self._one("report"):
            self._try(deciding.accept, self._rider_but(whose), at, case_id=case_id)
            self._try(deciding.accept, self.city.managers[self.city.stations[0].id], at, case_id=case_id)

    def organise(self, at: datetime) -> None:
        """A rider plans an activity in the name of the city."""
        rider = self._rider_but(self.by)
        self._try(organising.plan_activity, rider, at, title_zh="假活动", category="other", place_words="无",
                  region_code=self.city.code)  # fmt: skip

    def print_points(self, at: datetime) -> None:
        """A dispatcher fills the budget and corrects a wallet."""
        rider = self._rider_but(self.by)
        self._try(
            founding.fund, self.city.staff["dispatcher"], at, region_code=self.city.code, period="2026Q4", points=1,
            source="curious",
        )  # fmt: skip
        self._try(
            governing.correct, self.city.staff["dispatcher"], at, person_id=str(rider.person_id), points=5,
            reason="试试看",
        )  # fmt: skip

    def _try(self, do: Callable[..., Any], by: Actor, at: datetime, **facts: Any) -> None:
        request = Request(do=do, by=by, facts=facts, key=self.device.key(), refused_by="I13")
        self.device.send(request, at)

    def _one(self, kind: str) -> list[tuple[str, Actor, dict[str, Any]]]:
        known = self.heard.get(kind)
        return [self.chance.one_of(known)] if known else []

    def _rider_but(self, whose: Actor) -> Actor:
        others = [
            each.by for each in self.riders if each.by.is_rider and each.by.person_id != whose.person_id
        ]
        return self.chance.one_of(others) if others else self.by

    def _station_but(self, station_id: str) -> StationSeen:
        return self.chance.one_of([each for each in self.city.stations if each.id != station_id])
