"""Looking up people without pointing at anybody."""

from __future__ import annotations

from app.identity.queries import FEW, platforms_in_use
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
