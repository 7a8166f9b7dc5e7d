"""Many hands at the same moment: one item, one voucher, one hand-over, one way back."""

from __future__ import annotations

from app.kernel import clock as clock_module
from app.kernel.db import dialect_name, transaction
from app.rewards import expiring, ordering, redemption
from tests.rewards import make


def test_the_last_item_is_given_once(app):
    scene = make.scene(stock=1)
    hands = 64 if dialect_name() == "postgresql" else 16  # SQLite lets one writer in at a time anyway
    with transaction():
        riders = [make.a_rider(f"骑手{number}", points=20) for number in range(hands)]
    calls = [lambda by=by: make.reserve(scene.reward, scene.station, by) for by in riders]
    done, refused = make.at_once(app, calls)
    assert (len(done), refused) == (1, ["out-of-stock"] * (hands - 1))
    assert scene.stock() == (1, 1)
    assert sum(scene.balance(by)[1] for by in riders) == 20
    make.must_agree()


def test_the_last_item_goes_over_the_counter_once(app):
    scene = make.scene(stock=1)
    with transaction():
        riders = [make.a_rider(f"骑手{number}", points=20) for number in range(8)]
    done, refused = make.at_once(app, [lambda by=by: _at_counter(scene, by) for by in riders])
    assert (len(done), refused) == (1, ["out-of-stock"] * 7)
    assert (scene.stock(), scene.owed()) == ((0, 0), 20)
    make.must_agree()


def test_the_last_points_are_held_once(app):
    scene = make.scene(stock=16, points=20)
    done, refused = make.at_once(app, [lambda: make.reserve(scene.reward, scene.station, scene.rider)] * 8)
    assert (len(done), refused) == (1, ["points-short"] * 7)
    assert (scene.balance(), scene.stock()) == ((0, 20), (16, 1))
    make.must_agree()


def test_a_hurrying_rider_gets_three_open_vouchers_at_most(app):
    scene = make.scene(stock=16, points=400)
    done, refused = make.at_once(app, [lambda: make.reserve(scene.reward, scene.station, scene.rider)] * 12)
    assert (len(done), refused) == (3, ["voucher-limit-reached"] * 9)
    assert sorted(voucher.open_slot for voucher in done) == [1, 2, 3]
    make.must_agree()


def test_a_hurrying_rider_gets_the_months_share_once(app):
    scene = make.scene(stock=16, points=400, limit_count=1)
    done, refused = make.at_once(app, [lambda: make.reserve(scene.reward, scene.station, scene.rider)] * 8)
    assert (len(done), refused) == (1, ["reward-limit-reached"] * 7)


def test_it_is_handed_over_once(app):
    scene = make.scene()
    voucher = scene.reserve()
    calls = [lambda: make.hand_over(voucher, scene.station.id, scene.manager)] * 8
    done, refused = make.at_once(app, calls)
    assert (len(done), refused) == (1, ["voucher-handed-over"] * 7)
    assert (scene.stock(), scene.owed()) == ((4, 0), 20)
    make.must_agree()


def test_it_is_undone_once(app):
    scene = make.scene()
    voucher = scene.hand_over(scene.reserve())
    at = clock_module.now()
    calls = [lambda: redemption.undo(voucher_id=voucher.id, by=scene.manager, at=at)] * 8
    done, refused = make.at_once(app, calls)
    assert (len(done), refused) == (1, ["voucher-undone"] * 7)
    assert (scene.balance(), scene.stock(), scene.owed()) == ((100, 0), (5, 0), 0)
    make.must_agree()


def test_cancelling_and_expiring_give_back_once(app, clock):
    scene = make.scene()
    voucher = scene.reserve()
    clock.at = at = voucher.expires_at
    cancels = [lambda: ordering.cancel(voucher_id=voucher.id, by=scene.rider, at=at)] * 4
    expiries = [lambda: expiring.expire_due(at=at)] * 4
    done, refused = make.at_once(app, cancels + expiries)
    given_back = [each for each in done if each]  # a sweep that found nothing came back with 0
    assert len(given_back) == 1
    assert set(refused) <= {"voucher-cancelled", "voucher-expired"}
    assert (scene.balance(), scene.stock()) == ((100, 0), (5, 0))
    make.must_agree()


def test_it_is_handed_over_or_cancelled_never_both(app):
    scene = make.scene()
    voucher = scene.reserve()
    at = clock_module.now()
    hands = [lambda: make.hand_over(voucher, scene.station.id, scene.manager)] * 4
    cancels = [lambda: ordering.cancel(voucher_id=voucher.id, by=scene.rider, at=at)] * 4
    done, _ = make.at_once(app, hands + cancels)
    assert len(done) == 1
    expected = ((80, 0), (4, 0), 20) if done[0].state == "handed_over" else ((100, 0), (5, 0), 0)
    assert (scene.balance(), scene.stock(), scene.owed()) == expected
    make.must_agree()


def test_sweeps_and_the_counter_do_not_block_each_other(app, clock):
    scene = make.scene(stock=12, points=0)
    with transaction():
        riders = [make.a_rider(f"骑手{number}", points=40) for number in range(6)]
    old = [scene.reserve(by) for by in riders]
    clock.at = old[0].expires_at
    calls = [lambda by=by: _at_counter(scene, by) for by in riders]
    done, refused = make.at_once(app, calls + [lambda: expiring.expire_due(at=clock.at)] * 2)
    assert refused == []
    assert len(done) == 8
    assert (scene.stock(), scene.owed()) == ((6, 0), 120)
    make.must_agree()


def _at_counter(scene, rider):
    return redemption.hand_over_at_counter(
        person_id=rider.id,
        reward_id=scene.reward.id,
        station_id=scene.station.id,
        by=scene.manager,
        at=clock_module.now(),
    )
