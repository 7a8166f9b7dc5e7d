"""Links that come with a nomination: plain https addresses of public sites, shown as text. Nothing here opens one."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from urllib.parse import urlsplit

from app.honours.errors import LinkUnsafe

MOST, LONGEST = 3, 300
INSIDE = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "arpa", "test", "invalid")


def safe(texts: Iterable[str]) -> list[str]:
    """These links, each as one reads it in full, none twice. Raises LinkUnsafe."""
    found = list(dict.fromkeys(_plain(text.strip()) for text in texts if text.strip()))
    if len(found) > MOST:
        raise _refused()
    return found


def _plain(text: str) -> str:
    """An address without what hides where it leads: user, port, marks of direction, letters that look like others."""
    if len(text) > LONGEST or any(char.isspace() or char in "\\\"'<>`" or _is_hidden(char) for char in text):
        raise _refused()
    try:
        parts = urlsplit(text)
        port, host = parts.port, (parts.hostname or "").encode("idna").decode("ascii").lower().rstrip(".")
    except ValueError:
        raise _refused() from None
    if (
        parts.scheme.lower() != "https"
        or "@" in parts.netloc
        or port not in (None, 443)
        or not _is_public(host)
    ):
        raise _refused()
    query = f"?{parts.query}" if parts.query else ""
    return f"https://{host}{parts.path}{query}"


def _is_public(host: str) -> bool:
    """Whether it is a name below a public one. What ends in a number is an address, also in hex: 127.0.0.0x1."""
    labels = host.split(".")
    return len(labels) > 1 and all(labels) and labels[-1] not in INSIDE and labels[-1][0].isalpha()


def _is_hidden(char: str) -> bool:
    return unicodedata.category(char).startswith("C")


def _refused() -> LinkUnsafe:
    return LinkUnsafe(fields={"links": ["link-unsafe"]})
