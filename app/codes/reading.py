"""Reading: from whatever a camera, a gun or a hand put in to what was scanned, or to the reason why not."""

from __future__ import annotations

import re
from datetime import datetime

from app.codes import dressed
from app.codes.addresses import own_path
from app.codes.errors import CodeFormat, CodeOfGoods, CodeOfPayment
from app.codes.kinds import KINDS
from app.codes.kinds.shape import Scanned
from app.kernel.errors import Problem

MAX_LENGTH = 512

# What else lies on a counter and is scanned by mistake: it gets its own words.
STRANGERS: tuple[tuple[re.Pattern[bytes], type[Problem]], ...] = (
    (re.compile(rb"[0-9]{8}|[0-9]{12,14}"), CodeOfGoods),
    (re.compile(rb"(?:1[0-5]|2[5-9]|30)[0-9]{14,22}"), CodeOfPayment),
)


def read(text: str, *, at: datetime) -> Scanned:
    """What this text is the code of. Raises CodeFormat, CodeForeign, CodeChecksum, CodeForged or CodeSkew.

    Only ASCII counts: Python would take Arabic-Indic digits for digits, a byte pattern does not. What guns and hands
    are known to add is taken off before.
    """
    canonical = own_path(_ascii(text))
    for kind in KINDS.values():
        scanned = kind.read(canonical, at)
        if scanned is not None:
            return scanned
    for form, problem in STRANGERS:
        if form.fullmatch(canonical):
            raise problem
    raise CodeFormat


def canonical_of(text: str) -> str:
    """The digits, or the path of our own link, as the kinds see them. Raises CodeFormat or CodeForeign."""
    return own_path(_ascii(text)).decode("ascii")


def _ascii(text: str) -> bytes:
    if len(text) > MAX_LENGTH:
        raise CodeFormat
    try:
        return dressed.bare(text).encode("ascii")
    except UnicodeEncodeError:
        raise CodeFormat from None
