"""A city whose stations and phones lose the network: what happens in a day, and the thousand ways in which it is told.

One seed makes the day: who was scanned where, what was handed over, which code was shown at two stations, which was
made up. Another seed makes the network: each log goes out in pieces, some are lost, some arrive several times, all of
them late and in any order, and answers are lost as well. A device sends until it knows that everything has arrived, as
the real ones do. The day is made once; before each telling the database is put back to how it was then.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.checkins.models import Checkin
from app.kernel import randomness
from app.kernel.db import db, disconnect, in_transaction, session, transaction
from app.ledger.verify import verify
from app.rewards import stocking
from app.rewards.models import Stock
from app.sync.models import Conflict, Lease, SyncItem
from app.sync.settling import settle_ripe
from tests import databases
from tests import make as city_of
from tests.sync import make
from tests.sync.make import Handset, Scene, Tablet

# how long they are out, when the first comes back, when the last (72 h are the limit)
DARK_H, FIRST_H, LAST_H = 20, 24, 70
KINDS = ("scan", "again", "elsewhere", "redeem", "voucher", "forged", "poster")
WEIGHTS = (56, 7, 6, 8, 4, 5, 14)
LOSS, COPIES = 0.3, 4
DISTRICTS = (
    city_of.COMMUNITY,
    city_of.QINHUAI,
)  # where a large city's stations and riders are; a small one has one
OFFSETS_S = (
    *(0,) * 7,
    -45,
    60,
    110,
    -119,
    125,
    -400,
)  # of the stations' clocks; the last two cannot be believed


@dataclass
class City:
    """The scene, and what happened in it."""

    scene: Scene
    vouchers: list[tuple[int, str]] = field(default_factory=list)  # (whose, code), put aside with a signal
    sent: dict[UUID, str] = field(default_factory=dict)  # every item there is, and what made it

    districts: int = 1

    @property
    def devices(self) -> list[Tablet | Handset]:
        return [*self.scene.tablets, *self.scene.riders]

    def beside(self, number: int) -> int:
        """The district of the station or rider with this number: a device knows the riders of its own only."""
        return number % self.districts


def a_day(*, seed: int, items: int, tablets: int, riders: int) -> City:
    """Everything that is done without a signal, written into logs and outboxes. The same seed makes the same day."""
    chance = random.Random(seed)
    databases.empty()
    with randomness.use(randomness.Seeded(seed)):
        districts = DISTRICTS[: 2 if tablets >= 4 else 1]
        scene = make.scene(riders=riders, tablets=tablets, points=100, stock=items, districts=districts)
        city = City(scene, districts=len(districts))
        _prepare(city, chance, items)
        for tablet in city.scene.tablets[2:]:
            tablet.offset_s = chance.choice(OFFSETS_S)
        began = make.clock.now() + timedelta(minutes=1)
        seconds = sorted(chance.randrange(DARK_H * 3600) for _ in range(items))
        for second in seconds:
            _happen(city, chance, began + timedelta(seconds=second))
    return city


def _prepare(city: City, chance: random.Random, items: int) -> None:
    """Every second rider has spent all points before; some have put a bottle aside; water stands everywhere."""
    scene = city.scene
    for tablet in scene.tablets[1:]:
        with transaction():
            where = {"reward_id": scene.water.id, "station_id": tablet.station.id}
            stocking.deliver(**where, quantity=items, by=tablet.manager, at=make.clock.now())
    for number, rider in enumerate(scene.riders):
        if number // city.districts % 2:
            make.spend_all(scene, rider)
        elif city.beside(number) == 0 and chance.random() < 0.5:
            city.vouchers.append((number, make.reserve(scene, rider)[1]))


def _happen(city: City, chance: random.Random, at: datetime) -> None:
    """One thing happens at one station: mostly a scan."""
    scene = city.scene
    kind = chance.choices(KINDS, WEIGHTS)[0]
    tablet = chance.choice(scene.tablets)
    here = city.beside(tablet.number)
    rider = chance.choice(scene.riders[here :: city.districts])
    code = rider.phone.code(at)
    if kind == "poster":
        city.sent[rider.keep(tablet.station, at)] = kind
    elif kind == "redeem":
        city.sent[tablet.note("redeem", code, at, reward_id=scene.water.id)] = kind
    elif kind == "voucher" and city.vouchers:
        city.sent[scene.here.note("voucher", chance.choice(city.vouchers)[1], at)] = kind
    elif kind == "forged":
        made_up = make.resealed(code[:14] + str(chance.randrange(10**18)).zfill(18))
        city.sent[tablet.note("scan", made_up, at)] = kind
    else:
        city.sent[tablet.note("scan", code, at)] = kind
        if kind == "again":
            city.sent[tablet.note("scan", code, at + timedelta(seconds=5))] = kind
        if kind == "elsewhere":
            near = scene.tablets[here :: city.districts]
            other = chance.choice([each for each in near if each is not tablet])
            city.sent[other.note("scan", code, at + timedelta(seconds=9))] = kind


def tell(city: City, *, seed: int) -> None:
    """Bring it all to the server over a bad network: lost, doubled, in pieces, late, in any order."""
    chance, clock = random.Random(seed), make.clock._clock
    began = clock.at  # type: ignore[attr-defined]
    messages: list[tuple[float, int, Any, list[Any]]] = []
    for device in city.devices:
        for piece in _pieces(device, chance):
            for _ in range(chance.randint(1, COPIES)):
                if chance.random() >= LOSS:
                    messages.append((chance.uniform(FIRST_H, LAST_H - 1), len(messages), device, piece))
    heard: dict[int, set[int]] = {id(device): set() for device in city.devices}
    for hours, _, device, piece in sorted(messages, key=lambda each: each[:2]):
        clock.at = began + timedelta(hours=hours)  # type: ignore[attr-defined]
        device.send(piece)
        if chance.random() >= LOSS:
            heard[id(device)] |= {id(item) for item in piece}
    for device in chance.sample(city.devices, len(city.devices)):  # in the end, all that nobody has answered
        clock.at += timedelta(hours=1) / len(city.devices)  # type: ignore[attr-defined]
        device.send([item for item in _all(device) if id(item) not in heard[id(device)]])
    while in_transaction(lambda: settle_ripe(at=make.clock.now())):
        pass
    clock.at = began  # type: ignore[attr-defined]


def _all(device: Tablet | Handset) -> list[Any]:
    return device.log if isinstance(device, Tablet) else device.outbox


def _pieces(device: Tablet | Handset, chance: random.Random) -> list[list[Any]]:
    """The log in overlapping pieces; a phone sends all that is left each time, oldest first."""
    whole = _all(device)
    if isinstance(device, Handset):
        return [whole] * 2 if whole else []
    pieces, start = [], 0
    while start < len(whole):
        size = chance.randint(1, 40)
        pieces.append(whole[max(0, start - chance.randint(0, 5)) : start + size])
        start += size
    return pieces


@contextmanager
def kept() -> Iterator[Callable[[], None]]:
    """Keep the database as it is now; what is yielded puts it back to that, as often as one likes."""
    session.remove()
    url = db.engine.url
    if url.get_backend_name() == "sqlite":
        file = Path(str(url.database))
        with db.engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")  # a checkpoint cannot be had inside a transaction
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        disconnect()
        copy = Path(shutil.copy(file, file.with_suffix(".kept")))
        try:
            yield lambda: databases.put_in_place(copy)
        finally:
            copy.unlink()
        return
    name, server = (
        f'"{url.database}"',
        sa.create_engine(databases.SERVER_URL or "", isolation_level="AUTOCOMMIT"),
    )
    copy_name = f'"{url.database}_kept"'

    def become(target: str, source: str) -> None:
        session.remove()
        disconnect()
        databases.owner().dispose()
        with server.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {target} WITH (FORCE)")
            connection.exec_driver_sql(f"CREATE DATABASE {target} TEMPLATE {source}")

    become(copy_name, name)
    try:
        yield lambda: become(name, copy_name)
    finally:
        with server.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {copy_name} WITH (FORCE)")
        server.dispose()


def end(city: City) -> dict[str, Any]:
    """How it ended, without anything that depends on when it arrived."""
    scene = city.scene
    numbers = {each.rider.id: number for number, each in enumerate(scene.riders)}
    places = {each.station.id: number for number, each in enumerate(scene.tablets)}
    named = {item_id: number for number, item_id in enumerate(city.sent)}  # ids differ from run to run
    with transaction():
        return {
            "items": {
                named.get(each.id, str(each.id)): (each.state, each.slug, each.points)
                for each in session.query(SyncItem).order_by(SyncItem.id)
            },
            "windows": sorted(
                (
                    numbers[each.person_id],
                    places[each.station_id],
                    each.window_starts_at.isoformat(),
                    each.how,
                )
                for each in session.query(Checkin)
            ),
            "wallets": [make.balance_of(each.rider.id).usable for each in scene.riders],
            "held": [make.balance_of(each.rider.id).held for each in scene.riders],
            "owed": [make.settlement_of(each.station.id).balance for each in scene.tablets],
            "stock": sorted(
                (places[each.station_id], each.on_hand, each.held) for each in session.query(Stock)
            ),
            "leases": sorted(
                (places[each.station_id], each.points_used, each.points_lost, each.points_limit)
                for each in session.query(Lease)
            ),
            "conflicts": sorted(
                (named[each.item_id], each.slug, each.loss) for each in session.query(Conflict)
            ),
            "unmatched": make.unmatched_account().balance,
        }


def faults(city: City, ended: dict[str, Any]) -> list[str]:
    """What must hold in the end, whatever the network did."""
    found = []
    missing = set(range(len(city.sent))) - set(ended["items"])
    invented = set(ended["items"]) - set(range(len(city.sent)))
    waiting = [each for each, (state, *_) in ended["items"].items() if state == "waiting"]
    windows = [each[:3] for each in ended["windows"]]
    forged = [number for number, kind in enumerate(city.sent.values()) if kind == "forged"]
    lost = sum(each[2] for each in ended["leases"])
    with transaction(write=False):
        book = verify()
    checks = {
        "lost": missing,
        "invented": invented,
        "waiting for ever": waiting,
        "one window counted twice": len(windows) - len(set(windows)),
        "forged and yet taken": [each for each in forged if ended["items"][each][0] != "refused"],
        "a lease exceeded": [each for each in ended["leases"] if not each[2] <= each[1] <= each[3]],
        "a loss beside the account for it": lost + ended["unmatched"],
        "the book": book,
    }
    for name, wrong in checks.items():
        if wrong:
            found.append(f"{name}: {wrong}")
    return found
