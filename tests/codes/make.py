"""Two stations with a manager each, and a rider whose phone makes codes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Flask

from app.codes import damm, reading, steps
from app.codes.enrolling import enrol_phone, key_of, renew_server_handle
from app.codes.kinds import personal
from app.codes.kinds.personal import PersonalCode
from app.codes.models import PersonalHandle
from app.codes.presenting import Presentation, present_personal_code
from app.identity.actors import Actor
from app.kernel import clock
from app.kernel.db import in_transaction, transaction
from app.kernel.errors import Problem
from app.kernel.geo import Position
from app.places.models import Station
from tests import make
from tests.databases import built_once

FAR_AWAY = Position(32.0900, 118.7980)  # five kilometres north of the usual station


@dataclass(slots=True)
class Phone:
    """What a rider's phone knows."""

    handle_id: UUID
    handle: str
    key: bytes
    alg: str = "1"

    def code(self, at: datetime | None = None, *, ahead_s: int = 0) -> str:
        """The digits it shows at an instant, by a clock that runs ahead."""
        step = (int((at or clock.now()).timestamp()) + ahead_s) // steps.STEP_S
        return personal.make(key=self.key, handle=self.handle, step=step, alg=self.alg)


@dataclass(slots=True)
class Scene:
    """Who and what a scan needs."""

    station: Station
    manager: Actor
    other_station: Station
    other_manager: Actor
    rider: Actor
    phone: Phone


@built_once
def scene() -> Scene:
    """In a unit of work of its own."""
    with transaction():
        make.regions()
        here, there = make.station(), make.station("夫子庙驿站", position=FAR_AWAY)
        manager = make.actor(make.staff("station-manager", station_id=here.id))
        other = make.actor(make.staff("station-manager", station_id=there.id, name="赵站长"))
        rider = make.actor(make.rider())
        return Scene(here, manager, there, other, rider, phone(rider))


def phone(rider: Actor, name: str = "手机") -> Phone:
    """A phone that has just been enrolled. Run inside a unit of work."""
    handle, key = enrol_phone(device_name=name, by=rider, at=clock.now())
    return Phone(handle.id, handle.handle, key, handle.alg)


def new_phone(rider: Actor) -> Phone:
    """The same, in a unit of work of its own."""
    with transaction():
        return phone(rider)


def server_phone(rider: Actor) -> tuple[PersonalHandle, bytes | None]:
    """The handle that the server draws with."""
    with transaction():
        handle = renew_server_handle(by=rider, at=clock.now())
        return handle, key_of(handle)


def code_of(text: str) -> PersonalCode:
    """The text as a personal code."""
    code = reading.read(text, at=clock.now())
    assert isinstance(code, PersonalCode)
    return code


def slug_of(text: str) -> str:
    """The kind of what is read, or the slug of the refusal."""
    try:
        return reading.read(text, at=clock.now()).kind
    except Problem as problem:
        return problem.slug


def present(text: str, station: Station, by: Actor) -> Presentation:
    """One presentation in a unit of work of its own."""
    code = code_of(text)
    return in_transaction(
        lambda: present_personal_code(code=code, station_id=station.id, by=by, at=clock.now())
    )


def verdict(text: str, station: Station, by: Actor) -> str:
    """`accepted`, `replayed`, or the slug of the refusal."""
    try:
        return "replayed" if present(text, station, by).replayed else "accepted"
    except Problem as problem:
        return problem.slug


def resealed(body: str) -> str:
    """Digits with the check digit they need."""
    return body + damm.check_digit(body)


def at_once(app: Flask, calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Each call in a thread and a unit of work of its own, all released together; results, or slugs of refusals."""
    ready = threading.Barrier(len(calls))
    results: list[Any] = [None] * len(calls)

    def run(number: int) -> None:
        with app.app_context():
            ready.wait()
            try:
                results[number] = in_transaction(calls[number])
            except Problem as problem:
                results[number] = problem.slug

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(calls))]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return results
