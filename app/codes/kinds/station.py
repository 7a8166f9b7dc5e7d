"""A station's poster: a public link that names the station and gives no right by itself.

HTTPS://<HOST>/S/<short code, 6 Crockford><tag, 8 Crockford = 40 bits of HMAC>
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from app.codes.addresses import link
from app.codes.errors import CodeForged
from app.codes.kinds.shape import Kind, Scanned
from app.codes.macs import as_crockford, sign, verify

_PURPOSE = "station"
_TAG = 8


@dataclass(frozen=True, slots=True)
class StationCode(Scanned):
    """A genuine poster of the station with this short code."""

    kind: ClassVar[str] = "station"
    short_code: str


def make(short_code: str) -> str:
    """The upper-case link printed on a station's poster."""
    return link(f"/S/{short_code}{sign(_PURPOSE, short_code, _TAG, as_crockford)}")


def _parse(parts: dict[str, str], _at: datetime) -> StationCode:
    if not verify(_PURPOSE, parts["short"], parts["tag"], as_crockford):
        raise CodeForged
    return StationCode(parts["short"])


KIND = Kind(
    name=StationCode.kind,
    form=re.compile(rb"/S/(?P<short>[0-9A-HJKMNP-TV-Z]{6})(?P<tag>[0-9A-HJKMNP-TV-Z]{8})"),
    parse=_parse,
)
