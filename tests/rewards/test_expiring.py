"""Vouchers nobody picked up give points and stock back, exactly once."""

from __future__ import annotations

import pytest

from app.ledger import holds
from app.rewards import expiring
from app.rewards.errors import VoucherExpired
from app.rewards.events import RewardExpired
from tests.rewards import make


def test_it_gives_points_and_stock_back_once(app, clock):
    scene = make.scene()
    voucher = scene.reserve()
    clock.at = voucher.expires_at
    with make.listening(RewardExpired) as heard:
        assert (make.expire(), make.expire()) == (1, 0)
    assert (scene.balance(), scene.stock()) == ((100, 0), (5, 0))
    assert [each.voucher_id for each in heard] == [voucher.id]
    make.must_agree()


def test_it_leaves_those_that_still_have_time(app, clock):
    scene = make.scene()
    clock.at = scene.reserve().expires_at
    clock.advance(microseconds=-1)
    assert make.expire() == 0
    assert scene.stock() == (5, 1)


def test_an_expired_voucher_cannot_be_cancelled(app, clock):
    scene = make.scene()
    voucher = scene.reserve()
    clock.at = voucher.expires_at
    make.expire()
    with pytest.raises(VoucherExpired):
        scene.cancel(voucher)
    assert scene.balance() == (100, 0)


def test_many_are_taken_in_portions(app, clock):
    scene = make.scene()
    vouchers = [scene.reserve() for _ in range(3)]
    clock.at = vouchers[0].expires_at
    assert make.unit(lambda: expiring.expire_due(at=clock.at, limit=2)) == 2
    assert make.expire() == 1
    assert (scene.balance(), scene.stock()) == ((100, 0), (5, 0))
    make.must_agree()


def test_the_ledgers_own_sweep_does_not_part_points_from_stock(app, clock):
    scene = make.scene()
    clock.at = scene.reserve().expires_at
    assert make.unit(lambda: holds.expire_due(at=clock.at)) == []
    assert (scene.balance(), scene.stock()) == ((80, 20), (5, 1))
    assert make.expire() == 1
    make.must_agree()
