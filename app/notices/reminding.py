"""Reminders that no event triggers: time itself does. Called by the regular jobs."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from app.kernel.db import session
from app.kernel.i18n import format_instant
from app.notices.models import Notice
from app.notices.telling import About, tell
from app.rewards import queries as rewards
from app.rewards.models import RESERVED, Voucher

BEFORE_EXPIRY = timedelta(hours=24)


def remind_of_vouchers(*, at: datetime) -> int:
    """Remind riders of vouchers that expire within a day, once each. Returns how many were told."""
    due = session.scalars(
        select(Voucher)
        .where(Voucher.state == RESERVED, Voucher.expires_at > at, Voucher.expires_at <= at + BEFORE_EXPIRY)
        .order_by(Voucher.id)
    ).all()
    return sum(_remind(voucher, at) is not None for voucher in due)


def _remind(voucher: Voucher, at: datetime) -> Notice | None:
    detail = rewards.detail_of(voucher)
    until = {language: format_instant(voucher.expires_at, language) for language in ("zh", "en")}
    return tell(
        person_id=voucher.person_id,
        slug="voucher-expiring",
        source=f"voucher:{voucher.id}:expiring",
        facts={
            "reward": {"zh": detail.reward.name_zh, "en": detail.reward.name_en},
            "station": detail.station.name,
            "until": until,
        },
        about=About("voucher", voucher.id),
        at=at,
    )
