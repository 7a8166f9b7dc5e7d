"""A device is believed, and the code it took still has to be good: alone, and where many are settled together."""

from __future__ import annotations

import pytest

from app.codes.models import GRACE, PersonalHandle
from app.identity.appointing import appoint
from app.identity.models import Person
from app.identity.profile import close_account
from app.kernel.db import session, transaction
from tests import make as city
from tests.sync import make


@pytest.fixture(params=[1, 4], ids=["alone", "together"])
def scene(app, clock, request):
    return make.scene(riders=request.param)


def taken(scene) -> list[str]:
    """The code of each rider is shown, the first one's last; what becomes of that one, and of the others."""
    last, *others = scene.riders
    for each in (*others, last):
        scene.here.note("scan", each.phone.code())
    *told, of_last = make.states(scene.here.send())
    return [of_last, *told]


def test_nobody_checks_themselves_in_on_a_tablet_that_they_hold(scene):
    first = scene.rider.rider
    with transaction():
        appoint(
            person_id=first.id,
            role="station-manager",
            region_code=None,
            station_id=scene.station.id,
            by=city.SYSTEM,
            at=make.clock.now(),
        )
        holder = city.actor(session.get_one(Person, first.id))
    make.renew(scene.here.device_id, holder)
    assert taken(scene) == ["refused: own-code", *["counted"] * (len(scene.riders) - 1)]
    assert make.usable(scene.rider) == 100


def test_whoever_has_closed_their_account_is_not_counted(scene, clock):
    with transaction():
        close_account(by=scene.rider.rider, at=clock())
    assert taken(scene) == ["refused: not-a-rider", *["counted"] * (len(scene.riders) - 1)]


@pytest.mark.parametrize(("late_s", "said"), [(-1, "counted"), (0, "refused: handle-expired")])
def test_a_phone_that_was_not_heard_for_weeks_makes_no_good_codes(scene, clock, late_s, said):
    with transaction():
        first = session.get_one(PersonalHandle, scene.rider.phone.handle_id)
        for each in scene.riders[1:]:
            session.get_one(PersonalHandle, each.phone.handle_id).expires_at += GRACE
        clock.at = first.expires_at + GRACE
    clock.advance(seconds=late_s)
    scene.tablets[0] = make.tablet(9, scene.station)
    assert taken(scene) == [said, *["counted"] * (len(scene.riders) - 1)]
