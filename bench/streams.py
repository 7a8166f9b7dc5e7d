"""The requests of each hot path, made as they are sent: codes of this very moment, each voucher once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from flask_jwt_extended import create_access_token

from app.codes import keys, steps
from app.codes.kinds import personal
from app.codes.kinds import station as station_code
from app.identity.models import SessionFamily
from app.kernel import clock
from app.kernel.db import session, transaction
from bench.city import Counter
from bench.crowd import Promise, Rider
from bench.load import Call

HALF_A_DAY_S = 43_200


def no_op() -> Iterator[Call]:
    """The ceiling of every server: a JSON route that does nothing."""
    while True:
        yield Call("GET", "/healthz")


def token(person_id: UUID, family_id: UUID, at: datetime) -> str:
    """An access token that lives as long as a run may take."""
    now = int(at.timestamp())
    claims = {"fam": family_id.hex, "iat": now, "nbf": now, "exp": now + HALF_A_DAY_S}
    return str(create_access_token(person_id.hex, additional_claims=claims))


def sign_in(counters: Sequence[Counter], at: datetime) -> dict[UUID, str]:
    """A session for the staff of each counter; tokens by person."""
    tokens = {}
    with transaction():
        for counter in counters:
            family = SessionFamily(
                person_id=counter.staff_id,
                device="bench",
                opened_at=at,
                expires_at=at.replace(year=at.year + 1),
            )
            session.add(family)
            session.flush()
            tokens[counter.staff_id] = token(counter.staff_id, family.id, at)
    return tokens


def scans(riders: Sequence[Rider], counters: Sequence[Counter], tokens: Mapping[UUID, str]) -> Iterator[Call]:
    """Each rider's own code, shown once at a counter: a check-in, the rules, the ledger."""
    for number, rider in enumerate(riders):
        counter = counters[number % len(counters)]
        body = {"text": code_of(rider), "station_id": str(counter.station.id)}
        yield _post("/api/v1/scans", tokens[counter.staff_id], body)


def code_of(rider: Rider, at: datetime | None = None) -> str:
    """What the rider's phone shows now, or showed then."""
    key = keys.key(1, f"personal|{rider.handle}|{rider.handle_id.hex}")
    assert key is not None
    return personal.make(key=key, handle=rider.handle, step=steps.step_at(at or clock.now()))


def posters(riders: Sequence[Rider], counters: Sequence[Counter], at: datetime) -> Iterator[Call]:
    """Each rider scans the poster of one station, standing there."""
    for number, rider in enumerate(riders):
        station = counters[number % len(counters)].station
        where = {"lat": station.lat, "lng": station.lng}
        body = {"text": station_code.make(station.short_code), "position": where, "accuracy_m": 10}
        yield _post("/api/v1/scans", token(rider.id, rider.family_id, at), body)


def hand_overs(promises: Sequence[Promise], tokens: Mapping[UUID, str]) -> Iterator[Call]:
    """Each waiting voucher handed over: stock, hold, settlement."""
    for each in promises:
        body = {"voucher_id": str(each.voucher_id), "station_id": str(each.counter.station.id)}
        yield _post("/api/v1/redemptions", tokens[each.counter.staff_id], body)


def twice(calls: Iterator[Call], every: int = 2) -> Iterator[Call]:
    """The same with keys, and each `every`-th request sent a second time a little later: the reply was lost."""
    kept: list[Call] = []
    for number, call in enumerate(calls):
        keyed = Call(call.method, call.path, call.token, call.body, key=f"mix-{number}-{id(calls)}")
        yield keyed
        if number % every == 0:
            kept.append(keyed)
        if len(kept) > 16:
            yield kept.pop(0)


def wallets(riders: Sequence[Rider], at: datetime) -> Iterator[Call]:
    """Balances, read again and again."""
    return _gets("/api/v1/wallet", riders, at)


def homes(riders: Sequence[Rider], at: datetime, *, drawn_here: bool = False) -> Iterator[Call]:
    """The rider's home page, as a browser that is signed in asks for it.

    Phones draw the rider's own code; only to one that has not done so yet it is sent as a picture (`drawn_here`).
    """
    calls = [
        Call(
            "GET",
            "/",
            cookie=f"fengxing_access={token(rider.id, rider.family_id, at)}"
            + ("" if drawn_here else f"; draws={rider.id.hex}"),
        )
        for rider in riders
    ]
    while True:
        yield from calls


def codes(riders: Sequence[Rider], at: datetime) -> Iterator[Call]:
    """What the page asks before the phone draws the code: is this phone's handle good, and what time is it."""
    return _gets("/api/v1/codes/device", riders, at)


def reports(riders: Sequence[Rider], at: datetime) -> Iterator[Call]:
    """Reports without a photo, spread over the city; nobody sends more than two."""
    number = 0
    for _ in range(2):
        for rider in riders:
            number += 1
            where = {"lat": 31.9 + number % 400 / 1000, "lng": 118.6 + number % 300 / 1000}
            body = {"category": "pothole", "position": where, "place_words": "路口"}
            yield _post("/api/v1/reports", token(rider.id, rider.family_id, at), body)


def _gets(path: str, riders: Sequence[Rider], at: datetime) -> Iterator[Call]:
    calls = [Call("GET", path, token(rider.id, rider.family_id, at)) for rider in riders]
    while True:
        yield from calls


def _post(path: str, bearer: str, body: Mapping[str, Any]) -> Call:
    return Call("POST", path, bearer, json.dumps(body).encode())
