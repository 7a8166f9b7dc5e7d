"""The inbox in the app. Writing the notice was the delivery."""

from __future__ import annotations

from app.kernel.i18n import say
from app.notices.models import Notice


class Inbox:
    """Always connected: the row is the message."""

    connected = True

    def deliver(self, notice: Notice) -> None:
        """Nothing more to do."""

    def status(self) -> str:
        """In words for staff."""
        return say("notices.channel.inbox")
