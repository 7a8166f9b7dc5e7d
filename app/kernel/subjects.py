"""Whose tries a limit counts: the caller's address, or what the body names."""

from __future__ import annotations

from collections.abc import Callable

from flask import request

from app.kernel import strict_json


def address() -> str:
    """The caller's network address as far as the trusted proxies vouch for it."""
    return request.remote_addr or "-"


def body_field(name: str) -> Callable[[], str]:
    """A text field of the JSON body, for limits by subject; empty if the body is not what it should be."""

    def read() -> str:
        try:
            value = strict_json.loads(request.get_data()).get(name, "")
        except (AttributeError, strict_json.JsonUnreadable):
            return ""
        return str(value).strip()[:64]  # spaces are cut from what comes in, so they buy no further tries

    return read
