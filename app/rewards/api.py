"""The shop, a rider's vouchers, and the station's counter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response

from app.codes import drawing
from app.codes.kinds import voucher as voucher_code
from app.codes.queries import session_in_use
from app.identity.actors import Actor
from app.kernel import clock, geo
from app.kernel.answering import Asked
from app.kernel.http import (
    Api,
    attachment,
    gives,
    gives_file,
    gives_page,
    idempotent,
    in_a_lane,
    in_one_message,
    public,
    requires,
    takes,
    takes_form,
    takes_query,
    traced,
)
from app.kernel.paging import Page
from app.media import queries as media
from app.media.errors import PhotoNotFound
from app.media.schemas import THUMB, PhotoQuery
from app.places.models import Station
from app.rewards import catalogue, ordering, queries, redemption, shop
from app.rewards.errors import VoucherUnknown
from app.rewards.models import Reward, Voucher
from app.rewards.printing import voucher_pdf
from app.rewards.queries import VoucherDetail
from app.rewards.redemption import Preview
from app.rewards.schemas import (
    HandOver,
    HandOverAtCounter,
    NearQuery,
    Nothing,
    OfferReward,
    OrderReward,
    OwnVoucherRead,
    PreviewRead,
    ReadVoucherCode,
    ReviseReward,
    RewardRead,
    RewardStatus,
    ShopItemRead,
    ShopQuery,
    VoucherRead,
)
from app.rewards.shop import ShopItem

api = Api("rewards", "", "Rewards, vouchers and redemption")


@dataclass(frozen=True, slots=True)
class OwnVoucher:
    """A voucher for its own rider, with what to show at the counter."""

    voucher: Voucher
    reward: Reward
    station: Station
    code: str | None
    code_svg: str | None


def _own(detail: VoucherDetail) -> OwnVoucher:
    voucher = detail.voucher
    shown = voucher.can_be_picked_up(clock.now())
    code = voucher_code.make(voucher.serial) if shown else None
    svg = f"/api/v1/vouchers/{voucher.id}/code.svg" if shown else None
    return OwnVoucher(voucher, detail.reward, detail.station, code, svg)


# --- the shop ------------------------------------------------------------------------------------------------------


@api.get("/rewards")
@public
@takes_query(ShopQuery)
@gives_page(ShopItemRead)
def list_rewards(
    region_code: str | None, near: geo.Position | None, cursor: str | None, limit: int, by: Actor
) -> Page[ShopItem]:
    """What points buy, and where it lies"""
    return shop.shop(
        region_code=region_code,
        near=near,
        person_id=by.person_id,
        cursor=cursor,
        limit=limit,
        at=clock.now(),
    )


@api.get("/rewards/<uuid:reward_id>")
@public
@takes_query(NearQuery)
@gives(ShopItemRead)
def read_reward(reward_id: UUID, near: geo.Position | None, by: Actor) -> ShopItem:
    """One reward with every station that has it"""
    return shop.shop_item(reward_id, near=near, person_id=by.person_id, at=clock.now())


@api.post("/rewards")
@requires("rewards.manage")
@idempotent
@takes(OfferReward)
@gives(RewardRead, 201)
def offer_reward(by: Actor, **offered: Any) -> Reward:
    """Offer a reward in a region"""
    return catalogue.offer(**offered, by=by, at=clock.now())


@api.get("/rewards/<uuid:reward_id>/photo")
@public
@takes_query(PhotoQuery)
@gives_file("image/jpeg")
def show_reward_photo(reward_id: UUID, size: str) -> Response:
    """What a reward looks like"""
    photo_id = queries.reward(reward_id).photo_id
    if photo_id is None:
        raise PhotoNotFound
    response = Response(media.bytes_of(media.photo(photo_id), thumb=size == THUMB), content_type="image/jpeg")
    response.cache_control.public = True
    response.cache_control.max_age = 3600
    return response


@api.post("/rewards/<uuid:reward_id>/photo")
@requires("rewards.manage")
@takes_form(Nothing, "photo")
@gives(RewardRead)
def picture_reward(reward_id: UUID, photo: bytes | None, by: Actor) -> Reward:
    """Show what it looks like; everybody sees the photo"""
    return catalogue.picture(reward_id=reward_id, photo=photo, by=by, at=clock.now())


@api.put("/rewards/<uuid:reward_id>")
@requires("rewards.manage")
@takes(ReviseReward)
@gives(RewardRead)
def revise_reward(reward_id: UUID, by: Actor, **told: Any) -> Reward:
    """Say it better, or give it out at other times; price, kind and limits stay"""
    return catalogue.revise(reward_id=reward_id, **told, by=by, at=clock.now())


@api.post("/rewards/<uuid:reward_id>/withdraw")
@requires("rewards.manage")
@gives(RewardStatus)
def withdraw_reward(reward_id: UUID, by: Actor) -> Reward:
    """Stop offering a reward; vouchers already given out stay good"""
    return catalogue.withdraw(reward_id=reward_id, by=by, at=clock.now())


# --- a rider's vouchers --------------------------------------------------------------------------------------------


@api.post("/vouchers")
@requires("self")
@idempotent
@takes(OrderReward)
@gives(OwnVoucherRead, 201)
def reserve_reward(reward_id: UUID, station_id: UUID, by: Actor) -> OwnVoucher:
    """Put a reward aside: points and stock are held until it is picked up"""
    voucher = ordering.reserve(reward_id=reward_id, station_id=station_id, by=by, at=clock.now())
    return _own(queries.detail_of(voucher))


@api.get("/vouchers/mine")
@requires("self")
@gives_page(OwnVoucherRead)
def list_my_vouchers(cursor: str | None, limit: int, by: Actor) -> Page[OwnVoucher]:
    """My vouchers, newest first"""
    mine = queries.my_vouchers(by.id, cursor, limit)
    return Page([_own(each) for each in mine.items], mine.next_cursor)


@api.get("/vouchers/<uuid:voucher_id>")
@requires("self")
@traced("voucher.seen")
@gives(OwnVoucherRead)
def read_voucher(voucher_id: UUID, by: Actor) -> OwnVoucher:
    """One of my vouchers with its code; staff of its station see it without"""
    voucher = queries.voucher(voucher_id)
    if voucher.person_id == by.person_id:
        return _own(queries.detail_of(voucher))
    if not by.can("station.scan", station_id=voucher.station_id):
        raise VoucherUnknown
    detail = queries.detail_of(voucher)
    return OwnVoucher(voucher, detail.reward, detail.station, None, None)


@api.get("/vouchers/<uuid:voucher_id>/code.svg")
@requires("self")
@gives_file("image/svg+xml")
def draw_voucher(voucher_id: UUID, by: Actor) -> Response:
    """The code of one of my vouchers, drawn"""
    voucher = queries.voucher(voucher_id)
    if voucher.person_id != by.person_id:
        raise VoucherUnknown
    voucher.must_be_waiting(clock.now())
    return Response(drawing.svg(voucher_code.make(voucher.serial), "Q"), content_type="image/svg+xml")


@api.get("/vouchers/<uuid:voucher_id>/paper.pdf")
@requires("self")
@traced("voucher.seen")
@gives_file("application/pdf")
def print_voucher(voucher_id: UUID, by: Actor) -> Response:
    """One of my vouchers on paper; staff of its station print it for riders without a smartphone"""
    voucher = queries.voucher(voucher_id)
    if voucher.person_id != by.person_id and not by.can("station.scan", station_id=voucher.station_id):
        raise VoucherUnknown
    voucher.must_be_waiting(clock.now())
    paper = voucher_pdf(queries.detail_of(voucher), rider=queries.masked_rider(voucher.person_id))
    return attachment(paper, "application/pdf", f"{voucher.serial}.pdf")


@api.post("/vouchers/<uuid:voucher_id>/cancel")
@requires("self")
@idempotent
@gives(VoucherRead)
def cancel_voucher(voucher_id: UUID, by: Actor) -> VoucherDetail:
    """Give a voucher up; points and stock go back"""
    return queries.detail_of(ordering.cancel(voucher_id=voucher_id, by=by, at=clock.now()))


# --- the counter ---------------------------------------------------------------------------------------------------


@api.post("/redemptions/preview")
@requires("station.scan")
@takes(ReadVoucherCode)
@gives(PreviewRead)
def preview_redemption(code: str, station_id: UUID, by: Actor) -> Preview:
    """What a scanned voucher promises; changes nothing"""
    at = clock.now()
    serial = redemption.serial_of(code, at=at)
    return redemption.preview(serial=serial, station_id=station_id, by=by, at=at)


def _redeem_together(group: Sequence[Asked]) -> list[VoucherDetail | None]:
    wanted = [redemption.Wanted(**each.arguments, by=each.by) for each in group]
    return redemption.redeem_together(wanted, at=clock.now())


@api.post("/redemptions")
@requires("station.scan")
@idempotent
@in_one_message
@in_a_lane(_redeem_together)
@takes(HandOver)
@gives(VoucherRead, 201)
def hand_over(voucher_id: UUID, station_id: UUID, by: Actor) -> VoucherDetail:
    """Hand over what a voucher promises, once"""
    return redemption.redeem(voucher_id=voucher_id, station_id=station_id, by=by, at=clock.now())


@api.post("/redemptions/counter")
@requires("station.scan")
@idempotent
@takes(HandOverAtCounter)
@gives(VoucherRead, 201)
def hand_over_at_counter(
    scan_session_id: UUID, reward_id: UUID, station_id: UUID, by: Actor
) -> VoucherDetail:
    """Reserve and hand over in one go, for a rider whose code was scanned here within two minutes"""
    at = clock.now()
    by.must("station.scan", station_id=station_id)
    rider = session_in_use(scan_session_id, station_id=station_id, at=at).person_id
    voucher = redemption.hand_over_at_counter(
        person_id=rider, reward_id=reward_id, station_id=station_id, by=by, at=at
    )
    return queries.detail_of(voucher)


@api.post("/redemptions/<uuid:voucher_id>/undo")
@requires("station.scan")
@idempotent
@gives(VoucherRead)
def undo_redemption(voucher_id: UUID, by: Actor) -> VoucherDetail:
    """Take a hand-over back within a quarter of an hour"""
    return queries.detail_of(redemption.undo(voucher_id=voucher_id, by=by, at=clock.now()))
