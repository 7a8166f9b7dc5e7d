from __future__ import annotations

import random
from datetime import timedelta

import pytest

from app.cases import asking, opening
from app.identity.profile import close_account
from app.kernel.db import transaction
from app.kernel.errors import RateLimited
from tests import make as city
from tests.cases import make
from tests.cases.make import Town
from tests.conftest import StandingClock
from tests.crossing import crossed

MOST = opening.MAX_A_DAY


def test_nobody_reports_without_end(unit: None, town: Town, clock: StandingClock):
    for _ in range(MOST):
        make.report(town.rider)

    with pytest.raises(RateLimited) as refusal:
        make.report(town.rider)
    assert refusal.value.facts["retry_after_s"] == (10 * 60 - 2) * 60  # it is 14:02, the day ends at midnight
    assert make.report(town.other)
    clock.advance(hours=10)
    assert make.report(town.rider)


def test_what_days_without_a_signal_have_kept_comes_in_at_once_in_any_order(
    unit: None, town: Town, clock: StandingClock
):
    saved = [clock.at - timedelta(days=day, minutes=n) for day in range(4) for n in range(MOST // 2 + 1)]
    random.Random(1).shuffle(saved)

    first, again = (
        [make.report(town.rider, happened_at=each, client_ref=each.isoformat()).id for each in saved]
        for _ in range(2)
    )

    assert len(set(first)) == len(saved) > 2 * MOST
    assert again == first


def test_what_a_day_cannot_hold_waits_for_another_and_is_not_turned_away_for_good(
    unit: None, town: Town, clock: StandingClock
):
    yesterday = clock.at - timedelta(days=1)

    def bring(number: int) -> bool:
        try:
            return bool(make.report(town.rider, happened_at=yesterday, client_ref=f"draft-{number}"))
        except RateLimited:
            return False

    assert sum(bring(number) for number in range(MOST + 9)) == MOST
    assert make.report(town.rider, happened_at=yesterday - timedelta(days=1))  # that day has room
    clock.advance(days=1)
    assert all(bring(number) for number in range(MOST + 9))


def test_two_hands_of_one_person_take_turns(town: Town):
    with transaction():
        for _ in range(MOST - 1):
            make.report(town.rider)

    both = crossed(lambda: make.report(town.rider).state, lambda: make.report(town.rider).state)

    assert (both.first, both.then) == ("submitted", "too-many-tries")


def test_whoever_is_leaving_brings_up_nothing_more(town: Town, clock: StandingClock):
    both = crossed(
        lambda: close_account(by=city.actor(town.rider), at=clock.at),
        lambda: asking.suggest(words="多放一台微波炉", by=city.actor(town.rider), at=clock.at).state,
    )

    assert both.then == "session-ended"
