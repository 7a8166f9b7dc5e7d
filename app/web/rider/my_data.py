"""All that the programme keeps about a person, for that person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

from sqlalchemy import inspect

from app.cases import queries as cases
from app.checkins import queries as checkins
from app.identity import consent, queries
from app.identity.actors import Actor
from app.kernel.paging import MAX_LIMIT, Page
from app.ledger import queries as ledger
from app.ledger.wording import explain
from app.notices import queries as notices
from app.rewards import queries as rewards
from app.volunteering import queries as volunteering

HIDDEN = {"password_hash"}


def everything_about(by: Actor) -> dict[str, Any]:
    """Profile, consents, points with their reasons, check-ins, cases, hours, vouchers and messages."""
    return {
        "person": _row(queries.person(by.id)),
        "consents": consent.consents_of(by.id),
        "points": {"balance": asdict(ledger.balance_of(by.id)), "entries": _entries(by)},
        "check_ins": [
            _row(each) for each in _all(lambda cursor: checkins.my_check_ins(by.id, cursor, MAX_LIMIT))
        ],
        "cases": [
            _row(each) for each in _all(lambda cursor: cases.my_cases(by.id, cursor=cursor, limit=MAX_LIMIT))
        ],
        "hours": [
            _row(each) for each in _all(lambda cursor: volunteering.my_hours(by.id, cursor, MAX_LIMIT))
        ],
        "vouchers": [
            _row(each.voucher) for each in _all(lambda cursor: rewards.my_vouchers(by.id, cursor, MAX_LIMIT))
        ],
        "notices": [_row(each) for each in _all(lambda cursor: notices.inbox(by.id, cursor, MAX_LIMIT))],
    }


def _entries(by: Actor) -> list[dict[str, Any]]:
    found = _all(lambda cursor: ledger.statement(by.id, cursor, MAX_LIMIT))
    return [
        {
            "at": each.transaction.at,
            "amount": each.amount,
            "account": each.account.kind,
            "why": explain(each.transaction.words),
        }
        for each in found
    ]


def _all(read: Callable[[str | None], Page[Any]]) -> Iterator[Any]:
    cursor: str | None = None
    while True:
        found = read(cursor)
        yield from found.items
        cursor = found.next_cursor
        if cursor is None:
            return


def _row(model: Any) -> dict[str, Any]:
    columns = inspect(type(model)).column_attrs
    return {each.key: getattr(model, each.key) for each in columns if each.key not in HIDDEN}
