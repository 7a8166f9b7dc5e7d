"""Limits are said before the tap: the button of what a rider cannot have now is shut, with the reason above it."""

from __future__ import annotations

from app.identity import queries as people
from app.kernel.db import transaction
from tests.rewards import make
from tests.web.make import browser


def test_a_used_up_limit_is_said_before_the_tap(app):
    scene = make.scene(limit_count=1, limit_period="week")
    with transaction():
        rider = people.person(scene.rider.id)
    mine = browser(app, rider)
    path = f"/shop/{scene.reward.id}"
    before = mine.get(path).get_data(as_text=True)
    assert "每周最多换 1 份" in before
    assert 'class="button" disabled' not in before
    scene.hand_over(scene.reserve())
    after = mine.get(path).get_data(as_text=True)
    assert "已经换满了" in after
    assert 'class="button" disabled' in after
