"""Seats: a few threads of a process answer at once, the others wait outside of the interpreter's reach.

Of thirty-two threads that all want to go on, each that lets go for a moment (a statement, a byte to be sent) has to win
the interpreter back from the others; with a few at a time the same processor answers twice as many. Whoever has waited
a moment goes on without a seat, so nobody who takes long, or sends slowly, holds up the others; and whoever waits for
something that others do stands up, and goes on without one: so nobody who leads others, or writes, waits for a seat.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Semaphore, local
from typing import Any

from app.kernel.cookies import Wsgi

SEATS, MOMENT_S = 4, 0.05
_seats = Semaphore(SEATS)


class _Mine(local):
    seated = False


_mine = _Mine()


def _sit_down() -> None:
    _mine.seated = _seats.acquire(timeout=MOMENT_S)


def stand_up() -> None:
    """Before this waits for something that others do: somebody else may sit here. It then goes on without a seat."""
    if _mine.seated:
        _mine.seated = False
        _seats.release()


class Seated:
    """A WSGI application around another, whose requests take a seat until their answer begins."""

    def __init__(self, inner: Wsgi) -> None:
        self._inner = inner

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if _mine.seated:  # one application inside another: with two seats one would be lost
            return self._inner(environ, start_response)
        _sit_down()
        try:
            return self._inner(environ, start_response)
        finally:
            stand_up()
