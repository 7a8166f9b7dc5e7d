"""Where a message leads: the page of what it is about."""

from __future__ import annotations

from app.notices.models import Notice

PAGES = {
    "account": "/me/code",
    "activity": "/activities",
    "award": "/points",
    "budget": "/desk/ledger",
    "case": "/reports/{id}",
    "checkin": "/check-ins",
    "case-at-desk": "/grid/{id}",
    "correction": "/points",
    "doubt": "/points/doubts",
    "entry": "/points/{id}",
    "correction-waiting": "/desk/ledger/corrections",
    "reversal": "/desk/ledger/reversals",
    "followed": "/reports#followed",
    "honour": "/me/honours",
    "hours": "/hours",
    "review": "/desk/honours/{id}/review",
    "points": "/points",
    "training": "/points",
    "offline": "/outbox",
    "voucher": "/vouchers/{id}",
}


def page_of(notice: Notice) -> str:
    """The page a message leads to; empty where there is none."""
    return PAGES.get(notice.about_kind, "").format(id=notice.about_id)
