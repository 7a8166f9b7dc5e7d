"""The data a run needs: riders with points, stations, vouchers waiting, all made by the product's own use cases."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from app.codes.kinds import station as station_code
from app.identity import appointing, sessions
from app.identity.actors import SYSTEM
from app.identity.edge import give_tokens
from app.identity.models import Person
from app.identity.queries import actor_of, person
from app.kernel import clock
from app.kernel.db import session, transaction
from app.kernel.geo import Position
from app.kernel.ids import new_id
from app.ledger.accounts import issuance_of, quarter, wallet_of
from app.ledger.budgets import fund_budget
from app.ledger.posting import Leg, post
from app.places.hours import every_day
from app.places.models import Region, Station
from app.places.opening import open_station
from app.rewards import catalogue, ordering, stocking
from app.rules.starter import publish_starter

RIDERS, STATIONS, VOUCHERS_EACH = 400, 40, 3
CITY = "3201"


@dataclass(frozen=True, slots=True)
class Call:
    """One request, ready to be sent."""

    method: str
    path: str
    token: str = ""
    body: bytes = b""


@dataclass(slots=True)
class Scene:
    """Everything that was made, and the requests that will be sent against it."""

    riders: list[UUID] = field(default_factory=list)
    stations: list[Station] = field(default_factory=list)
    tokens: dict[UUID, str] = field(default_factory=dict)
    vouchers: list[UUID] = field(default_factory=list)
    manager: UUID | None = None

    def no_op(self) -> Iterator[Call]:
        """The ceiling: a JSON route that does nothing."""
        while True:
            yield Call("GET", "/healthz")

    def check_ins(self) -> Iterator[Call]:
        """Each rider at each station once: a check-in, the rules, the ledger, a notice."""
        for station in self.stations:
            link = station_code.make(station.short_code)
            where = {"lat": station.lat, "lng": station.lng}
            for rider in self.riders:
                yield self._post("/api/v1/scans", rider, {"text": link, "position": where, "accuracy_m": 10})

    def redemptions(self) -> Iterator[Call]:
        """Each waiting voucher handed over: stock, hold, settlement."""
        place = str(self.stations[0].id)
        for voucher in self.vouchers:
            yield self._post(
                "/api/v1/redemptions", self.manager, {"voucher_id": str(voucher), "station_id": place}
            )

    def wallets(self) -> Iterator[Call]:
        """Balances, read again and again."""
        while True:
            for rider in self.riders:
                yield Call("GET", "/api/v1/wallet", self.tokens[rider])

    def reports(self) -> Iterator[Call]:
        """Reports without a photo, spread over the city."""
        number = 0
        while True:
            for rider in self.riders:
                number += 1
                where = {"lat": 32.0 + number % 500 / 5000, "lng": 118.7 + number % 300 / 3000}
                what = {"category": "pothole", "position": where, "place_words": "路口"}
                yield self._post("/api/v1/reports", rider, what)

    def _post(self, path: str, who: UUID | None, body: Mapping[str, object]) -> Call:
        assert who is not None
        return Call("POST", path, self.tokens[who], json.dumps(body).encode())


def build() -> Scene:
    """Fill an empty, migrated database."""
    scene, at = Scene(), clock.now()
    with transaction():
        session.add(Region(code=CITY, name="南京市", level="city", parent_code=None, path=f"{CITY}/"))
        session.flush()
        department = _staff("department", at)
        editor = _staff("rule-editor", at)
    with transaction():
        boss, writer = actor_of(person(department)), actor_of(person(editor))
        fund_budget(region_code=CITY, period=quarter(at), points=50_000_000, source="bench", by=boss, at=at)
        publish_starter(region_code=CITY, written_by=writer, reviewed_by=boss, at=at)
        for number in range(STATIONS):
            scene.stations.append(_station(number, at))
        scene.manager = _staff("station-manager", at, scene.stations[0].id)
        reward = catalogue.offer(
            name_zh="水", name_en="Water", kind="goods", points=20, region_code=CITY, by=boss, at=at
        )
        many, manager = RIDERS * VOUCHERS_EACH, actor_of(person(scene.manager))
        stocking.deliver(
            reward_id=reward.id, station_id=scene.stations[0].id, quantity=many, by=manager, at=at
        )
    with transaction():
        for number in range(RIDERS):
            scene.riders.append(_rider(number, at))
    for rider in scene.riders:
        with transaction():
            for _ in range(VOUCHERS_EACH):
                by = actor_of(person(rider))
                made = ordering.reserve(reward_id=reward.id, station_id=scene.stations[0].id, by=by, at=at)
                scene.vouchers.append(made.id)
    with transaction():
        for who in (*scene.riders, scene.manager):
            someone = person(who)
            refresh = sessions.open_session(person=someone, device="bench", at=at)
            scene.tokens[who] = give_tokens(refresh=refresh, person=someone, at=at).access_token
    return scene


def _staff(role: str, at: datetime, station_id: UUID | None = None) -> UUID:
    someone = Person(name=role, created_at=at)
    session.add(someone)
    session.flush()
    where = None if station_id else CITY
    appointing.appoint(
        person_id=someone.id, role=role, region_code=where, station_id=station_id, by=SYSTEM, at=at
    )
    return someone.id


def _station(number: int, at: datetime) -> Station:
    return open_station(
        name=f"驿站 {number}", region_code=CITY, address="—", position=Position(32 + number / 1000, 118.8),
        hours=every_day(), facilities=[], at=at,
    )  # fmt: skip


def _rider(number: int, at: datetime) -> UUID:
    someone = Person(nickname=f"骑手 {number}", created_at=at, enrolled_at=at)
    session.add(someone)
    session.flush()
    legs = [Leg(issuance_of(CITY, "bench").id, -1000), Leg(wallet_of(someone.id).id, 1000)]
    post(
        kind="funding",
        source=f"bench:{new_id()}",
        legs=legs,
        words={"slug": "ledger.funded"},
        by=SYSTEM,
        at=at,
    )
    return someone.id
