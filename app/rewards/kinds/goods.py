"""Things to take away: a bottle of water, a raincoat, a helmet."""

from __future__ import annotations

from app.rewards.kinds.shape import Kind

KIND = Kind(name="goods", counted=True)
