"""A station's poster: a public link that names the station and gives no right by itself.

    HTTPS://<HOST>/S/<short code, 6 Crockford>[<version, 2 Crockford>]<tag, 8 Crockford = 40 bits of HMAC>

The first poster of a station carries no version. Which versions still hang is for `codes.posters` to say.
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
from app.kernel.randomness import CROCKFORD

LAST_VERSION = 32**2 - 1
_PURPOSE = "station"
_TAG = 8


@dataclass(frozen=True, slots=True)
class StationCode(Scanned):
    """A genuine poster of the station with this short code."""

    kind: ClassVar[str] = "station"
    short_code: str
    version: int = 1


def make(short_code: str, version: int = 1) -> str:
    """The upper-case link printed on a station's poster."""
    name = short_code if version == 1 else short_code + CROCKFORD[version >> 5] + CROCKFORD[version & 31]
    return link(f"/S/{name}{sign(_PURPOSE, name, _TAG, as_crockford)}")


def _parse(parts: dict[str, str], _at: datetime) -> StationCode:
    short, number = parts["short"], parts["version"]
    if not verify(_PURPOSE, short + number, parts["tag"], as_crockford):
        raise CodeForged
    version = CROCKFORD.index(number[0]) << 5 | CROCKFORD.index(number[1]) if number else 1
    return StationCode(short, version)


KIND = Kind(
    name=StationCode.kind,
    form=re.compile(
        rb"/S/(?P<short>[0-9A-HJKMNP-TV-Z]{6})(?P<version>[0-9A-HJKMNP-TV-Z]{2})?(?P<tag>[0-9A-HJKMNP-TV-Z]{8})"
    ),
    parse=_parse,
)
