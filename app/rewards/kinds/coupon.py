"""A merchant's paper voucher, handed over to be used elsewhere: a breakfast, a phone top-up. Counted like money."""

from __future__ import annotations

from app.rewards.kinds.shape import Kind

KIND = Kind(name="coupon", counted=True, icon="stock")
