"""Two stations with a device each that may work without a signal, riders with phones, and goods on the shelf."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.codes.kinds import station as poster_code
from app.codes.kinds import voucher as voucher_code
from app.identity.actors import ANONYMOUS, Actor
from app.kernel import clock
from app.kernel.db import in_transaction, session, transaction
from app.kernel.geo import Position
from app.kernel.ids import new_id
from app.ledger.accounts import correction_account, quarter, settlement_of, unmatched_account, wallet_of
from app.ledger.budgets import fund_budget
from app.ledger.posting import Leg, post
from app.ledger.queries import balance_of
from app.places.hours import every_day
from app.places.models import Station
from app.rewards import ordering
from app.rewards.models import Reward, Voucher
from app.rules import drafting, trying
from app.sync import chain, enrolling, leasing
from app.sync.models import Conflict, Lease, StationDevice, SyncItem
from app.sync.receiving import Receipt, receive
from tests import make
from tests.codes.make import Phone, resealed
from tests.codes.make import phone as enrol_phone
from tests.databases import built_once
from tests.ledger.make import give
from tests.rewards.make import reward as a_reward
from tests.rules.make import cap, rule

NEXT_DOOR = Position(32.0507, 118.7980)


@cache
def private_key(number: int) -> ec.EllipticCurvePrivateKey:
    """A key of its own for each device."""
    return ec.derive_private_key(number + 1_000, ec.SECP256R1())


def sign(key: ec.EllipticCurvePrivateKey, message: str) -> str:
    """The signature as a browser makes it: r and s side by side."""
    r, s = decode_dss_signature(key.sign(message.encode(), ec.ECDSA(SHA256())))
    return chain.packed(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def public_key(number: int) -> str:
    return chain.packed(
        private_key(number).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    )


@dataclass
class Tablet:
    """A station's device: it keeps a log and sends it, as often and in whatever pieces one likes."""

    number: int
    station: Station
    manager: Actor
    device_id: UUID
    lease_id: UUID
    log: list[dict[str, Any]] = field(default_factory=list)
    head: str = ""
    offset_s: int = 0

    def note(self, kind: str, code: str, at: datetime | None = None, **more: Any) -> UUID:
        """Take a scan without a signal: one more entry in the log."""
        item_id = new_id()
        told = {"id": str(item_id), "seq": len(self.log) + 1, "kind": kind, "code": code}
        told |= {"at": (at or clock.now()).isoformat(), **{name: str(value) for name, value in more.items()}}
        text = json.dumps(told, separators=(",", ":"))
        prev = self.head or self.lease_id.hex
        self.head = chain.hash_of(prev, text)
        signature = sign(private_key(self.number), self.head)
        self.log.append({"text": text, "prev": prev, "signature": signature})
        return item_id

    def batch(self, entries: list[dict[str, Any]] | None = None, mood: str = "awake") -> dict[str, Any]:
        """What is sent: these entries (all of the log if none are named), and how long the log is."""
        sent_at = clock.now().isoformat()
        head = self.head or self.lease_id.hex
        said = chain.state_of_log(
            device_id=str(self.device_id),
            lease_id=str(self.lease_id),
            count=len(self.log),
            head=head,
            sent_at=sent_at,
            mood=mood,
        )
        log = {
            "device_id": self.device_id,
            "lease_id": self.lease_id,
            "count": len(self.log),
            "head": head,
            "mood": mood,
            "signature": sign(private_key(self.number), said),
        }
        return {
            "sent_at": sent_at,
            "clock_offset_s": self.offset_s,
            "log": log,
            "items": self.log if entries is None else entries,
        }

    def send(self, entries: list[dict[str, Any]] | None = None, mood: str = "awake") -> Receipt:
        """Send it to the server, in a unit of work of its own."""
        return sent(self.batch(entries, mood))


def sent(batch: dict[str, Any], by: Actor = ANONYMOUS) -> Receipt:
    return in_transaction(lambda: receive(**batch, by=by, at=clock.now()))


@dataclass
class Handset:
    """A rider's phone with an outbox."""

    rider: Actor
    phone: Phone
    outbox: list[dict[str, Any]] = field(default_factory=list)

    def keep(self, station: Station, at: datetime | None = None, **more: Any) -> UUID:
        """Scan a poster without a signal."""
        item_id = new_id()
        place = {"lat": station.lat, "lng": station.lng}
        item = {"id": str(item_id), "kind": "checkin", "at": (at or clock.now()).isoformat()}
        item |= {"code": poster_code.make(station.short_code), "position": place, "accuracy_m": 10, **more}
        self.outbox.append(item)
        return item_id

    def send(self, items: list[Any] | None = None) -> Receipt:
        return sent(self.batch(items), self.rider)

    def batch(self, items: list[Any] | None = None) -> dict[str, Any]:
        chosen = self.outbox if items is None else items
        return {"sent_at": clock.now().isoformat(), "clock_offset_s": 0, "log": None, "items": chosen}


@dataclass
class Scene:
    """Who and what it needs."""

    tablets: list[Tablet]
    boss: Actor
    water: Reward
    station: Station  # of the first tablet
    riders: list[Handset]

    @property
    def here(self) -> Tablet:
        return self.tablets[0]

    @property
    def there(self) -> Tablet:
        return self.tablets[1]

    @property
    def rider(self) -> Handset:
        return self.riders[0]


