"""What a rider and the desk read of each ground: which place, which time and which distance stands where."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.cases.models import Case
from app.doubts.models import Doubt
from app.doubts.wording import why
from app.kernel.db import session, transaction
from app.kernel.i18n import format_instant
from tests.doubts import make
from tests.media.make import encoded, scene

pytestmark = pytest.mark.once


@pytest.fixture
def town(app, clock):
    return make.town()


def said(doubt: Doubt) -> str:
    with transaction(write=False):
        return why(doubt, "en")


def when(at) -> str:
    return format_instant(at, "en")


def numbers() -> list[str]:
    """Of all reports, oldest first."""
    with transaction(write=False):
        return list(session.scalars(select(Case.number).order_by(Case.id)))


def test_of_two_places_each_stands_with_its_own_time_and_region(town, clock):
    first = clock.at
    town.check_in(town.here)
    clock.advance(seconds=456)  # more than seven and a half minutes are eight
    town.check_in(town.there)
    before, after = make.look(clock)
    assert said(before) == (
        f"Checked in at “梅园驿站” on {when(first)} and at “江北驿站” on {when(first + timedelta(seconds=456))}: "
        "15.0 km apart, within 8 min."
    )
    assert said(after).startswith(
        f"Checked in at “江北驿站” on {when(first + timedelta(seconds=456))} and at “梅园"
    )
    assert (before.happened_at, after.happened_at) == (first, first + timedelta(seconds=456))


def test_two_at_the_same_moment_are_within_a_minute(town, clock):
    town.check_in(town.here)
    town.check_in(town.there)
    assert said(make.look(clock)[0]).endswith("15.0 km apart, within 1 min.")


def test_of_a_shift_its_end_and_the_check_in_in_the_middle(town, clock):
    town.volunteer(clock, town.here, elsewhere_after_min=60)
    ended = clock.at
    (doubt,) = make.look(clock)
    assert said(doubt) == (
        f"During the volunteer hours of “路口文明劝导” (until {when(ended)}) there is a check-in at “江北驿站”, "
        f"15.0 km away, on {when(ended - timedelta(minutes=60))}."
    )
    assert (doubt.region_code, doubt.person_id) == ("320102002001", town.rider.id)


def test_of_heads_that_were_counted_the_moment(town, clock):
    town.serve(clock, (50, False))
    ended = clock.at
    assert said(make.look(clock)[0]) == (
        f"Volunteer hours of “路口文明劝导” (until {when(ended)}): when whoever led it counted heads on "
        f"{when(ended - timedelta(minutes=70))}, this rider was signed in and not seen."
    )


def test_of_one_matter_the_later_report_and_the_earlier_one(town, clock):
    first = clock.at
    town.report()
    clock.advance(minutes=10)
    town.report(metres=40)
    earlier, later = numbers()
    assert said(make.look(clock)[0]) == (
        f"{later}, reported on {when(first + timedelta(minutes=10))}, is of the same kind as {earlier}, "
        f"reported on {when(first)}, 40 m away: it may be one matter."
    )


def test_of_one_photo_when_the_other_one_came(town, clock):
    first = clock.at
    town.report(photos=[encoded(scene(1))])
    clock.advance(days=5)
    town.report(metres=5_000, category="street-light", photos=[encoded(scene(1))])
    second = clock.at
    (doubt,) = make.look(clock)
    assert said(doubt) == (
        f"The photo of {numbers()[1]}, reported on {when(second)}, is almost that of another report of {when(first)}: "
        "it may be of something else."
    )
    assert (doubt.happened_at, doubt.against["bits"]) == (second, 0)
