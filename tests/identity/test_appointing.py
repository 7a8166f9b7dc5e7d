"""Staff accounts and roles: held somewhere, given by somebody else, gone at once when taken back."""

from __future__ import annotations

import pytest

from app.identity import appointing, profile
from app.identity.actors import SYSTEM
from app.identity.errors import AlreadyAppointed, RoleNeedsScope, SecondAdminNeeded, UsernameTaken
from app.identity.events import Appointed, RoleTakenBack
from app.kernel import events
from app.kernel.db import transaction
from app.kernel.errors import Forbidden
from tests import make


def appoint(person, role="dispatcher", *, region_code=None, station_id=None, by=SYSTEM, clock=None):
    return appointing.appoint(
        person_id=person.id, role=role, region_code=region_code, station_id=station_id, by=by, at=clock.at
    )


@pytest.fixture
def admin(app):
    with transaction():
        make.regions()
        return make.staff("admin", region_code=make.XUANWU)


def test_a_username_is_taken_once(app, clock):
    with transaction():
        appointing.add_staff(username="li", password="three rainy days", name="李", by=SYSTEM, at=clock.at)
        with pytest.raises(UsernameTaken):
            appointing.add_staff(
                username="LI", password="three rainy days", name="李二", by=SYSTEM, at=clock.at
            )


def test_a_role_is_held_once_in_a_place(admin, clock):
    with transaction():
        someone = make.rider()
        appoint(someone, region_code=make.XUANWU, clock=clock)
        with pytest.raises(AlreadyAppointed):
            appoint(someone, region_code=make.XUANWU, clock=clock)
        there = make.station().id
        appoint(someone, "station-manager", station_id=there, clock=clock)
        with pytest.raises(AlreadyAppointed):
            appoint(someone, "station-manager", station_id=there, clock=clock)


def test_a_role_needs_exactly_one_place_that_fits_it(admin, clock):
    with transaction():
        station, someone = make.station(), make.rider()
        for wrong in ({}, {"region_code": make.XUANWU, "station_id": station.id}, {"station_id": station.id}):
            with pytest.raises(RoleNeedsScope):
                appoint(someone, **wrong, clock=clock)


def test_nobody_appoints_themself_or_beyond_their_region(admin, clock):
    with transaction():
        by, someone = make.actor(admin), make.rider()
        with pytest.raises(SecondAdminNeeded):
            appoint(admin, region_code=make.XUANWU, by=by, clock=clock)
        with pytest.raises(Forbidden):
            appoint(someone, region_code=make.QINHUAI, by=by, clock=clock)
        appoint(someone, region_code=make.MEIYUAN, by=by, clock=clock)


def test_a_role_taken_back_is_gone_at_once(app, admin, clock):
    with transaction():
        someone = make.rider()
        grant = appoint(someone, region_code=make.XUANWU, clock=clock)
    client = make.signed_in(app, someone)
    assert client.get("/api/v1/cases").status_code == 200
    with transaction():
        appointing.take_back(grant_id=grant.id, by=make.actor(admin), at=clock.at)
    assert client.get("/api/v1/cases").status_code == 401


def test_it_is_told_where_a_role_was_given_and_where_it_was_taken_back(admin, clock):
    heard = []
    events.wire([(Appointed, heard.append), (RoleTakenBack, heard.append)])
    with transaction():
        someone, there = make.rider(), make.station().id
        for role, where in (
            ("dispatcher", {"region_code": make.XUANWU}),
            ("station-manager", {"station_id": there}),
        ):
            grant = appoint(someone, role, **where, clock=clock)
            appointing.take_back(grant_id=grant.id, by=SYSTEM, at=clock.at)
    assert [each.place for each in heard] == [make.XUANWU] * 2 + [str(there)] * 2


def test_nobody_takes_a_role_back_beyond_their_region(admin, clock):
    with transaction():
        there = appoint(make.rider(), region_code=make.QINHUAI, clock=clock)
        above = appoint(make.rider(), region_code=make.CITY, clock=clock)
        for grant in (there, above):
            with pytest.raises(Forbidden):
                appointing.take_back(grant_id=grant.id, by=make.actor(admin), at=clock.at)
            assert grant.revoked_at is None


def test_whoever_closed_the_account_is_no_administrator_any_more(admin, clock):
    with transaction():
        other = make.staff("admin", region_code=make.CITY, name="吴管理")
        before = appointing.admins()
        profile.close_account(by=make.actor(other), at=clock())
        assert appointing.admins() == before - 1
