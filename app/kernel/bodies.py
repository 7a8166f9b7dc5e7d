"""Bodies arrive whole or not at all, and are no longer than they may be.

A server hands over what has come so far. That the rest was cut off on the way, that chunks are none, or that more comes
than is allowed, must be a refusal: half of a number is a number, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from io import BytesIO, RawIOBase
from typing import Any

from app.kernel.cookies import Wsgi

REST = 1024 * 1024  # bytes


class WholeBodies:
    """A WSGI application around another, which gets bodies of a known length, `most` bytes at most.

    What comes in chunks is read here: the length of it is known only at its end.
    """

    def __init__(self, inner: Wsgi, *, most: int) -> None:
        self._inner = inner
        self._most = most

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        # A server that says this has cut the body off itself, so that werkzeug would take a part for the whole.
        ends = environ.pop("wsgi.input_terminated", False)
        if environ.pop("HTTP_TRANSFER_ENCODING", None) is not None:
            self._gather(environ)
            return self._inner(environ, start_response)
        body, length = environ["wsgi.input"], environ.get("CONTENT_LENGTH", "")
        answer = self._inner(environ, start_response)
        if ends and length.isdecimal() and 0 < int(length) <= REST:
            # What a refusal left unread: or the connection would be closed under whatever comes next.
            with suppress(OSError):
                body.read()
        return answer

    def _gather(self, environ: dict[str, Any]) -> None:
        try:
            body = environ["wsgi.input"].read(self._most + 1)
        except Exception:  # noqa: BLE001 -- each server has its own errors for chunks that are none
            environ["wsgi.input"], environ["CONTENT_LENGTH"] = Unreadable(), "1"
        else:
            environ["wsgi.input"], environ["CONTENT_LENGTH"] = BytesIO(body), str(len(body))


class Unreadable(RawIOBase):
    """A body of which nothing can be read: whoever tries, answers 400."""

    def readinto(self, _into: Any) -> int:
        """Fails."""
        raise OSError("the body is not what it says to be")
