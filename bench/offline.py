"""The logs of station devices that were without a signal: each entry a rider's code, chained and signed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.kernel.db import transaction
from app.kernel.ids import new_id
from app.sync import chain
from app.sync.models import AWAKE, LEASE_LIVES, LEASE_POINTS, Lease, StationDevice
from bench.bulk import batches, load
from bench.city import Counter
from bench.crowd import Rider
from bench.load import Call
from bench.streams import code_of

PATH = "/api/v1/sync/batches"


@dataclass(slots=True)
class Tablet:
    """A device with its key, its lease and its log so far."""

    counter: Counter
    device_id: UUID
    lease_id: UUID
    key: ec.EllipticCurvePrivateKey
    head: str
    count: int = 0
    entries: list[dict[str, str]] = field(default_factory=list)

    def note(self, rider: Rider, at: datetime) -> None:
        """One more scan without a signal."""
        self.count += 1
        told = {
            "id": str(new_id()),
            "seq": self.count,
            "kind": "scan",
            "code": code_of(rider, at),
            "at": at.isoformat(),
        }
        text = json.dumps(told | {"at": at.isoformat()}, separators=(",", ":"))
        previous, self.head = self.head, chain.hash_of(self.head, text)
        self.entries.append({"text": text, "prev": previous, "signature": self._sign(self.head)})

    def batch(self, at: datetime) -> Call:
        """Send what was noted since the last time."""
        log = {
            "device_id": str(self.device_id),
            "lease_id": str(self.lease_id),
            "count": self.count,
            "head": self.head,
        }
        said = chain.state_of_log(**log, sent_at=at.isoformat(), mood=AWAKE)  # type: ignore[arg-type]
        body: dict[str, Any] = {
            "sent_at": at.isoformat(),
            "log": {**log, "mood": AWAKE, "signature": self._sign(said)},
            "items": self.entries,
        }
        self.entries = []
        return Call("POST", PATH, body=json.dumps(body).encode())

    def _sign(self, message: str) -> str:
        r, s = decode_dss_signature(self.key.sign(message.encode(), ec.ECDSA(SHA256())))
        return chain.packed(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def tablets(counters: Sequence[Counter], *, at: datetime) -> list[Tablet]:
    """A device with an open lease at each of these counters."""
    made = []
    for number, counter in enumerate(counters):
        key = ec.derive_private_key(number + 1_000, ec.SECP256R1())
        lease_id = new_id()
        made.append(Tablet(counter, new_id(), lease_id, key, lease_id.hex))
    with transaction():
        load(StationDevice, [_device(each, at) for each in made])
        load(Lease, [_lease(each, at) for each in made])
    return made


def logs(made: Sequence[Tablet], riders: Sequence[Rider], *, each: int, at: datetime) -> Iterator[Call]:
    """Batches of so many scans, made beforehand: one a device, then the next."""
    calls = []
    for number, some in enumerate(batches(riders, each)):
        tablet = made[number % len(made)]
        for rider in some:
            tablet.note(rider, at)
        calls.append(tablet.batch(at + timedelta(seconds=1)))
    return iter(calls)


def _device(tablet: Tablet, at: datetime) -> dict[str, Any]:
    point = tablet.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return {
        "id": tablet.device_id, "station_id": tablet.counter.station.id, "name": "bench",
        "public_key": chain.packed(point), "enrolled_at": at,
    }  # fmt: skip


def _lease(tablet: Tablet, at: datetime) -> dict[str, Any]:
    return {
        "id": tablet.lease_id, "device_id": tablet.device_id, "station_id": tablet.counter.station.id,
        "granted_to": tablet.counter.staff_id, "granted_at": at, "ends_at": at + LEASE_LIVES,
        "points_limit": LEASE_POINTS, "points_used": 0, "points_lost": 0, "told": 0, "heard_at": at,
    }  # fmt: skip
