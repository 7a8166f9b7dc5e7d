"""What a fact says of the event behind it: who, where, when and how, on the city's wall clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.cases.events import CaseResolved
from app.checkins.events import CheckedIn
from app.kernel.ids import new_id
from app.rules.kinds import checkin, hours, suggestion, training
from app.volunteering.events import HoursConfirmed, TrainingFinished
from tests import make as people
from tests.rules.make import PATH

pytestmark = pytest.mark.once
HAPPENED = datetime(2026, 11, 24, 23, 5, tzinfo=UTC)  # Wednesday, 07:05 in the city
LEARNT = HAPPENED + timedelta(days=2)
WHERE_AND_WHEN = {"region": PATH, "time": "07:05", "hour": 7, "weekday": 3, "day": "workday"}
ONE, RIDER, STATION = new_id(), new_id(), new_id()
PLACE = {"region_code": people.COMMUNITY, "at": LEARNT}


def told(fact):
    assert (fact.id, fact.person_id, fact.region_code, fact.happened_at) == (
        ONE,
        RIDER,
        people.COMMUNITY,
        HAPPENED,
    )
    assert WHERE_AND_WHEN.items() <= fact.fields.items()
    return {name: value for name, value in fact.fields.items() if name not in WHERE_AND_WHEN}


def test_a_check_in_is_of_when_it_happened():
    event = CheckedIn(
        checkin_id=ONE, person_id=RIDER, station_id=STATION, how="poster", happened_at=HAPPENED, **PLACE
    )
    fact = checkin.fact_of(event, region_path=PATH)
    assert (fact.kind, told(fact)) == ("checkin", {"how": "poster", "station": str(STATION)})


def test_hours_are_of_when_the_service_ended():
    event = HoursConfirmed(
        hours_id=ONE,
        person_id=RIDER,
        activity_id=new_id(),
        category="safety",
        minutes=60,
        basis="proven",
        **PLACE,
    )
    own = {"minutes": 60, "basis": "proven", "category": "safety"}
    fact = hours.fact_of(event, served_at=HAPPENED, region_path=PATH)
    assert (fact.kind, told(fact)) == ("hours", own)


def test_a_training_is_of_when_it_ended():
    own = {"course": "first-aid", "minutes": 90, "basis": "witnessed"}
    event = TrainingFinished(training_id=ONE, person_id=RIDER, finished_at=HAPPENED, **own, **PLACE)
    fact = training.fact_of(event, region_path=PATH)
    assert (fact.kind, told(fact)) == ("training", own)


def test_a_suggestion_is_of_when_it_was_adopted():
    event = CaseResolved(
        case_id=ONE,
        kind="suggestion",
        category="other",
        grade="normal",
        reporter_id=RIDER,
        **(PLACE | {"at": HAPPENED}),
    )
    fact = suggestion.fact_of(event, reporter_id=RIDER, region_path=PATH)
    assert (fact.kind, told(fact)) == ("suggestion", {"category": "other"})
