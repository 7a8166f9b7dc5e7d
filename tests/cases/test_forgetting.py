"""Where a report was is kept to the metre for thirty days; its community and its words stay."""

from __future__ import annotations

import pytest

from app.cases import states as s
from app.cases.forgetting import forget_places
from app.kernel.geo import Position, distance_m
from app.main import JOBS
from tests import make as city
from tests.cases import make
from tests.cases.make import POTHOLE, Town


def test_a_place_is_forgotten_after_thirty_days_and_its_community_stays(unit: None, town: Town, clock):
    case = make.report_in(s.REJECTED, town)
    clock.advance(days=29, hours=23)
    assert (forget_places(at=clock()), make.fresh(case).position) == (0, POTHOLE)
    clock.advance(hours=1)
    assert (forget_places(at=clock()), make.fresh(case).position) == (1, None)
    assert (make.fresh(case).region_code, make.fresh(case).place_words) == (city.COMMUNITY, "珠江路口")
    assert forget_places(at=clock()) == 0


@pytest.mark.parametrize("state", [s.SUBMITTED, s.IN_PROGRESS])
def test_an_open_report_can_still_be_found_but_not_to_the_metre(unit: None, town: Town, clock, state: str):
    case = make.report_in(state, town)
    clock.advance(days=30)
    assert forget_places(at=clock()) == 1
    there = make.fresh(case).position
    assert there == Position(round(POTHOLE.lat, 3), round(POTHOLE.lng, 3)) != POTHOLE
    assert distance_m(there, POTHOLE) < 100
    assert forget_places(at=clock()) == 0
    make.bring(case, town, *{s.SUBMITTED: [s.REJECT]}.get(state, [s.RESOLVE]))
    if state == s.IN_PROGRESS:  # for a week its reporter may say that it is not done
        assert forget_places(at=clock()) == 0
        clock.advance(days=7)
    assert (forget_places(at=clock()), make.fresh(case).position) == (1, None)


def test_places_and_unused_photos_are_forgotten_by_themselves():
    assert {"forget-places", "forget-unused-photos"} <= {each.name for each in JOBS if each.every_s}
