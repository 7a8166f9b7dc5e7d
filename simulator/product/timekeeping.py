"""What time brings about."""

from __future__ import annotations

from datetime import datetime

from app.cli import ticking
from app.identity.actors import Actor
from simulator.product.answers import Facts


def duty(*, by: Actor, at: datetime, name: str) -> Facts:
    """One duty of the minute."""
    return {"done": dict(ticking.DUTIES)[name]()}
