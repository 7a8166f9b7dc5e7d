"""A shift's code on the organiser's screen: a link that changes every 30 seconds.

    HTTPS://<HOST>/T/<short code, 8 Crockford><step%100, 2 digits><MAC, 10 digits>

A photo passed on works for 90 seconds, like every rotating code. Many riders scan the same one, so there is no use-once
table; that one rider signs in once is the attendance's own constraint.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from app.codes import steps
from app.codes.addresses import link
from app.codes.errors import CodeForged, CodeSkew
from app.codes.kinds.shape import Kind, Scanned
from app.codes.macs import as_digits, sign, verify

_PURPOSE = "shift"
_MAC = 10


@dataclass(frozen=True, slots=True)
class ShiftCode(Scanned):
    """A genuine code of the shift with this short code, shown just now."""

    kind: ClassVar[str] = "shift"
    short_code: str
    skew_s: int


def make(short_code: str, at: datetime) -> str:
    """The link a shift's screen shows at this instant."""
    step = steps.step_at(at)
    return link(
        f"/T/{short_code}{steps.shown(step)}{sign(_PURPOSE, f'{short_code}|{step}', _MAC, as_digits)}"
    )


def _parse(parts: dict[str, str], at: datetime) -> ShiftCode:
    short, step = parts["short"], steps.nearest(parts["step"], at)
    if not verify(_PURPOSE, f"{short}|{step}", parts["mac"], as_digits):
        raise CodeForged
    if not steps.in_time(step, at):
        skew = steps.skew_s(step, at)
        raise CodeSkew(skew_s=skew, off_s=abs(skew))
    return ShiftCode(short, steps.skew_s(step, at))


KIND = Kind(
    name=ShiftCode.kind,
    form=re.compile(rb"/T/(?P<short>[0-9A-HJKMNP-TV-Z]{8})(?P<step>[0-9]{2})(?P<mac>[0-9]{10})"),
    parse=_parse,
)
