"""Those who are paid to be there: counters, dispatchers, organisers, and the clockwork that runs each hour."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple, TypeVar

from app.cli.demo import data
from app.identity.actors import SYSTEM, Actor
from app.kernel.clock import city_day, city_midnight, city_time
from simulator import looks
from simulator.city import SHELF, City
from simulator.days import STORM
from simulator.devices import Device, Then, nothing_then
from simulator.faults import LATE_TICK, Crash
from simulator.looks import CaseSeen, ListedSeen, StationSeen
from simulator.product import deciding, organising, riding, serving, timekeeping
from simulator.server import Answer, Request
from simulator.tablets import Tablet

T = TypeVar("T")
SEES_ONE_MATTER, SEES_ONE_IN_TWO = (
    0.6,
    0.02,
)  # a desk that reads two reports side by side, rightly and wrongly
IsOneMatter = Callable[[str, str], bool]
Lead = Callable[[str, datetime, datetime], None]  # a shift, from when to when


class Official:
    """Somebody with a role and a terminal. Terminals keep time and have a cable."""

    def __init__(self, city: City, by: Actor, *name: object) -> None:
        self.city = city
        self.by = by
        self.chance = city.chance(*name)
        self.device = Device(city.network, self.chance)

    def ask_for(self, do: Callable[..., Any], at: datetime, then: Then = nothing_then, **facts: Any) -> None:
        """Send a request of one's own."""
        self.device.send(Request(do=do, by=self.by, facts=facts, key=self.device.key()), at, then)

    def look(self, question: Callable[[], T], at: datetime) -> T:
        """Read something."""
        return self.city.server.look(question, at)

    def again_tomorrow(self, at: datetime, hour: float, step: Callable[[datetime], None]) -> None:
        """Come back at this hour of the next day, unless it is the last."""
        if not self.city.is_last(at):
            tomorrow = city_midnight(city_day(at) + timedelta(days=1)) + timedelta(hours=hour)
            self.city.agenda.plan(self.chance.after(tomorrow, 0, 1800), step)


