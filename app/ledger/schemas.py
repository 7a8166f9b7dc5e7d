"""Shapes of balances, entries, budgets and corrections."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from app.kernel.clock import city_day
from app.kernel.schemas import Day, Flag, Id, Instant, PageQuery, Schema, Text, Whole
from app.ledger.debt_policies import PROPOSAL_STATES, in_words
from app.ledger.models import ACCOUNT_KINDS, CORRECTION_STATES, Entry, Lot, Seal
from app.ledger.sealing import as_published
from app.ledger.wording import explain

MOST_POINTS = 1_000_000_000
PERIOD = r"^20[2-8][0-9]Q[1-4]\Z"
REGION_CODE = r"^[0-9]{2,20}\Z"


class BalanceRead(Schema):
    """A person's points: usable now, waiting for an outcome, reserved."""

    usable = fields.Integer(required=True)
    pending = fields.Integer(required=True)
    held = fields.Integer(required=True)


class AccountKind(Schema):
    """Which account a line belongs to."""

    kind = fields.String(required=True, validate=validate.OneOf(ACCOUNT_KINDS))


class EntryRead(Schema):
    """One line of a statement and why it is there."""

    id = fields.UUID(required=True)
    account = fields.Pluck(AccountKind, "kind", required=True)
    amount = fields.Integer(required=True)
    kind = fields.String(attribute="transaction.kind", required=True)
    source = fields.String(attribute="transaction.source", required=True)
    explanation = fields.Method("_explanation", required=True)
    transaction_id = fields.UUID(required=True)
    at = fields.AwareDateTime(attribute="transaction.at", required=True)

    def _explanation(self, entry: Entry) -> str:
        return explain(entry.transaction.words)


class BudgetRead(Schema):
    """How far a budget has gone."""

    region_code = fields.String(required=True)
    period = fields.String(required=True)
    funded = fields.Integer(required=True)
    spent = fields.Integer(required=True)
    left = fields.Integer(required=True)
    percent = fields.Integer(required=True)
    level = fields.String(required=True, validate=validate.OneOf(["ok", "warning", "alarm", "exhausted"]))


class BudgetsQuery(Schema):
    """Which budgets: a region and all below, a period; everything if neither is said."""

    region = fields.String(load_default=None, validate=validate.Regexp(REGION_CODE))
    period = fields.String(load_default=None, validate=validate.Regexp(PERIOD))


class FundBudget(Schema):
    """Points for the budget of a region and quarter."""

    region_code = fields.String(required=True, validate=validate.Regexp(REGION_CODE))
    period = fields.String(required=True, validate=validate.Regexp(PERIOD))
    points = Whole(1, MOST_POINTS, required=True)


class AskCorrection(Schema):
    """So many points more (+) or fewer (-) for a person, and why in words the person will read."""

    person_id = Id(required=True)
    points = Whole(-1_000_000, 1_000_000, required=True)
    reason = Text(500, min_length=4, required=True)

    @ma.validates("points")
    def _not_nothing(self, points: int, **_: Any) -> None:
        if points == 0:
            raise ma.ValidationError("no-points")


class DecideCorrection(Schema):
    """The second person's answer."""

    approved = Flag(required=True)


class ProposePolicy(Schema):
    """Which region, what share of later awards pays debts off (0: they are written off), from which day, and why."""

    region_code = fields.String(required=True, validate=validate.Regexp(r"^[0-9]{2,20}\Z"))
    share_percent = Whole(0, 100, required=True)
    starts_on = Day(required=True)
    reason = Text(300, min_length=4, required=True)


class PolicyRead(Schema):
    """What is to become of debts in a region, and where that stands; in words as riders read it."""

    id = fields.UUID(required=True)
    region_code = fields.String(required=True)
    share_percent = fields.Integer(required=True)
    in_words = fields.Function(lambda proposal: in_words(proposal.share_percent), required=True)
    starts_on = fields.Date(required=True)
    reason = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(PROPOSAL_STATES))
    proposed_by = fields.UUID(required=True)
    proposed_at = fields.AwareDateTime(required=True)
    decided_by = fields.UUID(required=True, allow_none=True)
    decided_at = fields.AwareDateTime(required=True, allow_none=True)


class CorrectionRead(Schema):
    """A correction and where it stands."""

    id = fields.UUID(required=True)
    person_id = fields.UUID(required=True)
    points = fields.Integer(required=True)
    reason = fields.String(required=True)
    needs_second = fields.Boolean(required=True)
    state = fields.String(required=True, validate=validate.OneOf(CORRECTION_STATES))
    asked_by = fields.UUID(required=True)
    asked_at = fields.AwareDateTime(required=True)
    decided_by = fields.UUID(required=True, allow_none=True)
    decided_at = fields.AwareDateTime(required=True, allow_none=True)
    transaction_id = fields.UUID(required=True, allow_none=True)


class CorrectionsQuery(PageQuery):
    """Corrections in one state, or all."""

    state = fields.String(load_default=None, validate=validate.OneOf(CORRECTION_STATES))


class LegRead(Schema):
    """Points that would go into (+) or out of (-) an account."""

    account = fields.Pluck(AccountKind, "kind", required=True)
    points = fields.Integer(required=True)


class ForeseenRead(Schema):
    """What taking an entry back would do: `missing` of the points were spent or reserved and become a debt."""

    entry_id = fields.UUID(attribute="entry.id", required=True)
    person_id = fields.UUID(required=True, allow_none=True)
    points = fields.Integer(required=True)
    moves = fields.List(fields.Nested(LegRead), required=True)
    usable = fields.Integer(required=True)
    held = fields.Integer(required=True)
    missing = fields.Integer(required=True)
    written_off = fields.Integer(required=True)
    owed = fields.Integer(required=True)
    needs_second = fields.Boolean(required=True)


