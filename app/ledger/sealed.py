"""What is sealed of the book: for each kind of row, the fields that never change again, as the texts that are hashed.

A hold, a correction, a reversal and a policy are sealed twice: as they began and as they ended. Lots and balances are
not sealed; they are sums of what is, and `verify` adds them up.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, select

from app.kernel.db import session
from app.kernel.ids import first_id_at
from app.ledger.debt_policies import DebtPolicyProposal
from app.ledger.models import (
    Account,
    Correction,
    DebtPolicy,
    Entry,
    Hold,
    LedgerTransaction,
    LotHold,
    LotMove,
    SealedRow,
)
from app.ledger.proofs import Fields
from app.ledger.reversals import Reversal

Spread = dict[UUID, str]  # of an entry or a hold, its lots in one text


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of sealed row: its name, what is read, the fields by name, and since when a row is of this kind."""

    name: str
    id: Any
    columns: dict[str, Any]
    join: Callable[[Select[Any]], Select[Any]] = lambda chosen: chosen
    ended_at: Any = None  # of a row that is sealed when it ends: when it did
    lots: Callable[[Sequence[UUID]], Spread] | None = None

    def rows(self, chosen: Sequence[UUID]) -> Iterator[tuple[UUID, Fields]]:
        """The rows with these ids as they are now, in the order of their ids; those that are gone are missing."""
        found = session.execute(
            self.join(select(self.id, *self.columns.values())).where(self.id.in_(chosen)).order_by(self.id)
        ).all()
        spread = self.lots([row[0] for row in found]) if self.lots else {}
        for row in found:
            fields: list[tuple[str, str | None]] = [("row", self.name), ("id", str(row[0]))]
            fields += zip(self.columns, map(text_of, row[1:]), strict=True)
            if self.lots:
                fields.append(("lots", spread.get(row[0], "")))
            yield row[0], fields

    def unsealed(self, since: datetime | None, after: UUID | None, limit: int) -> Sequence[UUID]:
        """Rows that no seal covers yet, in the order of their ids: of those since then, the first after an id."""
        covered = exists().where(SealedRow.kind == self.name, SealedRow.row_id == self.id)
        chosen = select(self.id).where(~covered).order_by(self.id).limit(limit)
        if self.ended_at is not None:
            chosen = chosen.where(self.ended_at.is_not(None) if since is None else self.ended_at >= since)
        elif since is not None:
            chosen = chosen.where(self.id >= first_id_at(since))
        if after is not None:
            chosen = chosen.where(self.id > after)
        return session.scalars(chosen).all()


def text_of(value: Any) -> str | None:
    """A value as the text that is hashed: the same on both databases and for ever."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _lots_of_entries(entry_ids: Sequence[UUID]) -> Spread:
    return _spread(
        select(LotMove.entry_id, LotMove.expires_on, LotMove.amount).where(LotMove.entry_id.in_(entry_ids))
    )


def _lots_of_holds(hold_ids: Sequence[UUID]) -> Spread:
    return _spread(
        select(LotHold.hold_id, LotHold.expires_on, LotHold.points).where(LotHold.hold_id.in_(hold_ids))
    )


def _spread(chosen: Select[UUID, date, int]) -> Spread:
    found: Spread = {}
    for row_id, day, amount in sorted(session.execute(chosen).all()):
        part = f"{day.isoformat()}:{amount}"
        found[row_id] = f"{found[row_id]} {part}" if row_id in found else part
    return found


def _columns(model: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(model, name) for name in names}


def _with_transaction_and_account(chosen: Select[Any]) -> Select[Any]:
    return chosen.join(LedgerTransaction, LedgerTransaction.id == Entry.transaction_id).join(
        Account, Account.id == Entry.account_id
    )


_ASKED = ("person_id", "region_path", "points", "reason", "needs_second", "asked_by", "asked_at")
_RESERVED = ("account_id", "points", "source", "expires_at", "made_by", "made_at")
_HOLD_END = ("state", "captured_points", "end_source", "ended_by", "ended_at", "transaction_id")

ENTRY = Kind(
    "entry",
    Entry.id,
    {
        **_columns(Entry, "account_id"),
        "account": Account.key,
        **_columns(Entry, "amount", "expires_on", "returns_id", "transaction_id"),
        **_columns(LedgerTransaction, "kind", "source", "words", "at"),
    },
    join=_with_transaction_and_account,
    lots=_lots_of_entries,
)
KINDS = (
    Kind(
        "account",
        Account.id,
        _columns(Account, "key", "kind", "owner_id", "region_code", "period", "overdrawable", "created_at"),
    ),
    Kind(
        "transaction",
        LedgerTransaction.id,
        _columns(LedgerTransaction, "kind", "source", "words", "entry_count", "reverses_id", "made_by", "at"),
    ),
    ENTRY,
    Kind("hold", Hold.id, _columns(Hold, *_RESERVED), lots=_lots_of_holds),
    Kind("hold-end", Hold.id, _columns(Hold, *_HOLD_END), ended_at=Hold.ended_at),
    Kind("correction", Correction.id, _columns(Correction, *_ASKED)),
    Kind(
        "correction-end",
        Correction.id,
        _columns(Correction, "state", "decided_by", "decided_at", "transaction_id"),
        ended_at=Correction.decided_at,
    ),
    Kind("reversal", Reversal.id, _columns(Reversal, "entry_id", "transaction_id", *_ASKED)),
    Kind(
        "reversal-end",
        Reversal.id,
        _columns(Reversal, "state", "decided_by", "decided_at", "reversal_id"),
        ended_at=Reversal.decided_at,
    ),
    Kind(
        "debt-policy",
        DebtPolicy.id,
        _columns(DebtPolicy, "share_percent", "reason", "set_by", "starts_at"),
    ),
    Kind(
        "policy-asked",
        DebtPolicyProposal.id,
        _columns(
            DebtPolicyProposal,
            "region_code",
            "share_percent",
            "starts_on",
            "reason",
            "proposed_by",
            "proposed_at",
        ),
    ),
    Kind(
        "policy-decided",
        DebtPolicyProposal.id,
        _columns(DebtPolicyProposal, "state", "decided_by", "decided_at", "policy_id"),
        ended_at=DebtPolicyProposal.decided_at,
    ),
)
BY_NAME = {kind.name: kind for kind in KINDS}
