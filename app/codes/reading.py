"""Reading: from whatever a camera, a gun or a hand put in to what was scanned, or to the reason why not."""

from __future__ import annotations

from datetime import datetime

from app.codes.addresses import own_path
from app.codes.errors import CodeFormat
from app.codes.kinds import KINDS
from app.codes.kinds.shape import Scanned

MAX_LENGTH = 512


def read(text: str, *, at: datetime) -> Scanned:
    """What this text is the code of. Raises CodeFormat, CodeForeign, CodeChecksum, CodeForged or CodeSkew.

    Only ASCII counts: Python would take Arabic-Indic digits for digits, a byte pattern does not. Blanks that a gun adds
    around the code are cut.
    """
    canonical = own_path(_ascii(text))
    for kind in KINDS.values():
        scanned = kind.read(canonical, at)
        if scanned is not None:
            return scanned
    raise CodeFormat


def _ascii(text: str) -> bytes:
    if len(text) > MAX_LENGTH:
        raise CodeFormat
    try:
        return text.encode("ascii").strip(b" \t\r\n")
    except UnicodeEncodeError:
        raise CodeFormat from None