class Counter(Official):
    """A station's counter: it reads codes, hands rewards over, looks after its shelf, and closes its day."""

    def __init__(self, city: City, station: StationSeen) -> None:
        super().__init__(city, city.managers[station.id], "counter", station.short_code)
        self.station = station
        self.tablet = Tablet(city, station, self.by, self.device)

    def step(self, at: datetime) -> None:
        """Each morning: fill the shelf, count something, throw away what broke; the tablet begins its day."""
        self.tablet.begin_day(at)
        for hour in (4, 8, 12):
            self.city.agenda.plan(
                self.chance.after(at, hour * 3600, hour * 3600 + 900), self.tablet.say_it_is_there
            )
        self.city.agenda.plan(self.chance.after(at, 13 * 3600, 14 * 3600), self.close_day)
        for reward, _points, on_hand, _held in self._shelf_or_nothing(at):
            if on_hand < 6:
                quantity = SHELF["goods"] if not on_hand else 12
                self.ask_for(
                    serving.deliver, at, reward_id=reward, station_id=self.station.id, quantity=quantity
                )
            elif self.chance.happens(0.03):
                found = on_hand - self.chance.happens(0.3)
                self.ask_for(
                    serving.count_stock, at, reward_id=reward, station_id=self.station.id, counted=found,
                    reason=None if found == on_hand else "盘点少一件",
                )  # fmt: skip
            elif self.chance.happens(0.01):
                self.ask_for(
                    serving.write_off, at, reward_id=reward, station_id=self.station.id, reason="破损"
                )
        self.again_tomorrow(at, 8, self.step)

    def _shelf_or_nothing(self, at: datetime) -> list[tuple[str, int, int, int]]:
        there = self.look(lambda: looks.shelf(self.station.id), at)
        known = {each[0] for each in there}
        return there + [(reward, points, 0, 0) for reward, points in self.city.rewards if reward not in known]

    def read(
        self, text: str, at: datetime, then: Then = nothing_then, *, refused_by: str | None = None
    ) -> None:
        """Scan what a rider shows. Without a signal an honest scan goes into the log; a cheat is told to come back."""
        if self.tablet.is_dark(at):
            if refused_by is None and self.tablet.may_note(at):
                self._note(text, at)
            return
        facts = {"text": text, "station_id": self.station.id}
        request = Request(
            do=riding.scan, by=self.by, facts=facts, key=self.device.key(), refused_by=refused_by
        )
        self.device.send(request, at, then)

    def _note(self, text: str, at: datetime) -> None:
        shelf = self.look(lambda: looks.shelf(self.station.id), at)
        there = [reward for reward, _points, on_hand, held in shelf if on_hand > held]
        if looks.is_voucher(text):
            self.tablet.note("voucher", text, at)
        elif there and self.chance.happens(0.15):
            self.tablet.note("redeem", text, at, reward_id=self.chance.one_of(there))
        else:
            self.tablet.note("scan", text, at)

    # --- the end of the day ------------------------------------------------------------------------------------------

    def close_day(self, at: datetime) -> None:
        """In the evening: count everything; sometimes one is missing, and sometimes the count was wrong."""
        short = self.chance.happens(0.15)
        shelf = self.look(lambda: looks.to_count(self.station.id), at)
        missing = self.chance.one_of(shelf)[0] if short and shelf else None
        counts = [
            {"reward_id": reward, "counted": max(0, on_hand - 1), "reason": "盘点少一件。"}
            if reward == missing
            else {"reward_id": reward, "counted": on_hand, "reason": None}
            for reward, on_hand in shelf
        ]
        self.ask_for(
            serving.close_day,
            at,
            self._closed,
            station_id=self.station.id,
            day=city_day(at).isoformat(),
            counts=counts,
        )

    def _closed(self, answer: Answer, at: datetime) -> None:
        if not answer.done or not self.chance.happens(0.1):
            return
        close_id = answer.facts["close"]
        own = Request(do=serving.reopen_day, by=self.by, facts={"close_id": close_id}, key=self.device.key(),
                      refused_by="I16")  # fmt: skip
        self.device.send(own, at)
        relief = Request(do=serving.reopen_day, by=self.city.staff["sim-relief"], facts={"close_id": close_id},
                         key=self.device.key())  # fmt: skip
        self.device.send(relief, at, self._opened_again)

    def _opened_again(self, answer: Answer, at: datetime) -> None:
        if answer.done:
            self.close_day(at)

    # --- handing over ------------------------------------------------------------------------------------------------

    def sell(self, person_id: str, reward_id: str, at: datetime) -> None:
        """Hand something over to a rider whose code was just read."""
        self.ask_for(
            serving.sell,
            at,
            self._handed_over,
            person_id=person_id,
            reward_id=reward_id,
            station_id=self.station.id,
        )

    def take_voucher(self, serial: str, voucher_id: str, at: datetime) -> None:
        """Look at a voucher, then confirm."""
        self.read(looks.voucher_code(serial), at, partial(self._confirm, voucher_id))

    def _confirm(self, voucher_id: str, answer: Answer, at: datetime) -> None:
        if answer.done:
            self.ask_for(
                serving.hand_over, at, self._handed_over, voucher_id=voucher_id, station_id=self.station.id
            )

    def _handed_over(self, answer: Answer, at: datetime) -> None:
        if answer.done and self.chance.happens(0.07):
            again = self.chance.after(at, 60, 1200)
            self.city.agenda.plan(again, partial(self._take_back, answer.facts["voucher"]))

    def _take_back(self, voucher_id: str, at: datetime) -> None:
        self.ask_for(serving.undo, at, voucher_id=voucher_id)


