"""Facts that travel upward: a use case publishes, subscribers listed in main.py act in the same transaction.

A subscriber that fails fails the request; nothing is swallowed and nothing is half-done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened, named in the past tense: ids and facts only."""

    at: datetime


Handler = Callable[[Any], None]
Subscription = tuple[type[Event], Handler]

_handlers: dict[type[Event], list[Handler]] = {}


def wire(subscriptions: Iterable[Subscription]) -> None:
    """Replace all subscriptions by these, kept in the order given. Called once, by main.create_app."""
    _handlers.clear()
    for event_type, handler in subscriptions:
        _handlers.setdefault(event_type, []).append(handler)


def publish(event: Event) -> None:
    """Tell every subscriber of this event's type, in order, inside the running transaction."""
    for handler in _handlers.get(type(event), ()):
        handler(event)
