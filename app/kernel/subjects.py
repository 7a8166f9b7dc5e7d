"""Whose tries a limit counts: the caller's address, or what the body names."""

from __future__ import annotations

from collections.abc import Callable

from flask import request

from app.kernel import strict_json


def address() -> str:
    """The caller's network address as far as the trusted proxies vouch for it."""
    return request.remote_addr or "-"


def body_field(name: str) -> Callable[[], str]:
    """A text field of the JSON body, for limits by subject; the address if the body names nobody."""

    def read() -> str:
        try:
            value = strict_json.loads(request.get_data()).get(name)
        except (AttributeError, strict_json.JsonUnreadable):
            value = None
        # Spaces are cut from what comes in, so they buy no further tries. Nobody's tries are nobody else's.
        return (value.strip()[:64] if isinstance(value, str) else "") or address()

    return read
