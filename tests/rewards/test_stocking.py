"""The shelf: deliveries, counts and write-offs, each with its reason, never against what was promised."""

from __future__ import annotations

import pytest

from app.kernel.db import transaction
from app.kernel.errors import Forbidden
from app.rewards import catalogue, queries, shop, stocking
from app.rewards.errors import ReasonNeeded, RewardNotOfferedHere, StockPromised, StockUnknown
from tests import make as common
from tests.rewards import make


def change(scene, verb, by=None, **more):
    where = {"reward_id": scene.reward.id, "station_id": scene.station.id}
    return make.unit(lambda: verb(**where, **more, by=by or scene.manager, at=make.clock.now()))


def test_a_delivery_adds(app):
    scene = make.scene(stock=2)
    stock = change(scene, stocking.deliver, quantity=3)
    assert (stock.on_hand, scene.stock()) == (5, (5, 0))


def test_a_count_that_differs_needs_a_reason(app):
    scene = make.scene(stock=5)
    for counted in (4, 6):
        with pytest.raises(ReasonNeeded):
            change(scene, stocking.count, counted=counted)
    change(scene, stocking.count, counted=4, reason="少了一瓶")
    change(scene, stocking.count, counted=4)
    assert scene.stock() == (4, 0)
    with transaction(write=False):
        kinds = [(each.kind, each.quantity) for each in queries.movements_at(scene.station.id).items]
    assert kinds == [("count", 0), ("count", -1), ("delivery", 5)]


@pytest.mark.once
def test_a_station_sees_the_movements_of_its_own_shelf_only(app):
    scene = make.scene(stock=5)
    with transaction():
        other = common.station("新街口驿站", position=make.NEXT_DOOR)
        make.reward(other, stock=3)
    with transaction(write=False):
        assert [each.quantity for each in queries.movements_at(scene.station.id).items] == [5]
        assert [each.quantity for each in queries.movements_at(other.id).items] == [3]


def test_what_was_promised_can_be_neither_written_off_nor_counted_away(app):
    scene = make.scene(stock=2)
    scene.reserve()
    with pytest.raises(StockPromised):
        change(scene, stocking.write_off, quantity=2, reason="破损")
    with pytest.raises(StockPromised):
        change(scene, stocking.count, counted=0, reason="没了")
    change(scene, stocking.write_off, quantity=1, reason="破损")
    assert scene.stock() == (1, 1)
    make.must_agree()


def test_only_staff_of_the_station_touch_its_shelf(app):
    scene = make.scene()
    with transaction():
        other = common.station("新街口驿站", position=make.NEXT_DOOR)
        stranger = common.actor(common.staff("station-manager", station_id=other.id))
    for by in (stranger, scene.rider):
        for verb, more in (
            (stocking.deliver, {"quantity": 1}),
            (stocking.count, {"counted": 1, "reason": "x"}),
            (stocking.write_off, {"quantity": 1, "reason": "x"}),
        ):
            with pytest.raises(Forbidden):
                change(scene, verb, by=by, **more)


def test_a_reward_of_another_region_is_not_delivered(app):
    scene = make.scene()
    with transaction():
        scene.reward = make.reward(region_code=common.QINHUAI, stock=0)
    with pytest.raises(RewardNotOfferedHere):
        change(scene, stocking.deliver, quantity=1)
    with pytest.raises(StockUnknown):
        change(scene, stocking.count, counted=0)


def test_rewards_are_offered_and_withdrawn_by_the_department_of_the_region(app):
    scene = make.scene()
    with transaction():
        department = common.actor(common.staff("department", region_code=common.XUANWU))
        offered = make.reward(region_code=common.XUANWU, stock=0)
    make.unit(lambda: catalogue.withdraw(reward_id=offered.id, by=department, at=make.clock.now()))
    for by in (department, scene.manager):
        with pytest.raises(Forbidden):
            make.unit(lambda by=by: catalogue.withdraw(reward_id=scene.reward.id, by=by, at=make.clock.now()))
        with pytest.raises(Forbidden):
            make.unit(lambda by=by: _offer_in_the_city(by))
    with transaction(write=False):
        assert [item.reward.id for item in shop.shop(at=make.clock.now()).items] == [scene.reward.id]


def _offer_in_the_city(by):
    names = {"name_zh": "雨衣", "name_en": "Raincoat"}
    return catalogue.offer(
        **names, kind="goods", points=300, region_code=common.CITY, by=by, at=make.clock.now()
    )


def test_the_shop_knows_the_nearest_station_and_what_is_missing(app):
    scene = make.scene(points=15)
    with transaction():
        near = common.station("近处驿站", position=make.NEXT_DOOR)
        make.stocking.deliver(
            reward_id=scene.reward.id, station_id=near.id, quantity=2, by=make.SYSTEM, at=make.clock.now()
        )
    with transaction(write=False):
        assert shop.shop(region_code=common.QINHUAI, at=make.clock.now()).items[0].short_by is None
        item = shop.shop(
            at=make.clock.now(), near=make.NEXT_DOOR, person_id=scene.rider.id, region_code=common.COMMUNITY
        ).items[0]
        nearest = item.places[0]
        assert (item.free, item.short_by, nearest.station.id, nearest.distance_m) == (7, 5, near.id, 0)
