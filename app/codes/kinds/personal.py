"""A rider's own code: 33 digits, renewed every 30 seconds, made by the phone itself.

    "8" alg(1) handle(10) step%100(2) MACsrv(10) MACstn(8) Damm(1)

    step   = floor(unix time / 30)
    MACsrv = digits10(HMAC(Kr, "srv|<handle>|<step>"))                      checked by the server
    Kday   = HMAC(Kr, "day|<YYYY-MM-DD of the step's start, Asia/Shanghai>")
    MACstn = digits8(HMAC(Kday, "stn|<handle>|<step>"))                     checked by a station that is offline
    digitsN(mac) = first 8 bytes, big endian, modulo 10^N, zero-padded

The phone holds Kr as a non-extractable key and computes exactly this.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from app.codes import damm, steps
from app.codes.errors import CodeChecksum
from app.codes.kinds.shape import Kind, Scanned
from app.codes.macs import ALGORITHMS, CURRENT, as_digits, same
from app.kernel.clock import city_day

LENGTH = 33


@dataclass(frozen=True, slots=True)
class PersonalCode(Scanned):
    """A personal code as read. Nothing is proven yet: `codes.presenting` checks it against the handle's key."""

    kind: ClassVar[str] = "personal"
    alg: str
    handle: str
    step_shown: str
    mac_server: str
    mac_station: str

    def is_made_by(self, key: bytes, alg: str, step: int) -> bool:
        """Whether the phone with this key made the code in this step. Both MACs count: 18 digits to guess."""
        server, station = macs(key, alg, self.handle, step)
        return same(self.alg, alg) & same(self.mac_server, server) & same(self.mac_station, station)


def macs(key: bytes, alg: str, handle: str, step: int) -> tuple[str, str]:
    """(MACsrv, MACstn) of one step."""
    mac = ALGORITHMS[alg]
    of_day = day_key(key, alg, city_day(steps.begins_at(step)))
    server = mac(key, f"srv|{handle}|{step}".encode("ascii"))
    station = mac(of_day, f"stn|{handle}|{step}".encode("ascii"))
    return as_digits(server, 10), as_digits(station, 8)


def day_key(key: bytes, alg: str, day: date) -> bytes:
    """Kday: what a station without a signal may know for one day. It makes no code that the server takes."""
    return ALGORITHMS[alg](key, f"day|{day.isoformat()}".encode("ascii"))


def make(*, key: bytes, handle: str, step: int, alg: str = CURRENT) -> str:
    """The 33 digits of a handle in one step."""
    server, station = macs(key, alg, handle, step)
    body = f"8{alg}{handle}{steps.shown(step)}{server}{station}"
    return body + damm.check_digit(body)


def _parse(parts: dict[str, str], _at: datetime) -> PersonalCode:
    if not damm.is_whole(parts["all"]):
        raise CodeChecksum
    return PersonalCode(parts["alg"], parts["handle"], parts["step"], parts["server"], parts["station"])


KIND = Kind(
    name=PersonalCode.kind,
    form=re.compile(
        rb"(?P<all>8(?P<alg>[0-9])(?P<handle>[0-9]{10})(?P<step>[0-9]{2})(?P<server>[0-9]{10})(?P<station>[0-9]{8})[0-9])"
    ),
    parse=_parse,
)
