"""The city that the drills run in, made by the product's own use cases, and what its people ask for."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from app.codes.kinds import station as station_code
from app.identity import appointing, sessions
from app.identity.actors import SYSTEM
from app.identity.edge import give_tokens
from app.identity.models import Consent, Person, RefreshToken
from app.identity.queries import actor_of, person
from app.kernel import clock
from app.kernel.db import session, transaction
from app.kernel.geo import Position
from app.kernel.ids import new_id
from app.ledger.accounts import issuance_of, quarter, wallet_of
from app.ledger.budgets import fund_budget
from app.ledger.posting import Leg, post
from app.places.models import Region, every_day
from app.places.opening import open_station
from app.rewards import catalogue, stocking
from app.rules.starter import publish_starter
from faults.traffic import CLIENTS, Answer, Ask, Errand

CITY = "3201"
STATIONS = 16
POINTS, PRICE, SHELF = 10_000, 20, 100_000
HOT = 0  # the station whose shelf every third visit wants something of, whatever station it began at
HOT_EVERY = 3


@dataclass(frozen=True, slots=True)
class Place:
    """A station, as much of it as a request needs."""

    id: UUID
    link: str
    lat: float
    lng: float


@dataclass(slots=True)
class City:
    """Who and what there is."""

    riders: list[UUID] = field(default_factory=list)
    managers: list[UUID] = field(default_factory=list)  # of the station with the same number
    places: list[Place] = field(default_factory=list)
    water: UUID | None = None
    last_items: list[UUID] = field(default_factory=list)  # one of each, at the first station
    signed_in: dict[UUID, tuple[RefreshToken, Person]] = field(default_factory=dict)
    tokens: dict[UUID, str] = field(default_factory=dict)

    def mint(self, at: datetime) -> None:
        """Fresh access tokens for everybody, as if renewed at this instant. Needs the app's context."""
        self.tokens = {
            who: give_tokens(refresh=refresh, person=someone, at=at).access_token
            for who, (refresh, someone) in self.signed_in.items()
        }

    # --- what people ask for ---

    def errands(self, number: int, chance: random.Random, skip: int = 0) -> list[Callable[[], Errand]]:
        """So many visits, each of another rider or at another station, in an order of their own.

        Every third collects at the same station: one shelf that everybody wants something of.
        """
        riders = range(len(self.riders))
        pairs = [(rider, place) for place in range(STATIONS) for rider in riders][skip : skip + number]
        chance.shuffle(pairs)
        return [
            lambda rider=rider, place=place, shelf=place if turn % HOT_EVERY else HOT: self.visit(  # type: ignore[misc]
                rider, place, shelf
            )
            for turn, (rider, place) in enumerate(pairs)
        ]

    def visit(self, rider: int, place: int, shelf: int) -> Errand:
        """Check in at the poster of one station, put a reward aside and collect it at the same or another one."""
        yield self.check_in(rider, place)
        answer = yield self.reserve(self.riders[rider], self.water, self.places[shelf].id)
        if answer.is_good:
            yield self.collect(answer, shelf)

    def check_in(self, rider: int, place: int) -> Ask:
        """Scan the poster, standing at it."""
        who, where = self.riders[rider], self.places[place]
        body = {"text": where.link, "position": {"lat": where.lat, "lng": where.lng}, "accuracy_m": 10}
        return Ask("check-in", "/api/v1/scans", self.tokens[who], body, (who, where.id))

    def reserve(self, who: UUID, reward: UUID | None, station: UUID) -> Ask:
        """Put one aside."""
        body = {"reward_id": str(reward), "station_id": str(station)}
        return Ask("reserve", "/api/v1/vouchers", self.tokens[who], body, (who, reward))

    def collect(self, reserved: Answer, place: int) -> Ask:
        """The manager hands over what was reserved."""
        voucher = reserved.json()["id"]
        body = {"voucher_id": voucher, "station_id": str(self.places[place].id)}
        return Ask(
            "hand-over", "/api/v1/redemptions", self.tokens[self.managers[place]], body, (UUID(voucher),)
        )

    def report(self, rider: int, number: int, saved_at: datetime) -> Ask:
        """A pothole, saved on the phone while there was no network."""
        where = {"lat": 32.0 + number % 700 / 5000, "lng": 118.7 + number % 900 / 5000}
        body = {
            "category": "pothole",
            "position": where,
            "place_words": "路口",
            "client_ref": f"saved-{rider}-{number}",
            "happened_at": saved_at.isoformat(),
        }
        who = self.riders[rider]
        return Ask("report", "/api/v1/reports", self.tokens[who], body, (who, body["client_ref"]))