class Dispatcher(Official):
    """A desk: takes cases on when it gets round to them, works on them, and says what was done."""

    def __init__(self, city: City, username: str, is_one_matter: IsOneMatter) -> None:
        super().__init__(city, city.staff[username], "desk", username)
        self.is_one_matter = is_one_matter
        self.eyes = city.chance("desk", username, "eyes")
        self.for_others: set[str] = set()  # resolved here once and reopened: somebody else must look
        self.patience = timedelta(minutes=20 + self.chance.random() * 240)

    def step(self, at: datetime) -> None:
        """Look at the desk, do what is ripe, and come back in an hour or two; at night only now and then."""
        for case in self.look(lambda: looks.desk(self.by, at), at)[:12]:
            self._work_on(case, at)
        for case in self.look(lambda: looks.disputed(self.by, at), at)[:3]:
            self.ask_for(riding.reopen, at, case_id=case.id, reason="回访说没有解决，重新派人。")
        awake = 8 <= city_time(at).hour < 20
        self.city.agenda.plan(
            self.chance.after(at, 2400 if awake else 7200, 7200 if awake else 21_600), self.step
        )

    def _work_on(self, case: CaseSeen, at: datetime) -> None:
        if case.state in ("submitted", "returned", "reopened"):
            if at - case.created_at >= self.patience and case.id not in self.for_others:
                self._triage(case, at)
        elif case.handler_id == self.by.person_id and case.accepted_at is not None:
            self._finish(case, at, at - case.accepted_at)

    def _triage(self, case: CaseSeen, at: datetime) -> None:
        mood = self.chance.random()
        if case.state == "submitted" and (again := self._told_again(case, at)):
            self.ask_for(deciding.merge, at, case_id=case.id, into_id=again)
            return
        if case.state == "submitted" and case.kind == "report" and case.position is not None and mood < 0.5:
            position, category = case.position, case.category
            same = self.look(lambda: looks.similar(position, category), at)
            others = [each for each in same if each != case.id]
            if others:
                self.ask_for(deciding.merge, at, case_id=case.id, into_id=others[0])
                return
        if mood > {"submitted": 0.92, "returned": 0.7}.get(case.state, 1):
            self.ask_for(deciding.reject, at, case_id=case.id, reason="照片和描述看不清，可以重拍再报。")
        else:
            self.ask_for(deciding.accept, at, partial(self._accepted, case.id), case_id=case.id)

    def _told_again(self, case: CaseSeen, at: datetime) -> str | None:
        """What the same rider told near by, if one sees that it is the same; now and then it only looks so."""
        for other in self.look(lambda: looks.told_around(case.id, self.by), at):
            if self.eyes.happens(SEES_ONE_MATTER if self.is_one_matter(case.id, other) else SEES_ONE_IN_TWO):
                return other
        return None

    def _accepted(self, case_id: str, answer: Answer, _at: datetime) -> None:
        if answer.slug == "case-needs-another":
            self.for_others.add(case_id)

    def _finish(self, case: CaseSeen, at: datetime, since: timedelta) -> None:
        if case.state == "accepted" and self.chance.happens(0.3):
            self.ask_for(deciding.begin_work, at, case_id=case.id)
        elif self.chance.happens(0.03):
            self.ask_for(deciding.hand_back, at, case_id=case.id, reason="不归这里管，请转给对的人。")
        elif since > timedelta(hours=2) and self.chance.happens(0.35):
            self.ask_for(deciding.resolve, at, case_id=case.id, note="已经处理好，现场看过。")


class Planned(NamedTuple):
    """A shift that somebody organises."""

    ends_at: datetime
    activity_id: str
    shift_id: str


