"""Ways a notice reaches a person: folders of one shape, one registry. A channel that is not connected says so."""

from __future__ import annotations

from app.notices.channels.inbox import Inbox
from app.notices.channels.null_sms import NullSms
from app.notices.channels.shape import Channel

CHANNELS: dict[str, Channel] = {"inbox": Inbox(), "sms": NullSms()}


def not_connected() -> list[str]:
    """What to tell staff: one sentence per channel that only pretends."""
    return [channel.status() for channel in CHANNELS.values() if not channel.connected]
