"""Wakes a sleeping worker early. Only ever a hint: whoever misses it looks at the queue a moment later anyway."""

from __future__ import annotations

import threading
from typing import Any

import redis
from flask import current_app

CHANNEL = "fengxing:jobs"

_rung = threading.Event()


def ring() -> None:
    """Wake the worker of this process and, through Redis, those of others. Never fails."""
    _rung.set()
    client: redis.Redis | None = current_app.extensions.get("redis")
    if client is not None:
        try:
            client.publish(CHANNEL, "")
        except redis.RedisError:
            return


class Ear:
    """What one worker listens with."""

    def __init__(self) -> None:
        self._subscription: Any = None

    def listen(self, seconds: float) -> None:
        """Sleep until the bell rings, at most so long."""
        client: redis.Redis | None = current_app.extensions.get("redis")
        if client is None or not self._heard(client, seconds):
            _rung.wait(seconds)
        _rung.clear()

    def _heard(self, client: redis.Redis, seconds: float) -> bool:
        """Whether Redis was there to be listened to."""
        try:
            if self._subscription is None:
                self._subscription = client.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
                self._subscription.subscribe(CHANNEL)
            self._subscription.get_message(timeout=seconds)
        except redis.RedisError:
            self.close()
            return False
        return True

    def close(self) -> None:
        """Hang up."""
        if self._subscription is not None:
            self._subscription.close()
            self._subscription = None
