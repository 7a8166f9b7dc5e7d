"""Fengxing: the backend and mobile web of a city's rider-volunteer programme. Floors: see docs/architecture.md."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def create_app(env: Mapping[str, str] | None = None) -> Flask:
    """The whole product as one WSGI application: `app.main.create_app`.

    Brought in only when called: a child process that opens a stranger's picture needs few modules, at once. While a
    product is read in hardly anything is let go of: not to look for it saves a fifth of the time.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        from app.main import create_app as build

        return build(env)
    finally:
        if collects:
            gc.enable()
