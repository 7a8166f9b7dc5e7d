"""What a channel can do."""

from __future__ import annotations

from typing import Protocol

from app.notices.models import Notice


class Channel(Protocol):
    """Gets a notice to its person, inside the unit of work that wrote it; slow things only leave a hint there."""

    connected: bool

    def deliver(self, notice: Notice) -> None: ...

    def status(self) -> str: ...
