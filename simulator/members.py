"""Members: who they are, their phones and where they are; how they join, ask for something and get to a place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from app.identity.actors import ANONYMOUS, Actor
from app.identity.errors import SessionEnded
from app.kernel.geo import Position
from simulator import looks
from simulator.city import City
from simulator.devices import Device, Then, nothing_then
from simulator.habits import Habits
from simulator.looks import StationSeen
from simulator.product import riding
from simulator.server import Answer, Request
from simulator.whereabouts import Whereabouts

FAMILY_NAMES, GIVEN_NAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡",
    ("伟", "敏", "静", "磊", "洋", "勇", "艳", "杰", "涛", "明", "超", "霞", "平", "刚", "桂英"),
)
OCCUPATIONS = ("food-delivery", "courier", "ride-hail", "same-city")


class Member:
    """One person with a phone."""

    def __init__(self, city: City, number: int) -> None:
        self.city = city
        self.number = number
        self.phone = f"+86199{city.seed % 1000:03d}{number:05d}"
        self.chance = city.chance("rider", number)
        self.habits = Habits.drawn(self.chance)
        self.haunts = [self.chance.one_of(city.stations) for _ in range(3)]
        self.device = Device(city.network, self.chance)
        self.by: Actor = ANONYMOUS
        self.phone_key: dict[str, Any] = {}
        self.is_gone = False  # the account was closed
        self.whereabouts = Whereabouts(city.agenda.now, city.agenda.now)

    # --- the account and the phone -----------------------------------------------------------------------------------

    def join(self, at: datetime) -> None:
        """Sign in for the first time, and say who one is; also after one has left."""
        self.by, self.is_gone = ANONYMOUS, False
        signed = self._sign_in(at)
        self.by = self.city.server.look(lambda: looks.actor_with_id(signed.facts["person"]), at)
        family, given = self.chance.one_of(FAMILY_NAMES), self.chance.one_of(GIVEN_NAMES)
        self._calmly(
            riding.tell_about_me, at, name=family + given, nickname=f"{family}师傅",
            occupation=self.chance.one_of(OCCUPATIONS), home_region_code=self.haunts[0].region_code,
        )  # fmt: skip
        for purpose in ("location", "photo"):
            self._calmly(riding.agree, at, purpose=purpose)
        self.phone_key = self._calmly(riding.enrol_phone, at).facts

    def take_a_new_phone(self, at: datetime) -> None:
        """Sign in on it, and let it make codes."""
        self._sign_in(at)
        self.phone_key = self._calmly(riding.enrol_phone, at).facts

    def _sign_in(self, at: datetime) -> Answer:
        self._calmly(riding.ask_for_code, at, phone=self.phone)
        return self._calmly(riding.sign_in, at, phone=self.phone, code=self.city.mailbox.codes[self.phone])

    def _calmly(self, do: Callable[..., Any], at: datetime, **facts: Any) -> Answer:
        return self.city.server.handle(Request(do=do, by=self.by, facts=facts), at, calm=True)

    def ask_for(
        self,
        do: Callable[..., Any],
        at: datetime,
        then: Then = nothing_then,
        *,
        can_wait: bool = False,
        **facts: Any,
    ) -> None:
        """Send a request of one's own, unless one has left."""
        if self.is_gone:
            return
        request = Request(do=do, by=self.by, facts=facts, key=self.device.key())
        self.device.send(request, at, then, can_wait=can_wait)

    def leave(self, at: datetime) -> None:
        """Close the account."""
        self.ask_for(riding.close_account, at, self._left)

    def _left(self, answer: Answer, _at: datetime) -> None:
        # If the first answer got lost, the second says that there is nobody any more.
        self.is_gone = answer.done or answer.slug == SessionEnded.slug

    def own_code(self, at: datetime) -> str:
        """What the phone shows, by its own clock."""
        held = self.phone_key
        return looks.personal_code(
            bytes.fromhex(held["key"]), held["handle"], held["alg"], self.device.shows(at)
        )

    # --- going there -------------------------------------------------------------------------------------------------

    def go_to_a_haunt(self, at: datetime) -> StationSeen | None:
        """Be at one of them now; at the nearest that can be reached, if the one in mind is too far; or at none."""
        if self.is_gone:
            return None
        in_mind = self.chance.one_of(self.haunts)
        within_reach = [each for each in self.haunts if self.whereabouts.can_be_at(each.position, at)]
        if in_mind not in within_reach:
            if not within_reach:
                return None
            in_mind = min(within_reach, key=lambda each: self.whereabouts.metres_to(each.position))
        self.whereabouts.arrive(in_mind.position, at)
        return in_mind

    def gets_to(
        self,
        place: Position | None,
        at: datetime,
        deed: Callable[[datetime], None],
        *,
        before: datetime | None = None,
    ) -> bool:
        """Be at a place now. If one cannot, the deed is done as soon as one can, unless that is too late for it."""
        arrives = self.whereabouts.earliest(place, at)
        if arrives <= at:
            self.whereabouts.arrive(place, at)
            return True
        if before is None or arrives < before:
            self.whereabouts.set_out(place, arrives, at)
            self.city.agenda.plan(arrives, deed)
        return False
