"""Several postings in a few statements: in their order, and each as if those before it had been made by themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from app.identity.actors import Actor
from app.kernel.bulk import insert_new
from app.kernel.errors import Conflict, Problem
from app.kernel.ids import new_id
from app.ledger.accounts import forget_balances
from app.ledger.errors import SourceUsedDifferently
from app.ledger.models import Entry, LedgerTransaction
from app.ledger.posting import (
    Leg,
    Standing,
    accounts_to_change,
    is_any_used,
    must_balance,
    must_suffice,
    post,
)


class Posting(NamedTuple):
    """What `post` is told, but for who does it."""

    kind: str
    source: str
    legs: Sequence[Leg]
    words: Mapping[str, Any]
    at: datetime


def post_all(postings: Sequence[Posting], *, by: Actor) -> list[Problem | None]:
    """Make them all; of each, None or what stood in its way: the refusals of `post`. One refused leaves the others.

    The accounts of all are locked in the order in which `post` locks those of one.
    """
    for each in postings:
        must_balance(each.legs)
    legs = [leg for each in postings for leg in each.legs]
    accounts = accounts_to_change(legs)
    sources = {each.source for each in postings}
    if len(sources) < len(postings) or is_any_used(list(sources)):
        return [_by_itself(each, by) for each in postings]
    answers: list[Problem | None] = []
    for each in postings:
        answers.append(_refusal(accounts, each))
        if answers[-1] is None:
            for account_id, amount in (leg.move for leg in each.legs):
                before = accounts[account_id]
                accounts[account_id] = before._replace(balance=before.balance + amount)
    _write([each for each, answer in zip(postings, answers, strict=True) if answer is None], by)
    return answers


def _by_itself(posting: Posting, by: Actor) -> Problem | None:
    try:
        post(**posting._asdict(), by=by)
    except Problem as problem:
        return problem
    return None


def _refusal(accounts: Mapping[UUID, Standing], posting: Posting) -> Problem | None:
    try:
        must_suffice(accounts, posting.legs)
    except Problem as problem:
        return problem
    return None


def _write(postings: Sequence[Posting], by: Actor) -> None:
    write_all([(new_id(), each) for each in postings], [by.person_id] * len(postings))


def write_all(postings: Sequence[tuple[UUID, Posting]], made_by: Sequence[UUID | None]) -> None:
    """Entries and transactions under these ids. Only for this package: locks and checks are the caller's."""
    entries, transactions = [], []
    for (transaction_id, each), maker in zip(postings, made_by, strict=True):
        entries += [{"id": new_id(), "transaction_id": transaction_id, **leg._asdict()} for leg in each.legs]
        transactions.append(
            {
                "id": transaction_id,
                "kind": each.kind,
                "source": each.source,
                "words": dict(each.words),
                "entry_count": len(each.legs),
                "reverses_id": None,
                "made_by": maker,
                "at": each.at,
            }
        )
    if not entries:
        return
    # One statement of many rows: triggers move each account once.
    if len(insert_new(Entry, entries)) < len(entries):
        raise Conflict
    if len(insert_new(LedgerTransaction, transactions)) < len(transactions):
        # Only a concurrent use of a source on other accounts gets here; see `posting.record`.
        raise SourceUsedDifferently(source=transactions[0]["source"])
    forget_balances({entry["account_id"] for entry in entries})