@built_once
def scene(
    *,
    riders: int = 1,
    points: int = 100,
    stock: int = 50,
    tablets: int = 1,
    rules: Sequence[Any] = (),
    districts: Sequence[str] = (make.COMMUNITY,),
) -> Scene:
    """Stations whose devices hold their lease; each check-in gives 5 points, at most 10 a day.

    Stations and riders are dealt out to the districts in turn.
    """
    with transaction():
        make.regions()
        boss = make.actor(make.staff("department", region_code=make.CITY))
        fund_budget(
            region_code=make.CITY,
            period=quarter(clock.now()),
            points=1_000_000,
            source="test",
            by=boss,
            at=clock.now(),
        )
        homes = [districts[n % len(districts)] for n in range(max(riders, tablets, 1))]
        people = [make.rider(name=f"骑手{n}", home_region_code=homes[n]) for n in range(riders)]
        for each in people:
            if points:
                give(each.id, points)
    publish_rules(*(rules or [rule("R-01", "checkin", 5, caps=[cap(points=10)])]))
    with transaction():
        handsets = [Handset(make.actor(each), enrol_phone(make.actor(each))) for each in people]
    stations = []
    for n in range(tablets or 1):
        with transaction():
            place = Position(make.STATION_POSITION.lat + n / 100, make.STATION_POSITION.lng)
            stations.append(make.station(f"驿站{n}", region_code=homes[n], position=place))
    with transaction():
        water = a_reward(stations[0], stock=stock)
    return Scene(
        [tablet(n, each) for n, each in enumerate(stations[:tablets])], boss, water, stations[0], handsets
    )


def publish_rules(*rules: dict[str, Any]) -> None:
    """Rules in force since yesterday, written by one and published by another."""
    with transaction():
        editor = make.actor(make.staff("rule-editor", region_code=make.CITY))
        reviewer = make.actor(make.staff("department", region_code=make.CITY))
        at = clock.now()
        rule_set = drafting.open_rule_set(
            region_code=make.CITY, title_zh="规则", title_en="Rules", by=editor, at=at
        )
        draft = drafting.draft_version(rule_set_id=rule_set.id, rules=list(rules), by=editor, at=at)
        today = clock.city_day(at)
        trying.dry_run(version_id=draft.id, from_on=today, until_on=today, by=editor, at=at)
        drafting.review(version_id=draft.id, by=reviewer, at=at)
        drafting.publish(version_id=draft.id, starts_at=at, by=reviewer, at=at)


def tablet(number: int, station: Station) -> Tablet:
    """A device of the station with its lease."""
    device, manager = enrolled(number, station)
    lease = renew(device.id, manager)
    return Tablet(number, station, manager, device.id, lease.id)


def enrolled(number: int, station: Station) -> tuple[StationDevice, Actor]:
    """A device of the station and who enrolled it."""
    with transaction():
        manager = make.actor(make.staff("station-manager", station_id=station.id))
        code = enrolling.make_enrolment_code(station_id=station.id, by=manager, at=clock.now())
        device = enrolling.enrol_device(
            station_id=station.id,
            code=code,
            name=f"平板{number}",
            public_key=public_key(number),
            by=manager,
            at=clock.now(),
        )
    return device, manager


def renew(device_id: UUID, manager: Actor) -> Lease:
    return in_transaction(lambda: leasing.renew_lease(device_id=device_id, by=manager, at=clock.now()))


def reserve(scene: Scene, rider: Handset) -> tuple[Voucher, str]:
    """A voucher put aside with a signal, and its code."""
    made = in_transaction(
        lambda: ordering.reserve(
            reward_id=scene.water.id, station_id=scene.here.station.id, by=rider.rider, at=clock.now()
        )
    )
    return made, voucher_code.make(made.serial)


def spend_all(scene: Scene, rider: Handset) -> None:
    """The wallet is emptied with a signal."""
    left = usable(rider)
    with transaction():
        legs = [Leg(wallet_of(rider.rider.id).id, -left), Leg(correction_account().id, left)]
        source = f"spent:{rider.rider.id}"
        post(kind="test", source=source, legs=legs, words={}, by=scene.boss, at=clock.now())


def states(receipt: Receipt) -> list[str]:
    """`counted`, or `refused: why`."""
    return [each.state if each.slug is None else f"{each.state}: {each.slug}" for each in receipt.items]


def items() -> list[SyncItem]:
    with transaction():
        return session.query(SyncItem).order_by(SyncItem.happened_at, SyncItem.id).all()


def conflicts() -> list[Conflict]:
    with transaction():
        return session.query(Conflict).order_by(Conflict.id).all()


def lease_of(tablet: Tablet) -> Lease:
    with transaction():
        return session.get_one(Lease, tablet.lease_id)


def usable(rider: Handset) -> int:
    with transaction(write=False):
        return balance_of(rider.rider.id).usable


def unmatched() -> int:
    """What lies on the account for unmatched hand-overs."""
    with transaction():
        return unmatched_account().balance


def owed(tablet: Tablet) -> int:
    with transaction():
        return settlement_of(tablet.station.id).balance


def device_of(tablet: Tablet) -> StationDevice:
    with transaction():
        return session.get_one(StationDevice, tablet.device_id)


HOUR = timedelta(hours=1)
__all__ = ["HOUR", "every_day", "resealed"]
