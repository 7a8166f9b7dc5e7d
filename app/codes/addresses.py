"""Links in codes: always of our own host, upper-case so that they stay small in a QR code, read in any case."""

from __future__ import annotations

import re

from app.codes.errors import CodeForeign
from app.kernel import settings

_LINK = re.compile(
    rb"(?:HTTPS?:)?//(?P<host>[^/?#\x00-\x20]*)(?P<path>/[^?#\x00-\x20]*)?(?:[?#].*)?", re.DOTALL
)


def link(path: str) -> str:
    """A link to a path of ours, upper-case."""
    return (settings.current().public_url + path).upper()


def host() -> str:
    """The host (and port) that our links carry, as people read it under a code."""
    return settings.current().public_url.partition("://")[2].partition("/")[0]


def own_path(text: bytes) -> bytes:
    """The path of one of our links in upper case; a bare path stays, anything else too. Raises CodeForeign.

    A host is compared as a whole, port and all, so neither `ourhost.evil.example` nor `ourhost@evil.example` passes.
    A query that some messengers append to a link they pass on is dropped.
    """
    upper = text.upper()
    match = _LINK.fullmatch(upper)
    if match is None:
        if re.match(rb"[A-Z][A-Z0-9+.-]*:", upper):  # another scheme: weixin:, tel:, javascript:
            raise CodeForeign
        return upper
    if match["host"] != host().upper().encode("ascii"):
        raise CodeForeign
    return match["path"] or b"/"
