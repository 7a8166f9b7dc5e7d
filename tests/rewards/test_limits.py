"""A rider's limits: what counts against them, in which period, and what the shop says of it before the tap."""

from __future__ import annotations

from datetime import date

import pytest

from app.identity.actors import SYSTEM
from app.kernel.db import transaction
from app.kernel.i18n import say
from app.rewards import catalogue, shop
from app.rewards.errors import RewardLimitReached, VoucherLimitReached
from tests.rewards import make
from tests.rewards.test_books import ask, decide

pytestmark = pytest.mark.once


def seen(scene, reward=None):
    """How the rider finds a reward in the shop."""
    chosen = reward or scene.reward
    with transaction(write=False):
        return shop.shop_item(chosen.id, person_id=scene.rider.id, at=make.clock.now())


@pytest.fixture
def scene(app):
    return make.scene(limit_count=1, limit_period="year")


def test_what_was_refunded_or_ran_out_does_not_count_against_the_share(scene, clock, department):
    voucher = scene.hand_over(scene.reserve())
    clock.advance(minutes=16)
    decide(ask(scene, voucher), department[0])
    assert seen(scene).left == 1
    clock.at = scene.reserve().expires_at
    make.expire()
    assert scene.reserve().share_no == 1


def test_what_was_cancelled_or_undone_does_not_count_against_the_share_either(scene):
    scene.cancel(scene.reserve())
    assert seen(scene).left == 1
    scene.undo(scene.hand_over(scene.reserve()))
    assert (seen(scene).left, scene.reserve().share_no) == (1, 1)


def test_a_voucher_still_open_from_last_month_leaves_this_months_share(app, clock):
    scene = make.scene(limit_count=1, limit_period="month")
    scene.reserve()
    assert seen(scene).left == 0
    clock.advance(days=7)  # 1 December
    assert (seen(scene).left, seen(scene).obstacle) == (1, None)
    assert scene.reserve().period_on == date(2026, 12, 1)
    with pytest.raises(RewardLimitReached) as refused:
        scene.reserve()
    assert refused.value.facts["period"] == say("rewards.period-month") != "month"


def test_a_week_runs_from_monday_to_sunday(app, clock):
    scene = make.scene(limit_count=1, limit_period="week")
    scene.hand_over(scene.reserve())
    clock.advance(days=5)  # Sunday
    with pytest.raises(RewardLimitReached) as refused:
        scene.reserve()
    assert refused.value.facts["period"] == say("rewards.period-week") != "week"
    clock.advance(days=1)
    assert scene.reserve().period_on == date(2026, 11, 30)


def test_what_is_left_of_a_reward_is_not_lessened_by_another(scene):
    with transaction():
        tea = make.reward(scene.station, limit_count=2)
    scene.hand_over(scene.reserve())
    assert (seen(scene).left, seen(scene, tea).left) == (0, 2)
    scene.reserve(reward=tea)
    assert seen(scene, tea).left == 1


def test_the_shop_says_that_three_vouchers_are_open(app):
    scene = make.scene()
    scene.reserve()
    scene.reserve()
    assert seen(scene).obstacle is None
    scene.reserve()
    assert isinstance(seen(scene).obstacle, VoucherLimitReached)


def test_the_shop_lists_a_place_where_all_are_promised_as_one_that_usually_has_it(app):
    scene = make.scene(stock=1)
    scene.reserve()
    found = seen(scene)
    assert (found.free, found.places) == (0, [])
    assert [place.station.id for place in found.elsewhere] == [scene.station.id]


def test_a_reward_is_withdrawn_once_and_has_no_places_any_more(scene, clock):
    first = clock.at
    for _ in range(2):
        gone = make.unit(
            lambda: catalogue.withdraw(reward_id=scene.reward.id, by=SYSTEM, at=make.clock.now())
        )
        clock.advance(days=1)
    assert gone.withdrawn_at == first
    assert make.recorded("reward.withdrawn") == [{"subject": f"reward:{scene.reward.id}"}]
    assert (seen(scene).places, seen(scene).elsewhere) == ([], [])


def test_the_audit_log_says_what_was_said_anew_of_a_reward(scene):
    told = {"name_zh": "矿泉水", "name_en": "Water", "words_zh": "冰的", "words_en": "", "pick_up_days": 3}
    for _ in range(2):  # the second time nothing changes
        make.unit(
            lambda: catalogue.revise(
                reward_id=scene.reward.id, **told, pick_up_hours=None, by=SYSTEM, at=make.clock.now()
            )
        )
    assert make.recorded("reward.revised") == [
        {"subject": f"reward:{scene.reward.id}", "changed": "words_zh,pick_up_days"}
    ]
