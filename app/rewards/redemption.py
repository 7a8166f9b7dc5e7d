"""The station's side of a voucher: look, hand over once, and take back within a quarter of an hour."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.codes import reading
from app.codes.kinds.voucher import VoucherCode
from app.identity.actors import Actor
from app.kernel.errors import Problem
from app.kernel.events import publish, publish_all
from app.kernel.lanes import OneByOne
from app.ledger import accounts, holds, posting
from app.ledger.posting import Leg
from app.rewards import ordering, picking_up, queries, shelf, turning
from app.rewards.errors import VoucherCodeUnreadable, VoucherUnknown
from app.rewards.events import RedemptionUndone, RewardHandedOver
from app.rewards.models import Reward, Voucher
from app.rewards.queries import HandingOver, VoucherDetail

# Kinds of ledger transactions: what a settlement statement tells apart.
HAND_OVER_KIND, UNDONE_KIND, REFUNDED_KIND = "redemption", "redemption-undone", "redemption-refunded"

_TYPED = re.compile(rb"[0-9]{13}")


@dataclass(frozen=True, slots=True)
class Preview:
    """What a member of staff sees before confirming."""

    voucher: Voucher
    reward: Reward
    rider: str
    seconds_left: int


def serial_of(text: str, *, at: datetime) -> str:
    """The serial in what was scanned (26 digits, or the link around them) or typed (the 13 digits of the serial).

    A typed serial carries no proof. It opens nothing by itself: only the voucher's own station can use it, and a person
    there sees whose it is before confirming.
    """
    typed = text.replace(" ", "").encode("ascii", "replace")
    if _TYPED.fullmatch(typed):
        return typed.decode("ascii")
    scanned = reading.read(text, at=at)
    if not isinstance(scanned, VoucherCode):
        raise VoucherCodeUnreadable(fields={"code": ["voucher-code-unreadable"]})
    return scanned.serial


def preview(*, serial: str, station_id: UUID, by: Actor, at: datetime) -> Preview:
    """What this voucher promises and to whom (masked), if it can be handed over here and now. Changes nothing."""
    by.must("station.scan", station_id=station_id)
    voucher = queries.voucher_at(station_id, serial=serial)
    voucher.must_be_waiting(at)
    reward = queries.reward(voucher.reward_id)
    picking_up.must_be_open(reward, at)
    return Preview(voucher, reward, queries.masked_rider(voucher.person_id), voucher.seconds_left(at))


def hand_over(*, voucher_id: UUID, station_id: UUID, by: Actor, at: datetime) -> Voucher:
    """Hand over what a voucher promises, once, and owe its points to the station."""
    return redeem(voucher_id=voucher_id, station_id=station_id, by=by, at=at).voucher


def redeem(*, voucher_id: UUID, station_id: UUID, by: Actor, at: datetime) -> VoucherDetail:
    """The same, with what it was and where: both were looked up on the way."""
    by.must("station.scan", station_id=station_id)
    # What only needs reading is read first: a popular reward's stock row is locked from the movement to the commit.
    known = queries.handing_over(voucher_id, station_id)
    if known is None:
        queries.voucher_at(station_id, voucher_id=voucher_id)  # says what is wrong with it
        raise VoucherUnknown
    picking_up.must_be_open(known.reward, at)
    return VoucherDetail(_hand_over(known, by=by, at=at), known.reward, known.station)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What `redeem` is told of one of many."""

    voucher_id: UUID
    station_id: UUID
    by: Actor


def redeem_together(group: Sequence[Wanted], *, at: datetime) -> list[VoucherDetail | None]:
    """Hand over what can be handed over without a question, in a few statements; None is for `redeem`.

    Raises OneByOne if somebody else was faster with any of them.
    """
    known = queries.handing_over_all({each.voucher_id for each in group})
    first = {each.voucher_id: each for each in reversed(group)}
    ready = [
        (each, known[each.voucher_id])
        for each in group
        if first[each.voucher_id] is each and _is_plain(known.get(each.voucher_id), each, at)
    ]
    if ready:
        _hand_over_all(ready, at)
    told = {each.voucher_id: VoucherDetail(it.voucher, it.reward, it.station) for each, it in ready}
    return [told.get(each.voucher_id) if first[each.voucher_id] is each else None for each in group]