class AskReversal(Schema):
    """Which entry was booked by mistake, and why in words its rider will read."""

    entry_id = Id(required=True)
    reason = Text(300, min_length=4, required=True)


class ReversalRead(Schema):
    """An entry that is to be taken back, and where that stands."""

    id = fields.UUID(required=True)
    entry_id = fields.UUID(required=True)
    person_id = fields.UUID(required=True, allow_none=True)
    points = fields.Integer(required=True)
    reason = fields.String(required=True)
    needs_second = fields.Boolean(required=True)
    state = fields.String(required=True, validate=validate.OneOf(CORRECTION_STATES))
    asked_by = fields.UUID(required=True)
    asked_at = fields.AwareDateTime(required=True)
    decided_by = fields.UUID(required=True, allow_none=True)
    decided_at = fields.AwareDateTime(required=True, allow_none=True)
    reversal_id = fields.UUID(required=True, allow_none=True)


class LotRead(Schema):
    """Points of a wallet that share a last day; None: they do not run out."""

    points = fields.Integer(required=True)
    held = fields.Integer(required=True)
    until = fields.Method(
        "_until", required=True, metadata={"type": "string", "format": "date", "nullable": True}
    )

    def _until(self, lot: Lot) -> str | None:
        return lot.due_on.isoformat() if lot.expires else None


class SealRead(Schema):
    """A seal as everybody may keep it: `hash` fixes every row that was ever sealed."""

    number = fields.Integer(required=True)
    root = fields.String(required=True)
    previous = fields.String(required=True)
    size = fields.Integer(required=True)
    sealed_at = fields.String(required=True)
    hash = fields.String(required=True)

    @ma.pre_dump
    def _published(self, seal: Any, **_: Any) -> Any:
        return as_published(seal) if isinstance(seal, Seal) else seal


class ProofRead(Schema):
    """What it takes to check offline that an entry is in a published seal (see docs/operations.md)."""

    format = fields.String(required=True)
    row = fields.List(fields.List(fields.String(allow_none=True)), required=True)
    position = fields.Integer(required=True)
    path = fields.List(fields.String(), required=True)
    seal = fields.Nested(SealRead, required=True)


class TrialQuery(Schema):
    """At the end of which day, or at which instant; now if neither is said."""

    day = Day(load_default=None)
    moment = Instant(load_default=None)

    @ma.validates_schema
    def _one(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("day") and data.get("moment"):
            raise ma.ValidationError({"moment": ["day-or-moment"]})


class KindBalanceRead(Schema):
    """All accounts of one kind together, at one moment."""

    kind = fields.String(required=True)
    accounts = fields.Integer(required=True)
    balance = fields.Integer(required=True)


class AccountRead(Schema):
    """An account of the book."""

    id = fields.UUID(required=True)
    key = fields.String(required=True)
    kind = fields.String(required=True)
    balance = fields.Integer(required=True)
    held = fields.Integer(required=True)


class AccountsQuery(PageQuery):
    """Accounts of one kind, or whose key holds a text."""

    kind = fields.String(load_default=None, validate=validate.OneOf(ACCOUNT_KINDS))
    key = fields.String(load_default=None, validate=validate.Length(min=1, max=80))


class SpanQuery(Schema):
    """From the beginning of a day to the end of another, or to an instant; the last thirty days if not said."""

    from_on = Day(load_default=None)
    to_on = Day(load_default=None)
    to_at = Instant(load_default=None)

    @ma.validates_schema
    def _in_order(self, data: dict[str, Any], **_: Any) -> None:
        first, last, moment = data.get("from_on"), data.get("to_on"), data.get("to_at")
        if last and moment:
            raise ma.ValidationError({"to_at": ["day-or-moment"]})
        if first and moment and first > city_day(moment):
            raise ma.ValidationError({"to_at": ["ends-before-it-begins"]})
        if first and last and first > last:
            raise ma.ValidationError({"to_on": ["ends-before-it-begins"]})


class LineRead(Schema):
    """One line of an account's statement and the balance after it."""

    entry_id = fields.UUID(required=True)
    at = fields.AwareDateTime(required=True)
    kind = fields.String(required=True)
    source = fields.String(required=True)
    explanation = fields.Function(lambda line: explain(line.words), required=True)
    amount = fields.Integer(required=True)
    balance = fields.Integer(required=True)


class StatementRead(Schema):
    """What moved an account between two instants; `more` lines were left out, an export has them all."""

    account = fields.Nested(AccountRead, required=True)
    from_on = fields.Date(required=True)
    to_on = fields.Date(required=True)
    from_at = fields.AwareDateTime(required=True)
    to_at = fields.AwareDateTime(required=True)
    opening = fields.Integer(required=True)
    lines = fields.List(fields.Nested(LineRead), required=True)
    closing = fields.Integer(required=True)
    more = fields.Integer(required=True)


class DueRead(Schema):
    """Points that run out in one month, unless they are used before."""

    month_on = fields.Date(required=True)
    points = fields.Integer(required=True)
    held = fields.Integer(required=True)


class LiabilityRead(Schema):
    """What is owed to riders, when it runs out, and what the caller's budgets can still give."""

    owed = fields.Integer(required=True)
    usable = fields.Integer(required=True)
    held = fields.Integer(required=True)
    pending = fields.Integer(required=True)
    without_end = fields.Integer(required=True)
    owed_by_riders = fields.Integer(required=True)
    calendar = fields.List(fields.Nested(DueRead), required=True)
    budgets = fields.List(fields.Nested(BudgetRead), required=True)
