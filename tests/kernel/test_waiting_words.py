"""How long to wait is told in the unit one would say."""

from __future__ import annotations

import pytest

from app.kernel import i18n, problems
from app.kernel.errors import RateLimited


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (1, "1 秒", "1 second."),
        (90, "90 秒", "90 seconds"),
        (91, "2 分钟", "2 minutes"),
        (2698, "45 分钟", "45 minutes"),
        (5401, "2 小时", "2 hours"),
        (50_000, "14 小时", "14 hours"),
    ],
)
def test_how_long_to_wait_is_told_in_the_unit_one_would_say(seconds: int, zh: str, en: str) -> None:
    for language, told in (("zh", zh), ("en", en)):
        with i18n.speaking(language):
            assert told in problems.sentence(RateLimited(retry_after_s=seconds))
