"""Cookies of this host alone: wherever the public address is https, each carries the `__Host-` prefix.

A browser keeps such a cookie only if this very host set it, over TLS and for all paths, so neither a sister domain nor
a plain connection can slip one in. Inside, cookies have their short names; the prefix is put on and taken off here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

PREFIX = "__Host-"
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class HostCookies:
    """A WSGI application around another; what comes in without the prefix is not ours and is left outside."""

    def __init__(self, inner: Wsgi) -> None:
        self._inner = inner

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ["HTTP_COOKIE"] = inward(environ.get("HTTP_COOKIE", ""))

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            told = [
                (name, outward(value) if name.lower() == "set-cookie" else value) for name, value in headers
            ]
            return start_response(status, told, *more)

        return self._inner(environ, start)


def inward(header: str) -> str:
    """A Cookie header with our cookies only, under their short names."""
    kept = [part.strip() for part in header.split(";")]
    return "; ".join(part.removeprefix(PREFIX) for part in kept if part.startswith(PREFIX))


def outward(header: str) -> str:
    """A Set-Cookie header with the prefix, and Secure, without which a browser would refuse it."""
    marks = [mark.strip().lower() for mark in header.split(";")[1:]]
    return f"{PREFIX}{header}" + ("" if "secure" in marks else "; Secure")
