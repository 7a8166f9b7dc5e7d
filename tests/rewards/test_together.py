"""Hand-overs that arrive at the same moment: settled together, each answered as if it had come by itself."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.kernel import clock
from app.kernel.answering import edge_of
from app.kernel.db import in_transaction, session, transaction
from app.ledger import holds
from app.ledger.models import LedgerTransaction
from app.ledger.verify import verify
from app.places.hours import every_day
from app.rewards import api, ordering, redemption, turning
from app.rewards.models import StockMovement, Voucher
from tests import make as common
from tests.kernel.gathering import gathered
from tests.rewards import make
from tests.rewards.test_unanswered import hand_over, written


@pytest.fixture
def lane():
    return edge_of(api.hand_over).lane


@pytest.fixture
def settled(monkeypatch):
    """What came of the groups that were settled."""
    seen = []
    ordinary = redemption.redeem_together

    def noted(group, *, at):
        told = ordinary(group, at=at)
        seen.append(["settled" if each else "left" for each in told])
        return told

    monkeypatch.setattr(redemption, "redeem_together", noted)
    return seen


def books_close() -> bool:
    with transaction(write=False):
        return verify() == []


def test_a_group_leaves_the_same_rows_as_one_by_one(lane, counter, scene, settled):
    alone, *grouped = (scene.reserve() for _ in range(3))
    first = hand_over(counter, scene, alone)
    told = gathered(lane, *(lambda each=each: hand_over(counter, scene, each) for each in grouped))
    assert settled == [["settled", "settled"]]
    assert [each.status_code for each in (first, *told)] == [201] * 3
    for voucher, answer in zip(grouped, told, strict=True):
        assert written(voucher.id) == written(alone.id)
        assert answer.json["id"] == str(voucher.id)
        assert {**answer.json, **dict.fromkeys(("id", "serial"))} == {
            **first.json,
            **dict.fromkeys(("id", "serial")),
        }
    assert scene.stock() == (1, 0)


def test_of_a_voucher_named_twice_one_goes_with_the_group_and_one_alone(scene):
    voucher, other = scene.reserve(), scene.reserve()
    wanted = [
        redemption.Wanted(each.id, scene.station.id, scene.manager) for each in (voucher, voucher, other)
    ]
    with transaction():
        told = redemption.redeem_together(wanted, at=clock.now())
        assert [each is not None for each in told] == [True, False, True]
    assert books_close()


def test_one_voucher_twice_in_a_group_is_handed_over_once(lane, counter, scene):
    voucher, other = scene.reserve(), scene.reserve()
    again = {"voucher_id": str(voucher.id), "station_id": str(scene.station.id)}

    def with_another_key():
        return counter.post("/api/v1/redemptions", json=again, headers={"Idempotency-Key": "another"})

    told = gathered(
        lane,
        lambda: hand_over(counter, scene, voucher),
        with_another_key,
        lambda: hand_over(counter, scene, other),
    )
    assert [each.status_code for each in told] == [201, 409, 201]
    assert told[1].json["code"] == "voucher-handed-over"
    with transaction(write=False):
        moved = session.scalars(select(StockMovement).filter_by(voucher_id=voucher.id)).all()
        assert len(moved) == 1
    assert books_close()


def test_the_same_request_again_is_answered_the_same(lane, counter, scene):
    voucher, other = scene.reserve(), scene.reserve()
    told = gathered(
        lane,
        *(lambda each=each: hand_over(counter, scene, each) for each in (voucher, voucher, other)),
    )
    assert [each.status_code for each in told] == [201] * 3
    assert told[0].json == told[1].json
    assert told[1].headers["Idempotent-Replayed"] == "true"
    assert books_close()


def test_whatever_cannot_be_handed_over_is_refused_by_itself(lane, counter, scene, settled):
    cancelled, good, also_good = (scene.reserve() for _ in range(3))
    in_transaction(lambda: ordering.cancel(voucher_id=cancelled.id, by=scene.rider, at=clock.now()))
    told = gathered(
        lane,
        *(lambda each=each: hand_over(counter, scene, each) for each in (cancelled, good, also_good)),
    )
    assert settled == [["left", "settled", "settled"]]
    assert [(each.status_code, each.json.get("code")) for each in told] == [
        (409, "voucher-cancelled"),
        (201, None),
        (201, None),
    ]
    assert books_close()


def test_a_rider_in_a_group_is_shown_the_door(app, lane, counter, scene, settled):
    voucher, other = scene.reserve(), scene.reserve()
    with transaction():
        rider = session.get_one(common.Person, scene.rider.person_id)
    client = common.signed_in(app, rider)
    told = gathered(lane, lambda: hand_over(client, scene, voucher), lambda: hand_over(counter, scene, other))
    assert settled == [["settled"]]
    assert [(each.status_code, each.json.get("code")) for each in told] == [(403, "not-allowed"), (201, None)]
    assert books_close()


def test_nobody_hands_over_for_a_station_that_is_not_theirs(lane, counter, scene, settled):
    voucher, other = scene.reserve(), scene.reserve()
    body = {"voucher_id": str(voucher.id), "station_id": "0198f000-0000-7000-8000-000000000001"}

    def elsewhere():
        return counter.post("/api/v1/redemptions", json=body, headers={"Idempotency-Key": "elsewhere"})

    told = gathered(lane, elsewhere, lambda: hand_over(counter, scene, other))
    assert settled == [["left", "settled"]]
    assert [each.status_code for each in told] == [403, 201]


@pytest.mark.once
def test_staff_of_another_station_hand_nothing_over_in_a_group(app, lane, counter, scene, settled):
    with transaction():
        there = common.station("隔壁驿站")
        deputy = common.staff("station-manager", station_id=there.id, name="赵站长")
    theirs = common.signed_in(app, deputy)
    voucher, other = scene.reserve(), scene.reserve()
    told = gathered(lane, lambda: hand_over(theirs, scene, voucher), lambda: hand_over(counter, scene, other))
    assert settled == [["left", "settled"]]
    assert [(each.status_code, each.json.get("code")) for each in told] == [(403, "not-allowed"), (201, None)]
    assert scene.stock() == (3, 1)
    assert books_close()


def test_whoever_may_at_both_stations_still_hands_over_only_what_is_promised_there(app, lane, counter, scene):
    with transaction():
        next_door = common.station("隔壁驿站")
        of_the_city = common.staff("station-manager", region_code=common.CITY, name="总站长")
    everywhere = common.signed_in(app, of_the_city)
    voucher, other = scene.reserve(), scene.reserve()
    body = {"voucher_id": str(voucher.id), "station_id": str(next_door.id)}

    def elsewhere():
        return everywhere.post("/api/v1/redemptions", json=body, headers={"Idempotency-Key": "elsewhere"})

    told = gathered(lane, elsewhere, lambda: hand_over(counter, scene, other))
    assert [(each.status_code, each.json.get("code")) for each in told] == [
        (409, "voucher-other-station"),
        (201, None),
    ]
    assert books_close()


def test_each_of_a_group_is_under_its_own_name_and_owed_to_its_own_station(
    app, lane, counter, scene, settled
):
    with transaction():
        there = common.station("隔壁驿站")
        deputy = common.staff("station-manager", station_id=there.id, name="赵站长")
        tea = make.reward(there, points=15)
        next_door = make.Scene(there, common.actor(deputy), scene.rider, tea)
    next_door.hand_over(next_door.reserve())  # its account is open, too
    theirs = common.signed_in(app, deputy)
    vouchers = [scene.reserve(), next_door.reserve()]
    gathered(
        lane,
        lambda: hand_over(counter, scene, vouchers[0]),
        lambda: hand_over(theirs, next_door, vouchers[1]),
    )
    assert settled == [["settled", "settled"]]
    assert (scene.owed(), next_door.owed()) == (40, 30)
    assert (scene.stock(), next_door.stock()) == ((3, 0), (3, 0))
    for each, manager in zip(vouchers, (scene.manager, next_door.manager), strict=True):
        assert signed_by(each) == {manager.person_id}
    assert books_close()


def signed_by(voucher) -> set:
    """Whom the voucher, the shelf and the ledger name for a hand-over."""
    with transaction(write=False):
        moved = session.scalars(select(StockMovement).filter_by(voucher_id=voucher.id)).one()
        source = f"voucher:{voucher.id}:handed-over"
        booked = session.scalars(select(LedgerTransaction).filter_by(source=source)).one()
        return {session.get_one(Voucher, voucher.id).handed_over_by, moved.by_id, booked.made_by}


def test_outside_its_hours_nothing_is_handed_over_in_a_group_either(lane, counter, scene, settled):
    with transaction():
        in_the_morning = make.reward(scene.station, pick_up_hours=every_day("08:00", "12:00"))
    shut, good = scene.reserve(reward=in_the_morning), scene.reserve()  # it is 14:02
    told = gathered(lane, *(lambda each=each: hand_over(counter, scene, each) for each in (shut, good)))
    assert settled == [["left", "settled"]]
    assert [(each.status_code, each.json.get("code")) for each in told] == [
        (409, "pick-up-closed"),
        (201, None),
    ]
    assert scene.stock(in_the_morning) == (5, 1)
    assert books_close()


@pytest.mark.parametrize("turned", [turning, holds])
def test_a_race_that_was_lost_leaves_nothing_of_the_group(lane, counter, scene, monkeypatch, turned):
    """The planted race: a voucher is turned, or its hold is ended, by somebody else after it was found open."""
    lost, good = scene.reserve(), scene.reserve()
    ordinary, done = turned.update_all, []

    def faster(model, rows, **more):
        if not done:
            done.append(1)
            return ordinary(model, rows[1:], **more)
        return ordinary(model, rows, **more)

    monkeypatch.setattr(turned, "update_all", faster)
    told = gathered(lane, *(lambda each=each: hand_over(counter, scene, each) for each in (lost, good)))
    assert done == [1]
    assert [each.status_code for each in told] == [201, 201]
    with transaction(write=False):
        booked = session.scalars(select(LedgerTransaction.source)).all()
        for voucher in (lost, good):
            assert booked.count(f"voucher:{voucher.id}:handed-over") == 1
    assert books_close()
