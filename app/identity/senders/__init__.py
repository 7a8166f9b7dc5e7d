"""Ways to get a one-time code to a phone: one interface, one registry."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from app.identity.senders.console import ConsoleSender
from app.identity.senders.null import NullSender


class Sender(Protocol):
    """Gets a code to a phone. Raises NoSmsProvider if it cannot."""

    def send(self, phone: str, code: str) -> None: ...


SENDERS: dict[str, type[ConsoleSender] | type[NullSender]] = {"console": ConsoleSender, "none": NullSender}

_sender: Sender = NullSender()


def sender() -> Sender:
    """The sender of this installation."""
    return _sender


def choose(name: str) -> None:
    """Use the sender registered under this name (main.py, at start)."""
    global _sender
    _sender = SENDERS[name]()


@contextmanager
def use(other: Sender) -> Iterator[None]:
    """Use another sender for as long as the block lasts (tests, simulator)."""
    global _sender
    before, _sender = _sender, other
    try:
        yield
    finally:
        _sender = before