def _is_plain(known: HandingOver | None, wanted: Wanted, at: datetime) -> bool:
    """Whether nothing speaks against it, as far as one can see without a lock."""
    if known is None or known.owed_to is None or known.station.id != wanted.station_id:
        return False
    if not wanted.by.can("station.scan", station_id=wanted.station_id):
        return False
    try:
        picking_up.must_be_open(known.reward, at)
        known.voucher.must_be_waiting(at)
    except Problem:
        return False
    return True


def _hand_over_all(ready: Sequence[tuple[Wanted, HandingOver]], at: datetime) -> None:
    """Vouchers first, then stock, then accounts, as `shelf` says."""
    ordered = sorted(ready, key=lambda each: each[0].voucher_id)
    vouchers = [(known.voucher, wanted.by) for wanted, known in ordered]
    captures = [
        holds.Capture(
            hold_id=known.voucher.hold_id,
            to_account_id=known.owed_to,
            source=_handed_over(known.voucher),
            words=queries.wording(known.reward, known.station, known.voucher.id, "rewards.entry-redeemed"),
            by=wanted.by,
        )
        for wanted, known in ordered
        if known.owed_to is not None
    ]
    done = (
        turning.hand_over_all(vouchers, at=at)
        and shelf.hand_out_all(vouchers, at=at)
        and holds.capture_all(captures, kind=HAND_OVER_KIND, at=at)
    )
    if not done:
        raise OneByOne
    publish_all([RewardHandedOver(**queries.facts_of(voucher), at=at) for voucher, _ in vouchers])


def hand_over_at_counter(
    *, person_id: UUID, reward_id: UUID, station_id: UUID, by: Actor, at: datetime
) -> Voucher:
    """Reserve and hand over in one go, for a rider who stands at the counter.

    Whoever calls has the proof that the rider is there: the rider's code, read at this station within two minutes.
    """
    by.must("station.scan", station_id=station_id)
    promised = ordering.reserve_for(
        person_id=person_id, reward_id=reward_id, station_id=station_id, by=by, at=at
    )
    return hand_over(voucher_id=promised.id, station_id=station_id, by=by, at=at)


def undo(*, voucher_id: UUID, by: Actor, at: datetime) -> Voucher:
    """Take a hand-over back within a quarter of an hour, at the same station: new entries, nothing rewritten."""
    by.must("station.scan", station_id=queries.voucher(voucher_id).station_id)
    voucher = turning.undo(voucher_id, by=by, at=at)
    shelf.take_back(voucher, by=by, at=at)
    give_points_back(voucher, kind=UNDONE_KIND, how="undone", by=by, at=at)
    publish(RedemptionUndone(**queries.facts_of(voucher), at=at))
    return voucher


def give_points_back(voucher: Voucher, *, kind: str, how: str, by: Actor, at: datetime) -> None:
    """The points of a hand-over return from the station to the lots of the rider that they came from: new entries."""
    posting.post(
        kind=kind,
        source=f"voucher:{voucher.id}:{how}",
        legs=[
            Leg(accounts.settlement_of(voucher.station_id).id, -voucher.points),
            posting.returning(
                accounts.wallet_of(voucher.person_id).id, voucher.points, source=_handed_over(voucher)
            ),
        ],
        words=queries.words_about(voucher, f"rewards.entry-{how}"),
        by=by,
        at=at,
    )


def _hand_over(known: HandingOver, *, by: Actor, at: datetime) -> Voucher:
    station = known.station
    owed_to = known.owed_to or accounts.settlement_of(station.id).id
    voucher = turning.hand_over(known.voucher, by=by, at=at)
    shelf.hand_out(voucher, by=by, at=at)
    holds.capture(
        voucher.hold_id,
        to_account_id=owed_to,
        source=_handed_over(voucher),
        kind=HAND_OVER_KIND,
        words=queries.wording(known.reward, station, voucher.id, "rewards.entry-redeemed"),
        by=by,
        at=at,
    )
    publish(RewardHandedOver(**queries.facts_of(voucher), at=at))
    return voucher


def _handed_over(voucher: Voucher) -> str:
    """The source under which the ledger knows a hand-over."""
    return f"voucher:{voucher.id}:handed-over"
