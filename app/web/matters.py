"""What a question about points or an objection is about, in words, with its page: a case keeps a number only."""

from __future__ import annotations

from uuid import UUID

from app.cases.models import Case
from app.honours.objecting import objected_to
from app.identity.actors import Actor
from app.kernel.i18n import format_instant, pick
from app.ledger.queries import any_entry
from app.ledger.wording import explain
from app.web.looks import signed


def matter_of(case: Case, by: Actor, *, at_desk: bool) -> tuple[str, str | None] | None:
    """The line of points, or the notice and whom of it; None for what is about nothing else. Whoever asked named it."""
    kind, _, number = (case.subject or "").partition(":")
    if kind == "entry":
        return _line(UUID(number), by, at_desk=at_desk)
    if kind in ("roll", "candidate"):
        selection, pseudonym = objected_to(kind, UUID(number))
        title = pick(selection.title_zh, selection.title_en)
        seen = any(by.holds(each) for each in ("selection.run", "selection.review"))
        path = f"/desk/honours/{selection.id}" if at_desk and seen else f"/honours/{selection.id}"
        return f"{title} · {pseudonym}" if pseudonym else title, path
    return None


def _line(entry_id: UUID, by: Actor, *, at_desk: bool) -> tuple[str, str | None]:
    entry = any_entry(entry_id)
    booked = entry.transaction
    words = f"{explain(booked.words)} · {signed(entry.amount)} · {format_instant(booked.at)}"
    if not at_desk:
        return words, f"/points/{entry.id}"
    return words, f"/desk/ledger/accounts/{entry.account_id}" if by.holds("ledger.read") else None
