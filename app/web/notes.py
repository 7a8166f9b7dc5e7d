"""What the pages' edge remembers while one request is served."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import request

from app.identity.edge import Tokens
from app.web.faults import Faults


@dataclass(slots=True)
class Notes:
    """What the edge remembers while one request is served."""

    faults: Faults | None = None  # a form is shown again
    tokens: Tokens | None = None  # the browser gets these
    forget: bool = False  # the browser forgets its session
    told: bool = False  # what the last form did has been said
    wasm: bool = False  # the page decodes codes by itself
    ahead: Callable[[], str] | None = None  # draws the page that a script is sent on to
    lives_at: str | None = None  # where the page that is drawn lives, if not here
    # The page of the form that came in: its endpoint and the parts of its path.
    form: tuple[str, Mapping[str, Any]] | None = None


def notes() -> Notes:
    """The running request's notes. (Not flask.g, which outlives a request inside a test's application context.)"""
    found: Notes = request.environ.setdefault("fengxing.page", Notes())
    return found
