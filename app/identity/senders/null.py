"""No provider: says so instead of pretending that a message left."""

from __future__ import annotations

from app.identity.errors import NoSmsProvider


class NullSender:
    """Refuses to send."""

    def send(self, phone: str, code: str) -> None:
        raise NoSmsProvider
