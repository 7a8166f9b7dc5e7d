"""Trainings that riders finished: once a city day, and never before they are over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.kernel.db import session, transaction
from app.volunteering.errors import TrainingTimeWrong
from app.volunteering.models import Training
from app.volunteering.training import OLDEST, record_training
from tests import make as city
from tests.volunteering import make

pytestmark = pytest.mark.once

MIDNIGHT = datetime(2026, 11, 23, 16, tzinfo=UTC)  # in the city


def _write_down(here, rider, finished_at, at):
    with transaction():
        return record_training(
            person_id=rider.person_id,
            course="first-aid",
            region_code=city.COMMUNITY,
            minutes=45,
            finished_at=finished_at,
            by=here.organiser,
            at=at,
        )


def test_the_same_training_counts_once_in_a_day_of_the_city(app, clock):
    here, rider = make.setting(), make.new_rider()
    early, late = MIDNIGHT + timedelta(hours=1), MIDNIGHT + timedelta(hours=12)
    first, again, before = (
        _write_down(here, rider, finished_at, clock.at)
        for finished_at in (early, late, MIDNIGHT - timedelta(minutes=1))
    )
    assert first.id == again.id != before.id
    with transaction(write=False):
        assert session.query(Training).count() == 2


@pytest.mark.parametrize("ago", [timedelta(microseconds=-1), OLDEST + timedelta(microseconds=1)])
def test_a_training_is_over_when_it_is_written_down_and_not_long_ago(app, clock, ago):
    here, rider = make.setting(), make.new_rider()
    with pytest.raises(TrainingTimeWrong):
        _write_down(here, rider, clock.at - ago, clock.at)
    for just in (timedelta(0), OLDEST):
        assert _write_down(here, rider, clock.at - just, clock.at).minutes == 45
