"""Facts that travel upward: a use case publishes, subscribers listed in main.py act in the same transaction.

Where many of one sort happen together, a subscriber that has a way to hear them in one go hears them so; all others are
told one by one.

A subscriber that fails fails the request; nothing is swallowed and nothing is half-done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened, named in the past tense: ids and facts only."""

    at: datetime


Handler = Callable[[Any], None]
Together = Callable[[Sequence[Any]], None]
Subscription = tuple[type[Event], Handler] | tuple[type[Event], Handler, Together]

_handlers: dict[type[Event], list[Handler]] = {}
_together: dict[Handler, Together] = {}


def wire(subscriptions: Iterable[Subscription]) -> None:
    """Replace all subscriptions by these, kept in the order given. Called once, by main.create_app."""
    _handlers.clear()
    _together.clear()
    for event_type, handler, *together in subscriptions:
        _handlers.setdefault(event_type, []).append(handler)
        for many in together:
            _together[handler] = many


def publish(event: Event) -> None:
    """Tell every subscriber of this event's type, in order, inside the running transaction."""
    for handler in _handlers.get(type(event), ()):
        handler(event)


def publish_all(events: Sequence[Event]) -> None:
    """The same of many events of one type that happened together: subscriber by subscriber, inside the transaction."""
    for handler in _handlers.get(type(events[0]), ()) if events else ():
        if handler in _together:
            _together[handler](events)
            continue
        for event in events:
            handler(event)
