"""Where the edge writes down that staff looked at personal data; main.py introduces the audit log to it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any
from uuid import UUID

from app.kernel import clock

_trace: Callable[..., None] | None = None


def set_tracer(trace: Callable[..., None]) -> None:
    """Tell the edge who keeps looks: called with action, path, by and at."""
    global _trace
    _trace = trace


def leave(action: str | None, path: Mapping[str, Any], by: Any) -> None:
    """Write down the look that was just granted, where the view names it. `path` is what the address said."""
    if action is None:
        return
    if _trace is None:
        raise RuntimeError("no tracer: main.create_app wires one")
    _trace(action=action, path=path, by=by, at=clock.now())


def leave_unless_own(
    action: str, path: Mapping[str, Any], by: Any, *, whose: Collection[UUID | None]
) -> None:
    """The same in a view that also shows people what is their own: looking at that is no look at a person."""
    if by.person_id not in whose:
        leave(action, path, by)
