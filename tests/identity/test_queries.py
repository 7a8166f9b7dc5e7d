"""Looking up people without pointing at anybody."""

from __future__ import annotations

import pytest

from app.identity.errors import PersonNotFound
from app.identity.permissions import AUDITOR, GRID_MEMBER
from app.identity.queries import FEW, platforms_in_use, staff, staff_member
from app.kernel.db import transaction
from tests import make


def test_a_platform_of_a_handful_is_not_offered_as_a_group(app):
    with transaction():
        for number in range(2 * FEW):
            make.rider(platform="美团" if number < FEW else "顺丰")
        make.rider(platform="顺丰")
        for _ in range(FEW - 1):
            make.rider(platform="小小送")
        make.rider(platform=None)
    with transaction(write=False):
        assert platforms_in_use() == ["顺丰", "美团"]


@pytest.mark.once
def test_a_grid_member_is_a_rider_and_not_looked_up_among_the_staff(app):
    with transaction():
        make.regions()
        auditor = make.staff(AUDITOR, region_code=make.CITY)
        member = make.staff(GRID_MEMBER, region_code=make.COMMUNITY, name="王小明")
        assert [each.id for each in staff()] == [auditor.id]
        assert staff_member(auditor.id) is auditor
        with pytest.raises(PersonNotFound):
            staff_member(member.id)
