"""A voucher: 26 digits that name one promise of one reward. Scanning it shows the promise; a person confirms it.

"9" alg(1) serial(13, random) MAC(10) Damm(1)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from app.codes import damm, keys
from app.codes.errors import CodeChecksum, CodeForged
from app.codes.kinds.shape import Kind, Scanned
from app.codes.macs import as_digits, sign, verify
from app.kernel import randomness

LENGTH = 26
_PURPOSE = "voucher"
_SERIAL, _MAC = 13, 10


@dataclass(frozen=True, slots=True)
class VoucherCode(Scanned):
    """A genuine voucher with this serial."""

    kind: ClassVar[str] = "voucher"
    serial: str


def new_serial() -> str:
    """A random serial; the caller's unique constraint catches the one in ten million million that is taken."""
    return randomness.digits(_SERIAL)


def make(serial: str) -> str:
    """The 26 digits of a voucher."""
    alg = keys.signing_alg()
    body = f"9{alg}{serial}{sign(_PURPOSE, f'{alg}|{serial}', _MAC, as_digits)}"
    return body + damm.check_digit(body)


def _parse(parts: dict[str, str], _at: datetime) -> VoucherCode:
    if not damm.is_whole(parts["all"]):
        raise CodeChecksum
    alg, serial = parts["alg"], parts["serial"]
    if not verify(_PURPOSE, f"{alg}|{serial}", parts["mac"], as_digits, alg):
        raise CodeForged
    return VoucherCode(serial)


KIND = Kind(
    name=VoucherCode.kind,
    form=re.compile(rb"(?P<all>9(?P<alg>[0-9])(?P<serial>[0-9]{13})(?P<mac>[0-9]{10})[0-9])"),
    parse=_parse,
)
