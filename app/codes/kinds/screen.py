"""A station's screen: a link that changes every 30 seconds, so that a photo of it is worth nothing two minutes later.

HTTPS://<HOST>/S/<short code, 6 Crockford>/<step%100, 2 digits><MAC, 10 digits>
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from app.codes import steps
from app.codes.addresses import link
from app.codes.errors import CodeForged, ScreenOld
from app.codes.kinds.shape import Kind, Scanned
from app.codes.macs import as_digits, sign, verify

_PURPOSE = "screen"
_MAC = 10


@dataclass(frozen=True, slots=True)
class ScreenCode(Scanned):
    """What the screen of the station with this short code showed just now."""

    kind: ClassVar[str] = "screen"
    short_code: str


def make(short_code: str, at: datetime) -> str:
    """The link a station's screen shows at this instant."""
    step = steps.step_at(at)
    tag = sign(_PURPOSE, f"{short_code}|{step}", _MAC, as_digits)
    return link(f"/S/{short_code}/{steps.shown(step)}{tag}")


def _parse(parts: dict[str, str], at: datetime) -> ScreenCode:
    short, step = parts["short"], steps.nearest(parts["step"], at)
    if not verify(_PURPOSE, f"{short}|{step}", parts["mac"], as_digits):
        raise CodeForged
    if not steps.in_time(step, at):
        raise ScreenOld
    return ScreenCode(short)


KIND = Kind(
    name=ScreenCode.kind,
    form=re.compile(rb"/S/(?P<short>[0-9A-HJKMNP-TV-Z]{6})/(?P<step>[0-9]{2})(?P<mac>[0-9]{10})"),
    parse=_parse,
)