class Organiser(Official):
    """Plans shifts ahead, calls riders up in a storm, and confirms who was there."""

    def __init__(self, city: City, username: str, lead: Lead) -> None:
        super().__init__(city, city.staff[username], "organiser", username)
        self.lead = lead
        self.planned: list[Planned] = []

    def step(self, at: datetime) -> None:
        """Each morning: confirm what is over, then plan what is to come."""
        over = [each for each in self.planned if each.ends_at <= at]
        self.planned = [each for each in self.planned if each.ends_at > at]
        for shift in over:
            for listed in self.look(partial(looks.shift_list, shift.shift_id, self.by), at):
                self._settle(shift, listed, at)
        day = self.city.day(at)
        if day.weather == STORM:
            self._plan_activity(at, at + timedelta(hours=2), "rescue", "台风天帮忙清积水", 20)
        wanted = 1 + self.city.size // 60 if day.working else 2 + self.city.size // 40
        for _ in range(wanted):
            zh, _en, category, *_rest = self.chance.one_of(data.ACTIVITIES)
            begins = city_midnight(city_day(at)) + timedelta(days=1 + int(self.chance.random() * 3))
            begins += timedelta(hours=9 + int(self.chance.random() * 9))
            self._plan_activity(at, begins, category, zh, 6 + int(self.chance.random() * 14))
        self.again_tomorrow(at, 7, self.step)

    def _plan_activity(self, at: datetime, begins: datetime, category: str, title: str, places: int) -> None:
        station = self.chance.one_of(self.city.stations)
        ends = begins + timedelta(minutes=60 + 30 * int(self.chance.random() * 5))
        shift = {"starts_at": begins.isoformat(), "ends_at": ends.isoformat(), "places": places}
        self.ask_for(
            organising.plan_activity, at, partial(self._planned, shift), title_zh=title, category=category,
            region_code=station.region_code, station_id=station.id, place_words=station.name,
            place=(station.position.lat, station.position.lng), words="带上水，量力而行。",
        )  # fmt: skip

    def _planned(self, shift: dict[str, Any], answer: Answer, at: datetime) -> None:
        if answer.done:
            activity_id = answer.facts["activity"]
            self.ask_for(
                organising.add_shift,
                at,
                partial(self._added, activity_id, shift),
                activity_id=activity_id,
                **shift,
            )

    def _added(self, activity_id: str, shift: dict[str, Any], answer: Answer, at: datetime) -> None:
        if not answer.done:
            return
        self.planned.append(
            Planned(datetime.fromisoformat(shift["ends_at"]), activity_id, answer.facts["shift"])
        )
        self.lead(answer.facts["shift"], datetime.fromisoformat(shift["starts_at"]), self.planned[-1].ends_at)
        self.ask_for(organising.publish_activity, at, activity_id=activity_id)
        if self.chance.happens(0.03):
            self.city.agenda.plan(self.chance.after(at, 3600, 86_400), partial(self._call_off, activity_id))

    def _call_off(self, activity_id: str, at: datetime) -> None:
        self.ask_for(organising.call_off, at, activity_id=activity_id)

    def _settle(self, shift: Planned, listed: ListedSeen, at: datetime) -> None:
        if listed.attendance_id is None and not listed.decided:
            if self.chance.happens(0.05):
                reason = "手机没电，我在现场看到他。"
                self.ask_for(
                    organising.witness, at, shift_id=shift.shift_id, person_id=listed.person_id, reason=reason
                )
            elif self.chance.happens(0.05):
                self._enter_later(shift, listed.person_id, at)
        elif listed.pending_hours is not None and self.chance.happens(0.04):
            self.ask_for(
                organising.reject_hours, at, hours_id=listed.pending_hours, reason="中途离开，没有回来。"
            )
        elif listed.attendance_id is not None and not listed.decided:
            if self.chance.happens(0.2):  # a slip: the scans show these hours already
                self._enter_later(shift, listed.person_id, at)
            self.ask_for(organising.confirm, at, attendance_id=listed.attendance_id)

    def _enter_later(self, shift: Planned, person_id: str, at: datetime) -> None:
        begins = shift.ends_at - timedelta(minutes=45)
        self.ask_for(
            organising.back_fill, at, activity_id=shift.activity_id, person_id=person_id, starts_at=begins.isoformat(),
            ends_at=shift.ends_at.isoformat(), reason="补录：当天系统打不开。",
        )  # fmt: skip


class Clockwork:
    """The worker, every other hour: what time brings about. Under faults it sometimes stands still for half a day.

    In a life of a faster pace it comes less often, so that the riders are not lost among its rounds.
    """

    def __init__(self, city: City) -> None:
        self.city = city
        self.chance = city.chance("clockwork")

    def step(self, at: datetime) -> None:
        """Do what is due, and come back."""
        self.work(at)
        rest_s = 7200 * max(1.0, self.city.pace)
        if self.city.faults.strikes(LATE_TICK, 0.03, self.chance):
            rest_s += 36_000
        self.city.agenda.plan(self.chance.after(at, rest_s - 300, rest_s + 300), self.step)

    def work(self, at: datetime) -> None:
        """Every job that is due, once. One whose worker dies is put back by a later round."""
        seen: list[str] = []
        try:
            self._do(timekeeping.tend, at)
            while mine := self._do(timekeeping.lease, at, but_not=list(seen)).facts:
                seen.append(mine["job"])
                self._do(timekeeping.carry_out, at, own_units=True, **mine)
        except Crash:
            self.city.agenda.plan(self.chance.after(at, 90, 300), self.work)

    def _do(self, do: Callable[..., Any], at: datetime, *, own_units: bool = False, **facts: Any) -> Answer:
        return self.city.server.handle(Request(do=do, by=SYSTEM, facts=facts, own_units=own_units), at)
