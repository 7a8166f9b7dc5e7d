"""Trainings that riders finished: once a city day, and never before they are over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.kernel.db import session, transaction
from app.kernel.errors import Forbidden
from app.volunteering.errors import OwnHours, TrainingTimeWrong
from app.volunteering.events import TrainingFinished
from app.volunteering.models import Training
from app.volunteering.training import LATE_AFTER, OLDEST, record_training
from tests import make as city
from tests.volunteering import make

pytestmark = pytest.mark.once

MIDNIGHT = datetime(2026, 11, 23, 16, tzinfo=UTC)  # in the city


def _write_down(here, rider, finished_at, at, by=None):
    with transaction():
        return record_training(
            person_id=rider.person_id,
            course="first-aid",
            region_code=city.COMMUNITY,
            minutes=45,
            finished_at=finished_at,
            by=by or here.organiser,
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
    with pytest.raises(TrainingTimeWrong) as refused:
        _write_down(here, rider, clock.at - ago, clock.at)
    assert (set(refused.value.fields), refused.value.facts["days"]) == ({"finished_at"}, 30)
    for just in (timedelta(0), OLDEST):
        assert _write_down(here, rider, clock.at - just, clock.at).minutes == 45


@pytest.mark.parametrize(
    ("late", "basis"),
    [(LATE_AFTER, "witnessed"), (LATE_AFTER + timedelta(microseconds=1), "backfilled")],
)
def test_a_training_is_told_once_with_how_it_is_known(app, clock, late, basis):
    """Rules may give less for what was entered later: the border is two days to the moment."""
    here, rider = make.setting(), make.new_rider()
    with make.listening(TrainingFinished) as heard:
        made, _again = (_write_down(here, rider, clock.at - late, clock.at) for _ in range(2))
    assert (made.basis, made.recorded_by, made.recorded_at) == (basis, here.organiser.id, clock.at)
    assert heard == [
        TrainingFinished(
            training_id=made.id,
            person_id=rider.person_id,
            course="first-aid",
            region_code=city.COMMUNITY,
            minutes=45,
            basis=basis,
            finished_at=clock.at - late,
            at=clock.at,
        )
    ]


def test_a_training_is_written_down_by_whoever_may_there_and_never_ones_own(app, clock):
    here = make.setting()
    with transaction():
        elsewhere = city.actor(city.staff("organiser", region_code=city.QINHUAI))
    for by, refusal in ((elsewhere, Forbidden), (here.organiser, OwnHours)):
        with pytest.raises(refusal):
            _write_down(here, here.organiser, clock.at, clock.at, by=by)
    with transaction(write=False):
        assert session.query(Training).count() == 0
