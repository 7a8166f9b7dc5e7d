"""Forms are sent by our own pages only."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import request

from app.identity.errors import CsrfMissing


def check_origin() -> None:
    """A form sent by another site is refused even where nobody is signed in (a login could be forced)."""
    if request.method == "GET":
        return
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site not in (None, "same-origin", "none") or (origin is not None and not _is_ours(origin)):
        raise CsrfMissing


def _is_ours(origin: str) -> bool:
    try:
        return urlsplit(origin).netloc == request.host
    except ValueError:  # no address at all
        return False
