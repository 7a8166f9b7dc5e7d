"""Something done for the rider on the spot: an hour of charging, a haircut. Its stock is places, not things."""

from __future__ import annotations

from app.rewards.kinds.shape import Kind

KIND = Kind(name="service", counted=False, icon="hours")
