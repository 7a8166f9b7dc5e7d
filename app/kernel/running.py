"""The unit of work that is running: what it may do, and what it keeps at hand until its end.

Beside the session and not inside of it: a read that is answered by the driver needs no session, and makes none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import g
from sqlalchemy.engine import Engine

_UNIT = "unit"
_in_this_context: Callable[[], object] = g._get_current_object  # noqa: SLF001 -- asked all day: not by way of the proxy


@dataclass(slots=True)
class Unit:
    """One unit of work. `hints` run once it is stored; `unanswered` is what goes out with its COMMIT, if anything may.

    `at_rest`: a read on a server whose session has no connection, so that each statement stands for itself.
    `answers`: what was asked ahead, by question and person.
    """

    write: bool
    engine: Engine
    at_rest: bool
    unanswered: list[Any] | None = None
    hints: list[Callable[[], None]] = field(default_factory=list)
    answers: dict[Any, Any] = field(default_factory=dict)


def running() -> Unit | None:
    """The one that is running in this application context, as its session is; None between them."""
    unit: Unit | None = vars(_in_this_context()).get(_UNIT)
    return unit


def begin(unit: Unit) -> Unit:
    """From here on this one is running."""
    vars(_in_this_context())[_UNIT] = unit
    return unit


def end() -> None:
    """None is."""
    vars(_in_this_context()).pop(_UNIT, None)
