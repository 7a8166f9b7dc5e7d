"""All that the programme keeps about a person, for that person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from app.identity.actors import Actor
from app.identity.my_data import rows_about
from app.kernel.db import freeze
from app.kernel.paging import MAX_LIMIT
from app.ledger import queries as ledger
from app.ledger.wording import explain


def everything_about(by: Actor) -> dict[str, Any]:
    """Every row about the person, and the wallet with its reasons in words; all of one moment."""
    freeze()
    points = {"balance": asdict(ledger.balance_of(by.id)), "entries": list(_entries(by))}
    return {"points": points, "kept": rows_about(by.id)}


def _entries(by: Actor) -> Iterator[dict[str, Any]]:
    cursor: str | None = None
    while True:
        found = ledger.statement(by.id, cursor, MAX_LIMIT)
        for each in found.items:
            words, at = explain(each.transaction.words), each.transaction.at
            yield {"at": at, "amount": each.amount, "account": each.account.kind, "why": words}
        cursor = found.next_cursor
        if cursor is None:
            return
