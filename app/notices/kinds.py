"""What people are told about, and through which channels. One line per kind; its words are `notices.<slug>`."""

from __future__ import annotations

INBOX: tuple[str, ...] = ("inbox",)
INBOX_AND_SMS = ("inbox", "sms")  # only what cannot wait until the app is opened

KINDS: dict[str, tuple[str, ...]] = {
    "points-usable": INBOX,
    "points-pending": INBOX,
    "points-queued": INBOX,
    "points-settled": INBOX,
    "points-given-back": INBOX,
    "points-none": INBOX,
    "points-corrected-up": INBOX,
    "points-corrected-down": INBOX,
    "points-expiring": INBOX,
    "points-expired": INBOX,
    "debt-written-off": INBOX,
    "debt-paid": INBOX,
    "budget-low": INBOX,
    "budget-empty": INBOX,
    "fact-unwound": INBOX,
    "case-accepted": INBOX,
    "case-resolved": INBOX,
    "case-rejected": INBOX,
    "case-merged": INBOX,
    "case-moved": INBOX,
    "hours-confirmed": INBOX,
    "hours-rejected": INBOX,
    "voucher-expiring": INBOX_AND_SMS,
    "voucher-expired": INBOX,
    "voucher-cancelled": INBOX,
    "voucher-undone": INBOX,
    "offline-refused": INBOX,
    "offline-review": INBOX,
    "offline-decided": INBOX,
    "voucher-on-behalf": INBOX_AND_SMS,
    "voucher-refunded": INBOX,
    "voucher-refund-declined": INBOX,
    "phone-ended": INBOX_AND_SMS,
    "number-move-asked": INBOX_AND_SMS,
    "number-move-refused": INBOX,
    "number-moved": INBOX_AND_SMS,
    "honour-consent": INBOX_AND_SMS,
    "honour-granted": INBOX,
}
