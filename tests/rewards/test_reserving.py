"""Reserving and cancelling: points and stock are put aside together, or given back together."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import update

from app.identity.actors import SYSTEM
from app.kernel.clock import city_midnight
from app.kernel.db import session, transaction
from app.kernel.errors import Forbidden
from app.ledger.errors import PointsShort
from app.places.models import Station
from app.rewards import catalogue, ordering, shop
from app.rewards.errors import (
    OutOfStock,
    RewardLimitReached,
    RewardNotOfferedHere,
    RewardUnknown,
    RewardWithdrawn,
    RiderUnknown,
    VoucherHandedOver,
    VoucherLimitReached,
    VoucherUnknown,
)
from app.rewards.events import RewardCancelled, RewardReserved
from tests import make as common
from tests.rewards import make


def test_it_holds_points_and_stock_together(app):
    scene = make.scene()
    with make.listening(RewardReserved) as heard:
        voucher = scene.reserve()
    assert (scene.balance(), scene.stock()) == ((80, 20), (5, 1))
    assert voucher.state == "reserved"
    assert len(voucher.serial) == 13
    assert [(each.voucher_id, each.points) for each in heard] == [(voucher.id, 20)]
    make.must_agree()


def test_it_can_be_picked_up_until_the_end_of_the_last_day(app, clock):
    voucher = make.scene().reserve()
    assert (
        voucher.expires_at.isoformat() == "2026-12-01T16:00:00+00:00"
    )  # midnight in the city after 1 December


@pytest.mark.once
def test_the_last_day_is_counted_on_the_citys_calendar(app, clock):
    clock.advance(hours=11)  # 01:02 on the 25th; in Greenwich it is still the 24th
    assert make.scene().reserve().expires_at == city_midnight(date(2026, 12, 3))


@pytest.mark.once
def test_the_last_day_is_one_on_which_the_reward_is_given_out(app):
    mondays = [[["08:00", "12:00"]], *[[]] * 6]
    voucher = make.scene(pick_up_hours=mondays).reserve()  # a week from now is a Tuesday
    assert voucher.expires_at == city_midnight(date(2026, 12, 8))


def test_it_says_how_many_points_are_missing_and_takes_nothing(app):
    scene = make.scene(points=15)
    with pytest.raises(PointsShort) as refusal:
        scene.reserve()
    assert refusal.value.facts["short_by"] == 5
    assert (scene.balance(), scene.stock()) == ((15, 0), (5, 0))


def test_it_says_where_the_nearest_one_is(app):
    scene = make.scene(stock=1)
    with transaction():
        far = common.station("远处驿站", position=common.Position(32.10, 118.80))
        near = common.station("近处驿站", position=make.NEXT_DOOR)
        for station in (far, near):
            make.stocking.deliver(
                reward_id=scene.reward.id, station_id=station.id, quantity=1, by=SYSTEM, at=make.clock.now()
            )
    scene.reserve()
    with pytest.raises(OutOfStock) as refusal:
        scene.reserve()
    assert refusal.value.facts["station_id"] == near.id
    assert refusal.value.facts["distance_m"] == pytest.approx(800, abs=5)
    assert "近处驿站" in refusal.value.facts["nearby"]


def test_it_says_when_nobody_has_one(app):
    scene = make.scene(stock=1)
    scene.reserve()
    with pytest.raises(OutOfStock) as refusal:
        scene.reserve()
    assert "station_id" not in refusal.value.facts
    assert scene.balance() == (80, 20)


def test_it_refuses_a_withdrawn_and_an_unknown_reward(app):
    scene = make.scene()
    make.unit(lambda: catalogue.withdraw(reward_id=scene.reward.id, by=SYSTEM, at=make.clock.now()))
    with pytest.raises(RewardWithdrawn):
        scene.reserve()
    with pytest.raises(RewardUnknown), transaction():
        ordering.reserve(
            reward_id=scene.station.id, station_id=scene.station.id, by=scene.rider, at=make.clock.now()
        )


def test_it_refuses_a_station_outside_the_rewards_region(app):
    scene = make.scene(region_code=common.XUANWU)
    with transaction():
        elsewhere = common.station("秦淮驿站", region_code=common.QINHUAI)
    with pytest.raises(RewardNotOfferedHere):
        make.unit(lambda: make.reserve(scene.reward, elsewhere, scene.rider))


def test_it_refuses_a_station_that_has_closed_for_good(app):
    scene = make.scene()
    with transaction():
        session.execute(update(Station).values(active=False))
    with pytest.raises(RewardNotOfferedHere):
        scene.reserve()
    with transaction(write=False):
        assert shop.places_with(scene.reward.id, near=None) == []


def test_the_station_that_was_asked_is_not_offered_as_the_nearest(app):
    scene = make.scene()
    with transaction(write=False):
        assert shop.places_with(scene.reward.id, near=None, but_not=scene.station.id) == []
        assert len(shop.places_with(scene.reward.id, near=None)) == 1


def test_it_keeps_to_three_open_vouchers(app):
    scene = make.scene()
    first, *_ = [scene.reserve() for _ in range(3)]
    with pytest.raises(VoucherLimitReached):
        scene.reserve()
    scene.hand_over(first)
    assert scene.reserve().open_slot == 1


def test_it_keeps_to_the_months_share_and_begins_anew_next_month(app, clock):
    scene = make.scene(limit_count=1)
    scene.hand_over(scene.reserve())
    with pytest.raises(RewardLimitReached):
        scene.reserve()
    clock.advance(days=7)
    assert scene.reserve().period_on.isoformat() == "2026-12-01"


def test_a_cancelled_or_undone_one_does_not_count_against_the_month(app):
    scene = make.scene(limit_count=1)
    scene.cancel(scene.reserve())
    scene.undo(scene.hand_over(scene.reserve()))
    assert scene.reserve().share_no == 1


def test_cancelling_gives_points_and_stock_back(app):
    scene = make.scene()
    voucher = scene.reserve()
    with make.listening(RewardCancelled) as heard:
        scene.cancel(voucher)
    assert (scene.balance(), scene.stock()) == ((100, 0), (5, 0))
    assert len(heard) == 1
    make.must_agree()


def test_nobody_else_can_cancel_or_know_of_it(app):
    scene = make.scene()
    voucher = scene.reserve()
    with pytest.raises(VoucherUnknown):
        scene.cancel(voucher, by=scene.manager)
    assert scene.stock() == (5, 1)


def test_what_was_handed_over_cannot_be_cancelled(app):
    scene = make.scene()
    voucher = scene.hand_over(scene.reserve())
    with pytest.raises(VoucherHandedOver):
        scene.cancel(voucher)
    assert scene.owed() == 20


@pytest.mark.once
def test_staff_reserve_on_behalf_of_riders_only(app):
    scene = make.scene()
    with transaction():
        common.staff("reviewer", region_code=common.CITY).phone = "+8613800138055"
    for phone in ("+8613800138055", "+8613800138056"):
        with pytest.raises(RiderUnknown), transaction():
            ordering.reserve_on_behalf(
                phone=phone, reward_id=scene.reward.id, station_id=scene.station.id, reason="没带手机",
                by=scene.manager, at=make.clock.now(),
            )  # fmt: skip


def test_the_system_has_no_points_to_spend(app):
    scene = make.scene()
    with pytest.raises(Forbidden):
        make.unit(lambda: make.reserve(scene.reward, scene.station, SYSTEM))