def build(riders: int, last_items: int, within_s: float = math.inf) -> City:
    """Fill an empty, migrated database; when the time is over with fewer riders, but enough for all clients."""
    made, at, began = City(), clock.now(), time.monotonic()
    with transaction():
        session.add(Region(code=CITY, name="南京市", level="city", parent_code=None, path=f"{CITY}/"))
        session.flush()
        department, editor = _staff("department", at), _staff("rule-editor", at)
    with transaction():
        boss, writer = actor_of(person(department)), actor_of(person(editor))
        fund_budget(region_code=CITY, period=quarter(at), points=50_000_000, source="faults", by=boss, at=at)
        publish_starter(region_code=CITY, written_by=writer, reviewed_by=boss, at=at)
        for number in range(STATIONS):
            made.places.append(_place(number, at))
            made.managers.append(_staff("station-manager", at, made.places[-1].id))
        made.water = _offer("水", department, at)
        for manager, place in zip(made.managers, made.places, strict=True):
            _deliver(made.water, place, SHELF, manager, at)
        for number in range(last_items):
            made.last_items.append(_offer(f"最后一件 {number}", department, at))
            _deliver(made.last_items[-1], made.places[0], 1, made.managers[0], at)
    while len(made.riders) < riders and (not made.riders or time.monotonic() - began < within_s):
        first = len(made.riders)
        with transaction():
            made.riders += [_rider(number, at) for number in range(first, first + CLIENTS)]
    with transaction():
        for who in (*made.riders, *made.managers):
            someone = person(who)
            made.signed_in[who] = (
                sessions.open_session(person=someone, device="faults", at=at),
                someone,
            )
        session.flush()
        session.expunge_all()
    return made


def _staff(role: str, at: datetime, station_id: UUID | None = None) -> UUID:
    someone = Person(name=role, created_at=at)
    session.add(someone)
    session.flush()
    region = None if station_id else CITY
    appointing.appoint(
        person_id=someone.id, role=role, region_code=region, station_id=station_id, by=SYSTEM, at=at
    )
    return someone.id


def _place(number: int, at: datetime) -> Place:
    made = open_station(
        name=f"驿站 {number}",
        region_code=CITY,
        address="—",
        position=Position(32 + number / 1000, 118.8),
        hours=every_day(),
        facilities=[],
        at=at,
    )
    return Place(made.id, station_code.make(made.short_code), made.lat, made.lng)


def _offer(name: str, department: UUID, at: datetime) -> UUID:
    by = actor_of(person(department))
    made = catalogue.offer(
        name_zh=name, name_en=name, kind="goods", points=PRICE, region_code=CITY, by=by, at=at
    )
    return made.id


def _deliver(reward: UUID, place: Place, quantity: int, manager: UUID, at: datetime) -> None:
    by = actor_of(person(manager))
    stocking.deliver(reward_id=reward, station_id=place.id, quantity=quantity, by=by, at=at)


def _rider(number: int, at: datetime) -> UUID:
    someone = Person(nickname=f"骑手 {number}", created_at=at, enrolled_at=at)
    session.add(someone)
    session.flush()
    session.add(Consent(person_id=someone.id, purpose="core", version=1, given=True, at=at))
    legs = [Leg(issuance_of(CITY, "faults").id, -POINTS), Leg(wallet_of(someone.id).id, POINTS)]
    source, words = f"faults:{new_id()}", {"slug": "ledger.funded"}
    post(kind="funding", source=source, legs=legs, words=words, by=SYSTEM, at=at)
    return someone.id
