"""The city: its regions, stations, staff and rewards, found in the database or founded there, and its people."""

from __future__ import annotations

from collections import Counter as Tally
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from app.cli.city import DIVISIONS
from app.cli.demo import data
from app.identity.actors import SYSTEM, Actor
from app.kernel.clock import city_day
from app.kernel.geo import Position
from app.ledger.accounts import quarter
from simulator import looks
from simulator.chance import Chance
from simulator.days import Day
from simulator.devices import Network
from simulator.faults import Faults
from simulator.looks import StationSeen
from simulator.product import founding
from simulator.server import Answer, Request

if TYPE_CHECKING:
    from simulator.tablets import Tablet

T = TypeVar("T")

POINTS_PER_RIDER = 30  # what a budget begins with; it runs dry now and then, on purpose
# What one dispatcher resolved and a rider reopened needs another one, and then a third.
MORE_STAFF = (
    ("sim-dispatcher", "沈调度", "dispatcher", "city"),
    ("sim-dispatcher2", "韩调度", "dispatcher", "city"),
    ("sim-relief", "孔替班", "station-manager", "city"),  # opens again what a station's own manager closed
)
PICK_UP_DAYS = {"goods": 7, "service": 1}
SHELF = {"goods": 40, "service": 60}


@dataclass(slots=True)
class Mailbox:
    """Where one-time codes arrive."""

    codes: dict[str, str] = field(default_factory=dict)

    def send(self, phone: str, code: str) -> None:
        """Keep the newest code of a phone."""
        self.codes[phone] = code


@dataclass(frozen=True, slots=True)
class Hazard:
    """Something that many ride past."""

    position: Position
    category: str
    words: str
    place_words: str


class City:
    """What everybody in the simulation shares."""

    def __init__(
        self, *, seed: int, riders: int, days: list[Day], network: Network, pace: float = 1.0
    ) -> None:
        self.seed = seed
        self.size = riders
        self.days = days
        self.network = network
        self.agenda = network.agenda
        self.server = network.server
        self.mailbox = Mailbox()
        self.code = ""
        self.pace = pace
        self.stations: list[StationSeen] = []
        self.staff: dict[str, Actor] = {}
        self.managers: dict[str, Actor] = {}
        self.rewards: list[tuple[str, int]] = []
        self.tablets: list[Tablet] = []
        self.shown: Tally[str] = Tally()  # what honest riders showed at stations, by the refusal if any
        self.hazards: deque[Hazard] = deque(maxlen=40)

    @property
    def faults(self) -> Faults:
        return self.network.faults

    def chance(self, *name: object) -> Chance:
        """A stream of chance of this run."""
        return Chance(self.seed, *name)

    def day(self, at: datetime) -> Day:
        """What sort of day it is."""
        number = (city_day(at) - self.days[0].on).days
        return self.days[max(0, min(number, len(self.days) - 1))]

    def is_last(self, at: datetime) -> bool:
        """Whether no day follows."""
        return city_day(at) >= self.days[-1].on

    # --- founding ----------------------------------------------------------------------------------------------------

    def settle(self, at: datetime) -> None:
        """See to it that there is a city to live in. What is there already stays as it is."""
        if not self._look(looks.has_regions):
            self._do(founding.found_regions, SYSTEM, at, file=str(DIVISIONS))
        self.code = self._look(looks.city_code)
        self._hire_staff(at)
        self._open_stations(at)
        self._fund(at)
        self._stock(at)

    def _hire_staff(self, at: datetime) -> None:
        for username, name, role, place in (*data.STAFF, *MORE_STAFF):
            if isinstance(place, int):
                continue
            region = self.code if place == "city" else place
            self.staff[username] = self._hired(at, username, name, role, region_code=region)

    def _open_stations(self, at: datetime) -> None:
        if not self._look(looks.stations):
            for each in data.STATIONS:
                self._do(
                    founding.found_station, SYSTEM, at, name=each.name, region_code=each.community,
                    address=f"{each.address}（演示）", lat=each.lat, lng=each.lng, hours=each.hours,
                    facilities=list(each.facilities),
                )  # fmt: skip
        self.stations = self._look(looks.stations)
        for number, station in enumerate(self.stations):
            username, name = f"sim-{station.short_code.lower()}", f"{'赵钱孙李周吴郑王'[number % 8]}值班"
            self.managers[station.id] = self._hired(
                at, username, name, "station-manager", station_id=station.id
            )

    def _hired(self, at: datetime, username: str, name: str, role: str, **where: str) -> Actor:
        if self._look(lambda: looks.actor_named(username)) is None:
            self._do(
                founding.hire,
                SYSTEM,
                at,
                username=username,
                password=data.PASSWORD,
                name=name,
                role=role,
                **where,
            )
        actor = self._look(lambda: looks.actor_named(username))
        assert actor is not None
        return actor

    def _fund(self, at: datetime) -> None:
        last = self.days[-1]
        periods = sorted({quarter(at), quarter(at + (last.on - self.days[0].on + timedelta(days=1)))})
        for period in periods:
            self._do(
                founding.fund, self.staff["department"], at, region_code=self.code, period=period,
                points=self.size * POINTS_PER_RIDER, source=f"simulation:{self.seed}:{at.isoformat()}:{period}",
            )  # fmt: skip
        if not self._look(lambda: looks.has_rules(self.code, at)):
            self._do(
                founding.start_rules, self.staff["department"], at, region_code=self.code,
                written_by=self.staff["rules"],
            )  # fmt: skip

    def _stock(self, at: datetime) -> None:
        if not self._look(looks.rewards_on_offer):
            for zh, en, kind, points, limit, words_zh, words_en in data.REWARDS:
                self._do(
                    founding.offer, self.staff["department"], at, name_zh=zh, name_en=en, kind=kind, points=points,
                    region_code=self.code, words_zh=words_zh, words_en=words_en, limit_count=limit,
                    pick_up_days=PICK_UP_DAYS[kind],
                )  # fmt: skip
        self.rewards = self._look(looks.rewards_on_offer)

    def _do(self, do: Any, by: Actor, at: datetime, **facts: Any) -> Answer:
        return self.server.handle(Request(do=do, by=by, facts=facts), at, calm=True)

    def _look(self, question: Callable[[], T]) -> T:
        return self.server.look(question, self.agenda.now)
