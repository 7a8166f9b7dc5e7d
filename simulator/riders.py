"""Riders: where they are at home, when they rest, what they notice, and what they do with their points."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from app.cli.demo import data
from app.identity.actors import ANONYMOUS
from app.kernel.clock import city_day, city_midnight
from app.kernel.geo import Position
from simulator import looks
from simulator.city import City, Hazard
from simulator.days import Day
from simulator.devices import Then, nothing_then
from simulator.habits import RHYTHMS, draw_photo
from simulator.looks import ShiftSeen, StationSeen
from simulator.members import Member
from simulator.product import offline, riding, serving
from simulator.server import Answer, Request
from simulator.staff import Counter

MORNING = timedelta(hours=4)
COMES_BACK = 0.2  # each morning, as somebody new
WORTH_COMING = timedelta(minutes=20)  # for less than that of a shift nobody comes late


class Rider(Member):
    """One rider, and what he does with his days."""

    def __init__(self, city: City, counters: dict[str, Counter], number: int) -> None:
        super().__init__(city, number)
        self.counters = counters
        self.cases: list[str] = []
        self.vouchers = 0

    def step(self, at: datetime) -> None:
        """Wake up: join first, then plan the day."""
        if self.by is ANONYMOUS or (self.is_gone and self.chance.happens(COMES_BACK)):
            self.cases, self.vouchers = [], 0
            self.join(at)
        elif not self.is_gone:
            self.plan_day(self.city.day(at), at)
        if not self.city.is_last(at):
            tomorrow = city_midnight(city_day(at) + timedelta(days=1)) + MORNING
            self.city.agenda.plan(self.chance.after(tomorrow, 0, 3600), self.step)

    # --- the day -----------------------------------------------------------------------------------------------------

    def plan_day(self, day: Day, at: datetime) -> None:
        """What the day brings, as far as it can be known in the morning."""
        chance, habits, pace = self.chance, self.habits, self.city.pace
        if chance.happens(0.15):
            begins = self._some_time(day)
            self.city.agenda.plan(begins, self._ride_into_a_tunnel)
        for _ in range(self._how_often(4 * pace * habits.drops_in * day.visits)):
            self._plan(day, self.drop_in)
        for _ in range(self._how_often(1.1 * pace * habits.eyes * day.hazards)):
            self._plan(day, self.notice_hazard)
        if chance.happens(0.9 * pace * habits.heart):
            self._plan(day, self.look_for_a_shift)
        if chance.happens(0.8 * pace * habits.spends):
            self._plan(day, self.choose_a_reward)
        if self.cases and chance.happens(0.4):
            self._plan(day, self.follow_up)
        self._plan_words(day)

    def _plan_words(self, day: Day) -> None:
        """What one has to say to the programme."""
        chance, pace = self.chance, self.city.pace
        if chance.happens(0.02 * pace):
            self._plan(day, self.ask)
        if chance.happens(0.15):
            self._plan(day, self.answer_the_programme)
        if chance.happens(0.03):
            self._plan(day, self.change_my_mind)
        if chance.happens(0.008 * pace):
            self._plan(day, self.lose_the_phone)
        if chance.happens(0.004 * pace):
            self._plan(day, self.leave)

    def _plan(self, day: Day, deed: Callable[[datetime], None]) -> None:
        self.city.agenda.plan(self._some_time(day), deed)

    def _some_time(self, day: Day) -> datetime:
        hours = RHYTHMS[self.habits.rhythm]
        first = self.chance.one_of(hours[::2])
        last = hours[hours.index(first) + 1]
        begins = city_midnight(day.on)
        return self.chance.after(begins, first * 3600, last * 3600)

    def _how_often(self, expected: float) -> int:
        whole = int(expected)
        return whole + self.chance.happens(expected - whole)

    def _ride_into_a_tunnel(self, at: datetime) -> None:
        self.device.loses_network(at, self.chance.after(at, 1200, 8 * 3600))

    # --- at the station ----------------------------------------------------------------------------------------------

    def drop_in(self, at: datetime) -> None:
        """Rest at a station, and check in: by the poster, or by one's own code at the counter."""
        station = self.go_to_a_haunt(at)
        if station is None:
            return
        if self.chance.happens(self.habits.own_code):
            then = partial(self.shown, partial(self._at_the_counter, station))
            self.counters[station.id].read(self.own_code(at), at, then)
        else:
            self.read_poster(station, at)
        if self.vouchers and self.chance.happens(0.3):
            self.choose_a_reward(at)

    def shown(self, then: Then, answer: Answer, at: datetime) -> None:
        """Remember whether somebody honest was taken for a cheat."""
        self.city.shown[answer.slug] += 1
        then(answer, at)

    def read_poster(self, station: StationSeen, at: datetime) -> None:
        """Scan the poster, standing near it."""
        place = self.chance.near(station.position, 60 if self.chance.happens(0.97) else 900)
        if self.device.is_offline(at):
            self._keep_poster(station, place, at)
            return
        self.ask_for(
            riding.scan, at, partial(self.shown, nothing_then), text=looks.poster(station.short_code),
            place=(place.lat, place.lng),
            accuracy_m=5 + int(self.chance.expovariate(1 / 25)),
        )  # fmt: skip

    def _keep_poster(self, station: StationSeen, place: Position, at: datetime) -> None:
        """No signal: the phone keeps it and brings it later, by its own idea of the time."""
        item = {
            "id": str(UUID(int=self.chance.getrandbits(128), version=4)), "kind": "checkin",
            "at": self.device.shows(at).isoformat(), "code": looks.poster(station.short_code),
            "position": {"lat": place.lat, "lng": place.lng}, "accuracy_m": 12,
        }  # fmt: skip
        self.ask_for(offline.bring, at, can_wait=True, sent_at=at.isoformat(), items=[item])

    def lose_the_phone(self, at: datetime) -> None:
        """Say so at a station; the old code is nothing from then on, and a new phone makes another one."""
        station, old = self.go_to_a_haunt(at), self.own_code(at)
        if station is None:
            return
        counter = self.counters[station.id]
        ended = Request(do=serving.end_phone, by=counter.by, key=counter.device.key(),
                        facts={"phone": self.phone, "station_id": station.id})  # fmt: skip
        counter.device.send(ended, at, partial(self._phone_is_gone, station, old))

    def _phone_is_gone(self, station: StationSeen, old: str, answer: Answer, at: datetime) -> None:
        if not answer.done:
            return
        self.counters[station.id].read(old, at, refused_by="I15")
        self.take_a_new_phone(at)

    def _at_the_counter(self, station: StationSeen, answer: Answer, at: datetime) -> None:
        if answer.done and self.chance.happens(0.2 * self.city.pace * self.habits.spends):
            chosen = self._affordable(station, at)
            if chosen:
                self.counters[station.id].sell(str(self.by.person_id), chosen, at)

    # --- hazards -----------------------------------------------------------------------------------------------------

    def notice_hazard(self, at: datetime) -> None:
        """Report what lies in the way, or second what somebody else reported."""
        hazard = self._hazard()
        place = self.chance.near(hazard.position, 25)
        category = hazard.category
        if not self.device.is_offline(at) and self.chance.happens(0.5):
            known = self.city.server.look(lambda: looks.similar(place, category), at)
            if known:
                self.ask_for(riding.me_too, at, case_id=known[0])
                return
        facts: dict[str, Any] = {
            "category": category, "place": (place.lat, place.lng), "place_words": hazard.place_words,
            "description": hazard.words, "client_ref": self.device.key(),
            "happened_at": self.device.shows(at).isoformat() if self.device.is_offline(at) else None,
        }  # fmt: skip
        if self.chance.happens(0.04) and not self.device.is_offline(at):
            photo = draw_photo(self.chance)
            self.ask_for(riding.upload, at, partial(self._with_photo, facts), photo=photo)
        else:
            self.ask_for(riding.report, at, self._reported, can_wait=True, **facts)

    def _hazard(self) -> Hazard:
        """A new one on the way, or one that others have seen as well."""
        known = self.city.hazards
        if known and self.chance.happens(0.3):
            return self.chance.one_of(list(known))
        category, words, place_words = self.chance.one_of(data.REPORTS)
        position = self.chance.near(self.chance.one_of(self.haunts).position, 1500)
        known.append(Hazard(position, category, words, place_words))
        return known[-1]

    def _with_photo(self, facts: dict[str, Any], answer: Answer, at: datetime) -> None:
        photos = [answer.facts["photo"]] if answer.done else []
        self.ask_for(riding.report, at, self._reported, can_wait=True, photos=photos, **facts)

    def _reported(self, answer: Answer, _at: datetime) -> None:
        if answer.done:
            self.cases.append(answer.facts["case"])

    def follow_up(self, at: datetime) -> None:
        """See what became of an earlier report, and say so."""
        case_id = self.chance.one_of(self.cases)
        state = self.city.server.look(lambda: looks.case_state(case_id, self.by), at)
        if state == "submitted" and self.chance.happens(0.05):
            self.ask_for(riding.withdraw, at, case_id=case_id, can_wait=True)
        if state in ("closed", "rejected", "merged", "withdrawn"):
            self.cases.remove(case_id)
        if state != "resolved":
            return
        mood = self.chance.random()
        if mood < 0.7:
            stars = 3 + int(self.chance.random() * 3)
            self.ask_for(riding.rate, at, can_wait=True, case_id=case_id, answer="solved", stars=stars)
        elif mood < 0.85:
            self.ask_for(riding.rate, at, can_wait=True, case_id=case_id, answer="not_solved", stars=1)
        elif mood < 0.93:
            self.ask_for(riding.reopen, at, can_wait=True, case_id=case_id, reason="还是老样子，请再看看。")

    # --- volunteering ------------------------------------------------------------------------------------------------

    def look_for_a_shift(self, at: datetime) -> None:
        """Find a shift and take a place."""
        if self.device.is_offline(at):
            return
        found = self.city.server.look(lambda: looks.open_shifts(at, self.by.id), at)
        if found:
            shift = self.chance.one_of(found)
            self.ask_for(riding.sign_up, at, partial(self._signed_up, shift), shift_id=shift.id)

    def _signed_up(self, shift: ShiftSeen, answer: Answer, at: datetime) -> None:
        if not answer.done:
            return
        if self.chance.happens(0.08):
            self.city.agenda.plan(self.chance.after(at, 600, 7200), partial(self._step_back, shift))
        elif not self.chance.happens(0.3 if self.city.day(shift.starts_at).is_rough else 0.08):
            arrives = self.chance.after(shift.starts_at, -1200, 600)
            self.city.agenda.plan(arrives, partial(self.attend, shift))

    def _step_back(self, shift: ShiftSeen, at: datetime) -> None:
        self.ask_for(riding.step_back, at, shift_id=shift.id)

    def attend(self, shift: ShiftSeen, at: datetime) -> None:
        """Come, late if need be, and stay to the end; whoever scans out a little early still helps to tidy up."""
        last_call = shift.ends_at - WORTH_COMING
        if self.gets_to(shift.position, at, partial(self.attend, shift), before=last_call):
            leaves = self.scan_in_and_out(shift, at)
            self.whereabouts.stay(max(leaves, shift.ends_at))

    def scan_in_and_out(self, shift: ShiftSeen, at: datetime) -> datetime:
        """Scan in; the way out is planned, and sometimes forgotten. Returns when one leaves."""
        self.scan_shift(shift, at)
        if self.chance.happens(0.1):
            return shift.ends_at
        leaves = self.chance.after(shift.ends_at, -900, 1200)
        self.city.agenda.plan(leaves, partial(self.scan_shift, shift))
        return leaves

    def scan_shift(self, shift: ShiftSeen, at: datetime) -> None:
        """Scan what the organiser's screen shows."""
        text = self.city.server.look(lambda: looks.shift_screen(shift.id, at), at)
        self.ask_for(riding.scan, at, text=text)

    # --- points ------------------------------------------------------------------------------------------------------

    def _affordable(self, station: StationSeen, at: datetime) -> str | None:
        usable = self.city.server.look(lambda: looks.usable_points(self.by.id), at)
        shelf = self.city.server.look(lambda: looks.shelf(station.id), at)
        fits = [reward for reward, points, on_hand, held in shelf if points <= usable and on_hand > held]
        return self.chance.one_of(fits) if fits else None

    def choose_a_reward(self, at: datetime) -> None:
        """Reserve something that the points are enough for."""
        station = self.chance.one_of(self.haunts)
        if self.device.is_offline(at):
            return
        chosen = self._affordable(station, at)
        if chosen:
            self.ask_for(
                riding.reserve, at, partial(self._reserved, station), reward_id=chosen, station_id=station.id
            )

    def _reserved(self, station: StationSeen, answer: Answer, at: datetime) -> None:
        if not answer.done:
            return
        self.vouchers += 1
        what_next = self.chance.random()
        if what_next < 0.1:
            deed = partial(self._give_up, answer.facts["voucher"])
            self.city.agenda.plan(self.chance.after(at, 600, 86_400), deed)
        elif what_next < 0.88:
            deed = partial(self.collect, station, answer.facts)
            soon = self.chance.happens(0.6)
            self.city.agenda.plan(self.chance.after(at, 900, 21_600 if soon else 3 * 86_400), deed)

    def _give_up(self, voucher_id: str, at: datetime) -> None:
        self.ask_for(riding.cancel, at, voucher_id=voucher_id)

    def collect(self, station: StationSeen, voucher: dict[str, Any], at: datetime) -> None:
        """Come to the counter for it, as soon as one can be there."""
        if self.gets_to(station.position, at, partial(self.collect, station, voucher)):
            self.show_voucher(station, voucher, at)

    def show_voucher(self, station: StationSeen, voucher: dict[str, Any], at: datetime) -> None:
        """Show it at the counter."""
        self.counters[station.id].take_voucher(voucher["serial"], voucher["voucher"], at)

    # --- talking to the programme ------------------------------------------------------------------------------------

    def ask(self, at: datetime) -> None:
        """A question about points, an idea, or a hardship."""
        mood = self.chance.random()
        if mood < 0.5:
            entry = self.city.server.look(lambda: looks.newest_entry(self.by.id), at)
            self.ask_for(riding.ask_about_points, at, entry_id=entry, words="这一笔是怎么算的？")
        elif mood < 0.8:
            self.ask_for(
                riding.suggest, at, can_wait=True, words="驿站晚上能不能多开一小时？", category="station",
                client_ref=self.device.key(),
            )  # fmt: skip
        else:
            self.ask_for(
                riding.appeal, at, can_wait=True, words="小区不让电动车进，送餐总超时。", category="gate",
                client_ref=self.device.key(),
            )  # fmt: skip

    def answer_the_programme(self, at: datetime) -> None:
        """Say how one wants to be named, if chosen."""
        for selection in self.city.server.look(lambda: looks.asked_to_name(self.by.id), at):
            choice = self.chance.one_of(("full", "masked", "unlisted"))
            self.ask_for(riding.name_me, at, selection_id=selection, choice=choice)

    def change_my_mind(self, at: datetime) -> None:
        """Take a consent back, or give it again."""
        purpose, given = self.chance.one_of(("location", "photo", "publication")), self.chance.happens(0.5)
        self.ask_for(riding.agree, at, purpose=purpose, given=given)

    def nominate(self, selection: str, nominee: Rider, at: datetime) -> None:
        """Put somebody forward, or second him."""
        if self.by.is_rider and nominee is not self:
            self.ask_for(
                riding.nominate,
                at,
                selection_id=selection,
                phone=nominee.phone,
                story="下雨天帮老人推车回家。",
            )

    def object_to(self, selection: str, pseudonym: str | None, at: datetime) -> None:
        """Say that a public notice is not right."""
        if self.by.is_rider:
            self.ask_for(
                riding.object_to, at, selection_id=selection, pseudonym=pseudonym, words="他那天不在现场。"
            )
