"""Everything one run sends: the city, its riders and vouchers in bulk, each rider and voucher dealt out once."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.kernel.db import transaction
from app.rewards.models import MAX_OPEN_VOUCHERS
from bench import ceilings, city, crowd, streams
from bench.bulk import analyze
from bench.city import City, Counter
from bench.crowd import Promise, Rider
from bench.load import Call, send
from bench.sizes import Size

CEILINGS = {"scanned": True, "poster": False, "award": False}  # series of riders, and whether a code is shown


@dataclass(slots=True)
class Scene:
    """What was made, dealt out from the front."""

    city: City
    riders: list[Rider]
    promises: list[Promise]
    hot: list[Promise]
    tokens: dict[UUID, str]
    took_s: float

    @property
    def counters(self) -> Sequence[Counter]:
        return self.city.counters

    def deal_riders(self, count: int) -> list[Rider]:
        """Riders nobody has used yet."""
        if count > len(self.riders):
            raise SystemExit(f"the scene has no {count} riders left")
        dealt, self.riders = self.riders[:count], self.riders[count:]
        return dealt

    def deal_promises(self, count: int, *, hot: bool = False) -> list[Promise]:
        """Vouchers nobody has handed over yet; `hot` ones all lie on one shelf."""
        kept = self.hot if hot else self.promises
        if count > len(kept):
            raise SystemExit(f"the scene has no {count} vouchers left")
        dealt = kept[:count]
        del kept[:count]
        return dealt


def build(size: Size, *, with_ceilings: bool) -> Scene:
    """Fill an empty, migrated database; it says how long that took."""
    began = time.perf_counter()
    made = city.found(size.stations)
    for_ceilings = size.for_ceiling if with_ceilings else 0
    redeeming = (for_ceilings + 2 * size.for_product) // MAX_OPEN_VOUCHERS + 10
    hot = (for_ceilings + size.for_product) // MAX_OPEN_VOUCHERS + 10
    scanning = 3 * for_ceilings + 5 * size.for_product + 5_000
    riders = crowd.enrol(scanning + redeeming + hot, at=made.at)
    with transaction():
        analyze()
    buyers, others = riders[: redeeming + hot], riders[redeeming + hot :]
    crowd.give_points(made, buyers, at=made.at)
    promises = crowd.promise(made, buyers[:redeeming], made.counters, at=made.at)
    hot_ones = crowd.promise(made, buyers[redeeming:], made.counters[:1], at=made.at)
    with transaction():
        analyze()
    tokens = streams.sign_in(made.counters, made.at)
    return Scene(made, others, promises, hot_ones, tokens, time.perf_counter() - began)


def teach_ceilings(scene: Scene, port: int, size: Size) -> None:
    """Let the product answer one request of each path, and line up what the ceilings will take."""
    ceilings.install()
    ceilings.learn_check_in(
        _answered(port, streams.scans(scene.deal_riders(1), scene.counters, scene.tokens), "checkin_id")
    )
    ceilings.learn_check_in(
        _answered(port, streams.posters(scene.deal_riders(1), scene.counters, scene.city.at), "checkin_id")
    )
    ceilings.learn_redemption(_answered(port, streams.hand_overs(scene.deal_promises(1), scene.tokens), "id"))
    for series, scanned in CEILINGS.items():
        ceilings.feed_check_ins(series, scene.deal_riders(size.for_ceiling), scene.counters, scanned=scanned)
    ceilings.feed_redemptions("redeem", scene.deal_promises(size.for_ceiling))
    ceilings.feed_redemptions("hot", scene.deal_promises(size.for_ceiling, hot=True))
    with transaction():
        analyze()


def _answered(port: int, calls: object, name: str) -> UUID:
    call = next(calls)  # type: ignore[call-overload]
    assert isinstance(call, Call)
    sent = send(port, iter([call]), seconds=10, clients=1)
    if not sent.good:
        raise SystemExit(f"{call.path} was refused: {sent.refused.decode(errors='replace')[-500:]}")
    return UUID(json.loads(sent.last.split(b"\r\n\r\n", 1)[1])[name])
