"""Calls that a lane settles as one group, in a known order: they wait in it while somebody else keeps it busy."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from threading import Event, Semaphore
from typing import Any
from unittest import mock

from flask import current_app

from app.kernel import lanes
from app.kernel.lanes import Lane

LATE_S = 20


def _in_the_app(call: Callable[[], Any]) -> Callable[[], Any]:
    app = current_app._get_current_object() if current_app else None

    def called() -> Any:
        with app.app_context() if app else nullcontext():
            return call()

    return called


def gathered(lane: Lane[Any, Any], *calls: Callable[[], Any]) -> list[Any]:
    """Make each call in a thread of its own; all must come through this lane. Returns what they return or raise."""
    waits, begun, over = Semaphore(0), Event(), Event()
    is_called = lanes._Place.is_called_to_lead

    def noted(place: lanes._Place[Any, Any]) -> bool:
        waits.release()
        return is_called(place)

    def keep_busy() -> None:
        begun.set()
        assert over.wait(LATE_S)

    with (
        mock.patch.object(lanes._Place, "is_called_to_lead", noted),
        ThreadPoolExecutor(len(calls) + 1) as threads,
    ):
        before = threads.submit(lane.go, None, alone=keep_busy)
        assert begun.wait(LATE_S)
        made = []
        for call in calls:
            made.append(threads.submit(_in_the_app(call)))
            assert waits.acquire(timeout=LATE_S), made[-1].exception()
        over.set()
        before.result(LATE_S)
        return [each.exception(LATE_S) or each.result() for each in made]
