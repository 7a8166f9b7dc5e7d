"""What several tests of rewards share."""

from __future__ import annotations

import pytest

from app.identity import queries as people
from app.kernel.db import transaction
from tests import make as common
from tests.rewards import make


@pytest.fixture
def scene(app):
    scene = make.scene()
    scene.hand_over(scene.reserve())  # the station's account is open
    return scene


@pytest.fixture
def counter(app, scene):
    with transaction():
        person = people.person(scene.manager.person_id)
    return common.signed_in(app, person)


@pytest.fixture
def department(scene):
    with transaction():
        return [common.actor(common.staff("department", region_code=common.CITY)) for _ in range(2)]


@pytest.fixture
def deputy(scene):
    with transaction():
        return common.actor(common.staff("station-manager", station_id=scene.station.id))
