"""What is said of the things that use cases give back."""

from __future__ import annotations

from typing import Any

from app.cases.models import Case
from app.rewards.models import Voucher
from app.volunteering.models import Hours

Facts = dict[str, Any]


def of_case(case: Case) -> Facts:
    return {"case": str(case.id), "state": case.state}


def of_voucher(voucher: Voucher) -> Facts:
    return {"voucher": str(voucher.id), "state": voucher.state, "points": voucher.points}


def of_hours(hours: Hours) -> Facts:
    return {"hours": str(hours.id), "state": hours.state, "minutes": hours.minutes}
