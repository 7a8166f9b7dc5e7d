"""Stations' tablets: with a signal they only say that they are there, without one they keep a log and tell it later.

A log goes out in pieces, some twice, in any order, and at the end as a whole, until the server has all of it. Now and
then a tablet is lost: it is taken out of use, and whoever finds it again sends what it had kept.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.identity.actors import ANONYMOUS, Actor
from app.sync import chain
from app.sync.models import ASLEEP, AWAKE
from simulator.city import City
from simulator.devices import Device
from simulator.faults import OFFLINE
from simulator.looks import StationSeen
from simulator.product import offline
from simulator.server import Answer, Request

DARK_DAYS, LOST_DAYS, FOUND_AGAIN = 0.25, 0.01, 0.6
PIECE = 8


@dataclass(slots=True)
class Log:
    """What one device kept under one lease."""

    device_id: str
    lease_id: str
    ends_at: datetime
    key: ec.EllipticCurvePrivateKey
    entries: list[dict[str, str]] = field(default_factory=list)
    told: int = 0  # how many of them the server was told, all in all

    @property
    def head(self) -> str:
        """How the log ends."""
        if not self.entries:
            return UUID(self.lease_id).hex
        return chain.hash_of(self.entries[-1]["prev"], self.entries[-1]["text"])


class Tablet:
    """The device of one counter."""

    def __init__(self, city: City, station: StationSeen, manager: Actor, device: Device) -> None:
        self.city = city
        self.station = station
        self.manager = manager
        self.device = device
        self.chance = city.chance("tablet", station.short_code)
        self.log: Log | None = None
        self._device_id = ""
        self._number = 1
        self._dark_until: datetime | None = None
        self._key = ec.derive_private_key(self.chance.getrandbits(250) + 1, ec.SECP256R1())

    # --- the day ------------------------------------------------------------------------------------------------------

    def begin_day(self, at: datetime) -> None:
        """Each morning: become the station's device, renew the lease, and see what the day brings."""
        dark, lost = self.chance.happens(DARK_DAYS), self.chance.happens(LOST_DAYS)
        begins = self.chance.after(at, 3600, 6 * 3600)
        lasts_s = self.chance.uniform(2, 14) * 3600
        if self.is_dark(at):
            return
        if not self._device_id:
            self._ask(offline.enrol_device, self.manager, at, self._enrolled, station_id=self.station.id,
                      name=f"平板{self._number}", public_key=self._public_key())  # fmt: skip
        else:
            self._renew(at)
        if OFFLINE not in self.city.faults:
            return
        if lost:
            self.city.agenda.plan(self.chance.after(at, 3600, 9 * 3600), self.get_lost)
        elif dark:
            self.city.agenda.plan(begins, partial(self.go_dark, begins + timedelta(seconds=lasts_s)))

    def is_dark(self, at: datetime) -> bool:
        """Whether there is no signal now."""
        return self._dark_until is not None and at < self._dark_until

    def go_dark(self, until: datetime, at: datetime) -> None:
        """No signal from now on."""
        if self.log is not None:
            self._dark_until = until
            self.city.agenda.plan(until, self._signal_is_back, promised=True)

    def may_note(self, at: datetime) -> bool:
        """Whether the lease still lets it work without a signal."""
        return self.log is not None and at < self.log.ends_at

    def note(self, kind: str, code: str, at: datetime, **more: str) -> None:
        """One more entry of the log, chained to the one before and signed."""
        log = self.log
        assert log is not None
        told = {"id": str(self._new_id()), "seq": len(log.entries) + 1, "kind": kind, "code": code}
        text = json.dumps(told | {"at": at.isoformat(), **more}, separators=(",", ":"))
        prev = log.head
        log.entries.append(
            {"text": text, "prev": prev, "signature": _signed(log.key, chain.hash_of(prev, text))}
        )

    def say_it_is_there(self, at: datetime) -> None:
        """With a signal it tells now and then that there is nothing to tell; others need not wait for it."""
        if self.log is not None and not self.is_dark(at):
            self._tell(self.log, self.log.entries[self.log.told :], at)

    def put_away(self, at: datetime) -> None:
        """In the evening of the last day: all of it is told, and nobody waits for this one any more."""
        self._dark_until = None
        if self.log is not None:
            facts = self._batch(self.log, self.log.entries, at, ASLEEP)
            self.city.server.handle(Request(do=offline.tell, by=ANONYMOUS, facts=facts), at, calm=True)

    # --- telling ------------------------------------------------------------------------------------------------------

    def _signal_is_back(self, at: datetime) -> None:
        log = self.log
        if log is None or self.is_dark(at):
            return
        pieces = [log.entries[start : start + PIECE] for start in range(0, len(log.entries), PIECE)]
        pieces += [each for each in pieces if self.chance.happens(0.3)]
        self.chance.shuffle(pieces)
        for piece in pieces:
            later = self.chance.after(at, 1, 1800)
            self.city.agenda.plan(later, partial(self._tell, log, piece), promised=True)
        whole = self.chance.after(at, 1801, 3600)
        self.city.agenda.plan(whole, partial(self._tell_all, log), promised=True)

    def _tell_all(self, log: Log, at: datetime) -> None:
        self._tell(log, log.entries, at)
        log.told = len(log.entries)

    def _tell(self, log: Log, entries: list[dict[str, str]], at: datetime) -> None:
        facts = self._batch(log, entries, at, AWAKE)
        self.device.send(Request(do=offline.tell, by=ANONYMOUS, facts=facts), at)

    def _batch(self, log: Log, entries: list[dict[str, str]], at: datetime, mood: str) -> dict[str, Any]:
        sent_at = at.isoformat()
        said = {
            "device_id": log.device_id,
            "lease_id": log.lease_id,
            "count": len(log.entries),
            "head": log.head,
        }
        signed = _signed(log.key, chain.state_of_log(**said, sent_at=sent_at, mood=mood))  # type: ignore[arg-type]
        return {
            "sent_at": sent_at, "log": {**said, "mood": mood, "signature": signed}, "items": list(entries)
        }  # fmt: skip

    # --- the device ---------------------------------------------------------------------------------------------------

    def get_lost(self, at: datetime) -> None:
        """Nobody knows where it is; it is taken out of use, and somebody may find it in the dark."""
        if not self._device_id or self.is_dark(at):
            return
        log = self.log
        self._ask(offline.revoke_device, self.manager, at, None, device_id=self._device_id)
        self._device_id, self.log = "", None
        if log is not None and self.chance.happens(FOUND_AGAIN):
            self.city.agenda.plan(
                self.chance.after(at, 3600, 86_400), partial(self._tell_all, log), promised=True
            )
        self._new_device()

    def _enrolled(self, answer: Answer, at: datetime) -> None:
        if answer.done:
            self._device_id = answer.facts["device"]
            self._renew(at)

    def _renew(self, at: datetime) -> None:
        if self.log is None or self.log.told == len(self.log.entries):
            self._ask(offline.renew_lease, self.manager, at, self._renewed, device_id=self._device_id)

    def _renewed(self, answer: Answer, _at: datetime) -> None:
        if not answer.done or not self._device_id:
            return
        ends_at = datetime.fromisoformat(answer.facts["ends_at"])
        if self.log is None or self.log.lease_id != answer.facts["lease"]:
            self.log = Log(self._device_id, answer.facts["lease"], ends_at, self._key)
        self.log.ends_at = ends_at

    def _ask(self, do: Any, by: Actor, at: datetime, then: Any, **facts: Any) -> None:
        request = Request(do=do, by=by, facts=facts, key=self.device.key())
        self.device.send(request, at, *((then,) if then else ()))

    def _new_id(self) -> UUID:
        return UUID(int=self.chance.getrandbits(128), version=4)

    def _new_device(self) -> None:
        self._number += 1
        self._key = ec.derive_private_key(self.chance.getrandbits(250) + 1, ec.SECP256R1())

    def _public_key(self) -> str:
        point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return chain.packed(point)


def _signed(key: ec.EllipticCurvePrivateKey, message: str) -> str:
    """As a browser signs: r and s side by side."""
    r, s = decode_dss_signature(key.sign(message.encode(), ec.ECDSA(SHA256())))
    return chain.packed(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
