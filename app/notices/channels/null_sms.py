"""Text messages, while no provider is connected: every message that would have gone out is announced in the log."""

from __future__ import annotations

import structlog

from app.kernel.db import after_commit
from app.kernel.i18n import say
from app.notices.models import Notice

_log = structlog.get_logger("notices.sms")


class NullSms:
    """Sends nothing and says so: by its status to staff, and by a line per message that names no person."""

    connected = False

    def deliver(self, notice: Notice) -> None:
        """Announce what was not sent, once the unit of work is stored."""
        notice_id, slug = str(notice.id), notice.slug
        after_commit(lambda: _log.warning("sms-not-connected", notice_id=notice_id, slug=slug))

    def status(self) -> str:
        """In words for staff."""
        return say("notices.channel.sms-not-connected")
