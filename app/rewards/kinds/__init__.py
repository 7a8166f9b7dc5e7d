"""Kinds of rewards: one module of one shape each, and the register that names them all."""

from __future__ import annotations

from app.rewards.kinds import coupon, goods, on_the_spot
from app.rewards.kinds.shape import Kind

KINDS: dict[str, Kind] = {each.name: each for each in (goods.KIND, on_the_spot.KIND, coupon.KIND)}
