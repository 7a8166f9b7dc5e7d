"""Riders who cheat, at three levels of slyness. What it earns them is told in `takings`.

Level 1 is blatant, level 2 takes care, level 3 has a friend at the organiser's desk. The level says how a cheat goes
about it, never how many there are: five riders in a hundred. What no programme may let pass (a code used twice, a
forged one, a voucher shown again) is marked as forbidden, so that letting it pass is a violation; what looks like an
honest check-in, report or shift is let pass, and its points are counted as lost to fraud.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from app.cli.demo import data
from app.codes import damm
from app.kernel.geo import Position
from simulator import looks
from simulator.chance import Chance
from simulator.city import City
from simulator.days import Day
from simulator.devices import Then, nothing_then
from simulator.habits import draw_photo, saved_anew
from simulator.looks import ShiftSeen, StationSeen
from simulator.product import organising, riding, serving
from simulator.riders import Rider
from simulator.server import Answer, Request
from simulator.staff import Counter
from simulator.takings import Takings

SHARE = 0.05
# Refusals that say: this is not you, not here, or not now. An honest rider who hears one was taken for a cheat.
DOUBTS = frozenset(
    {"code-forged", "code-replay", "code-skew", "handle-revoked", "location-vague", "screen-old", "too-far"}
)
BLATANT, CAREFUL, SLY = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Manner:
    """How a cheat goes about it. Spans are (least, most)."""

    relay_late_s: tuple[float, float]
    screenshot_h: tuple[float, float]
    spoof_m: float  # how far around the station the made-up position lies
    spoof_accuracy_m: tuple[int, int]
    splits: int
    split_m: float
    split_s: tuple[float, float]
    screen_late_s: float
    has_a_friend: bool  # at the organiser's desk
    photo_cut: float  # how much of an old photo is cut off before it is sent again
    answered_for: float  # how often a friend says, when heads are counted, that one is just round the corner
    as_another: bool  # one hazard is told as another kind of thing each time
    after_the_count: bool  # a friend on the spot says when heads have been counted; only then one signs in


MANNERS = {
    BLATANT: Manner((120, 600), (1, 5), 0, (5, 5), 4, 20, (60, 400), 240, False, 0, 0, False, False),
    CAREFUL: Manner((0, 0), (1, 5), 70, (8, 38), 2, 150, (600, 21_600), 20, False, 0.01, 0.1, False, False),
    SLY: Manner((0, 0), (1, 5), 70, (8, 38), 2, 150, (600, 21_600), 20, True, 0.2, 0.5, False, False),
}


def drawn(level: int, chance: Chance) -> Manner:
    """Manners that nobody had in mind when the guards were written, as sly as the level says."""
    late, near = (600.0, 30.0) if level == BLATANT else (90.0, 150.0)
    hurry_s = chance.uniform(30, 300) if level == BLATANT else chance.uniform(300, 20_000)
    accuracy = 3 + int(chance.random() * 20)
    least_h = chance.uniform(0.05, 2)
    manner = Manner(
        relay_late_s=(0, chance.uniform(late / 10, late)),
        screenshot_h=(least_h, least_h + chance.uniform(0.1, 20)),
        spoof_m=chance.uniform(0, near),
        spoof_accuracy_m=(accuracy, accuracy + int(chance.random() * 60)),
        splits=2 + int(chance.random() * 5),
        split_m=chance.uniform(near / 3, near * 3),
        split_s=(hurry_s / 4, hurry_s),
        screen_late_s=chance.uniform(late / 20, late),
        has_a_friend=level == SLY,
        photo_cut=0 if level == BLATANT else chance.uniform(0, 0.02 if level == CAREFUL else 0.3),
        answered_for=chance.uniform(0, {BLATANT: 0.1, CAREFUL: 0.4, SLY: 0.8}[level]),
        as_another=level != BLATANT and chance.happens(0.4),
        after_the_count=chance.happens(0.5),
    )
    if level != BLATANT and chance.happens(
        0.3
    ):  # the desk sees what was told on one day; so tell it on several
        return replace(manner, split_s=(90_000, 240_000))
    return manner


def how_many(riders: int, level: int) -> int:
    """How many of so many riders cheat."""
    return max(1, round(riders * SHARE)) if level else 0


class Fraudster(Rider):
    """Lives like everybody else, and cheats a little more each day."""

    def __init__(
        self, city: City, counters: dict[str, Counter], number: int, *, manner: Manner, takings: Takings
    ) -> None:
        super().__init__(city, counters, number)
        self.manner = manner
        self.takings = takings
        self.old_photo = draw_photo(self.chance)
        self.schemes: dict[str, Callable[[datetime], None]] = {
            "relay": self.relay,
            "screenshot": self.show_a_screenshot,
            "spoof": self.spoof,
            "split": self.split_a_report,
            "old-photo": self.send_an_old_photo,
            "forge": self.forge,
            "double-show": self.show_twice,
        }

    def plan_day(self, day: Day, at: datetime) -> None:
        """The honest part, as a cover, and some schemes."""
        super().plan_day(day, at)
        for _ in range(self._how_often(1.5 * self.city.pace)):
            self._plan(day, self.cheat)

    def cheat(self, at: datetime) -> None:
        """Try one scheme."""
        scheme = self.chance.one_of(sorted(self.schemes))
        self.takings.tried[scheme] += scheme != "split"  # those are counted report by report
        self.schemes[scheme](at)

    def shown(self, then: Then, answer: Answer, at: datetime) -> None:
        """Not one of the honest, whatever it was."""
        then(answer, at)

    # --- presence ----------------------------------------------------------------------------------------------------

    def relay(self, at: datetime) -> None:
        """A friend at the station shows a picture of one's code; the blatant send it too late."""
        late = timedelta(seconds=self.chance.uniform(*self.manner.relay_late_s))
        counter = self.counters[self.chance.one_of(self.haunts).id]
        counter.read(
            self.own_code(at - late), at, lambda answer, _at: self.takings.note("relay", answer, "checkin")
        )

    def show_a_screenshot(self, at: datetime) -> None:
        """Last hour's code once more."""
        counter = self.counters[self.chance.one_of(self.haunts).id]
        text = self.own_code(at - timedelta(hours=self.chance.uniform(*self.manner.screenshot_h)))
        counter.read(text, at, lambda answer, _at: self.takings.note("screenshot", answer), refused_by="I15")

    def spoof(self, at: datetime) -> None:
        """Scan a photo of the poster at home, with a position that the phone made up."""
        station = self.chance.one_of(self.haunts)
        least, most = self.manner.spoof_accuracy_m
        place = self.chance.near(station.position, self.manner.spoof_m)
        self.ask_for(
            riding.scan, at, lambda answer, _at: self.takings.note("spoof", answer, "checkin"),
            text=looks.poster(station.short_code), place=(place.lat, place.lng),
            accuracy_m=least + int(self.chance.random() * (most - least)),
        )  # fmt: skip

    def show_twice(self, at: datetime) -> None:
        """One code at two counters in the same minute."""
        home = self.haunts[0]
        elsewhere = self.chance.one_of([each for each in self.city.stations if each.id != home.id])
        here, there = self.counters[home.id], self.counters[elsewhere.id]
        text = self.own_code(at)

        def again(answer: Answer, now: datetime) -> None:
            if answer.done and "session" in answer.facts:
                then = partial(self._noted, "double-show")
                there.read(text, now + timedelta(seconds=1), then, refused_by="I15")

        here.read(text, at, again)

    def forge(self, at: datetime) -> None:
        """A code with other digits and a right check digit: another handle, another step, another MAC."""
        body = list(self.own_code(at)[:-1])
        place = 2 + int(self.chance.random() * (len(body) - 2))
        body[place] = str((int(body[place]) + 1 + int(self.chance.random() * 9)) % 10)
        text = "".join(body) + damm.check_digit("".join(body))
        counter = self.counters[self.chance.one_of(self.haunts).id]
        counter.read(text, at, partial(self._noted, "forge"), refused_by="I15")

    def _noted(self, scheme: str, answer: Answer, _at: datetime) -> None:
        self.takings.note(scheme, answer)

    # --- reports -----------------------------------------------------------------------------------------------------

    def split_a_report(self, at: datetime) -> None:
        """One hazard reported several times: at once and on the spot, or spread over hours and streets."""
        place = self.chance.near(self.chance.one_of(self.haunts).position, 1500)
        category, words, place_words = self.chance.one_of(data.REPORTS)
        told: list[UUID] = []
        self.takings.splits.append(told)
        for number in range(self.manner.splits):
            if self.manner.as_another and number:
                category, words, place_words = self.chance.one_of(data.REPORTS)
            when = self.chance.after(at, *self.manner.split_s)
            near = self.chance.near(place, self.manner.split_m)
            deed = partial(self._report_again, told, number, near, category, words, place_words)
            self.city.agenda.plan(when, deed)

    def _report_again(
        self,
        told: list[UUID],
        number: int,
        place: Position,
        category: str,
        words: str,
        place_words: str,
        at: datetime,
    ) -> None:
        self.takings.tried["split"] += bool(number)

        def note(answer: Answer, _at: datetime) -> None:
            told.extend(UUID(answer.facts["case"]) for _ in range(answer.done))
            if number:  # the first one is an honest report
                self.takings.note("split", answer)

        self.ask_for(
            riding.report, at, note, category=category, place=(place.lat, place.lng), place_words=place_words,
            description=words, client_ref=self.device.key(),
        )  # fmt: skip

    def send_an_old_photo(self, at: datetime) -> None:
        """Report what is not there, with the one photo that is always at hand; whoever takes care saves it anew."""
        photo, cut = self.old_photo, self.manner.photo_cut
        if cut:
            photo = saved_anew(photo, cut, quality=40 + int(self.chance.random() * 50))
        place = self.chance.near(self.chance.one_of(self.haunts).position, 1500)
        category, words, place_words = self.chance.one_of(data.REPORTS)
        facts: dict[str, Any] = {
            "category": category, "place": (place.lat, place.lng), "place_words": place_words,
            "description": words, "client_ref": self.device.key(),
        }  # fmt: skip

        def report(answer: Answer, now: datetime) -> None:
            photos = [answer.facts["photo"]] if answer.done else []
            self.ask_for(riding.report, now, note, photos=photos, **facts)

        def note(answer: Answer, _at: datetime) -> None:
            self.takings.note("old-photo", answer, "case")

        self.ask_for(riding.upload, at, report, photo=photo)

    # --- hours -------------------------------------------------------------------------------------------------------

    def attend(self, shift: ShiftSeen, at: datetime) -> None:
        """Seem to be there. Whoever is not goes on riding, and drops in elsewhere meanwhile.

        Some sign in when heads have been counted, or when half the time is gone and there is not much left to get.
        """
        half = shift.starts_at + (shift.ends_at - shift.starts_at) / 2
        if self.manner.after_the_count and at < half and not self._was_counted(shift, at):
            self.city.agenda.plan(self.chance.after(at, 600, 1200), partial(self.attend, shift))
        else:
            self.scan_in_and_out(shift, at)

    def _was_counted(self, shift: ShiftSeen, at: datetime) -> bool:
        return self.city.server.look(lambda: looks.was_counted(shift.id), at)

    def scan_shift(self, shift: ShiftSeen, at: datetime) -> None:
        """Not there: a friend sends what the screen shows. The blatant get it too late."""
        late = timedelta(seconds=self.manner.screen_late_s)
        text = self.city.server.look(lambda: looks.shift_screen(shift.id, at - late), at)
        self.takings.tried["padding"] += 1
        self.ask_for(riding.scan, at, self._padded, text=text)
        if self.manner.has_a_friend and self.chance.happens(0.2):
            self.city.agenda.plan(
                self.chance.after(shift.ends_at, 3600, 7200), partial(self._buy_hours, shift)
            )

    def _padded(self, answer: Answer, _at: datetime) -> None:
        self.takings.note("padding", answer)
        if "attendance" in answer.facts:
            self.takings.attendances[UUID(answer.facts["attendance"])] = self.manner.answered_for

    def _buy_hours(self, shift: ShiftSeen, at: datetime) -> None:
        """The organiser enters hours that never were; a second person has to let them pass."""
        self.takings.tried["bought-hours"] += 1
        begins = shift.starts_at - timedelta(hours=3)
        facts: dict[str, Any] = {
            "activity_id": shift.activity_id, "person_id": str(self.by.person_id), "starts_at": begins.isoformat(),
            "ends_at": (begins + timedelta(hours=2)).isoformat(), "reason": "补录",
        }  # fmt: skip
        request = Request(
            do=organising.back_fill, by=self.city.staff["organiser"], facts=facts, key=self.device.key()
        )
        self.device.send(request, at, lambda answer, _at: self.takings.note("bought-hours", answer, "hours"))

    # --- rewards -----------------------------------------------------------------------------------------------------

    def show_voucher(self, station: StationSeen, voucher: dict[str, Any], at: datetime) -> None:
        """Show it, and later once more: here, at another counter, and straight at the door behind."""
        super().show_voucher(station, voucher, at)
        self.city.agenda.plan(self.chance.after(at, 200, 4000), partial(self._again, station, voucher))

    def _again(self, station: StationSeen, voucher: dict[str, Any], at: datetime) -> None:
        if self.city.server.look(lambda: looks.voucher_state(voucher["voucher"]), at) == "reserved":
            return  # the first time has not gone through yet
        self.takings.tried["double-redeem"] += 1
        other = self.chance.one_of([each for each in self.city.stations if each.id != station.id])
        for counter in (self.counters[station.id], self.counters[other.id]):
            counter.read(
                looks.voucher_code(voucher["serial"]),
                at,
                partial(self._noted, "double-redeem"),
                refused_by="I4",
            )
        behind = self.counters[station.id]
        request = Request(
            do=serving.hand_over, by=behind.by, key=behind.device.key(), refused_by="I4",
            facts={"voucher_id": voucher["voucher"], "station_id": station.id},
        )  # fmt: skip
        behind.device.send(request, at, nothing_then)
