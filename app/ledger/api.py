"""The wallet for riders; totals, budgets and corrections for staff."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from flask import Response, request

from app.identity.actors import Actor
from app.kernel import clock, sheets
from app.kernel.http import (
    Api,
    asks_ahead,
    attachment,
    gives,
    gives_file,
    gives_page,
    idempotent,
    public,
    requires,
    takes,
    takes_query,
    traced,
)
from app.kernel.paging import Page
from app.ledger import (
    budgets,
    correcting,
    debt_policies,
    exporting,
    queries,
    reporting,
    reversals,
    reversing,
    sealing,
)
from app.ledger.debt_policies import DebtPolicyProposal
from app.ledger.exporting import Export
from app.ledger.models import Account, Correction, Entry, Lot, Seal
from app.ledger.queries import Balance, BudgetState
from app.ledger.reporting import KindBalance, Liability, Statement
from app.ledger.reversals import Reversal
from app.ledger.reversing import Foreseen
from app.ledger.schemas import (
    AccountRead,
    AccountsQuery,
    AskCorrection,
    AskReversal,
    BalanceRead,
    BudgetRead,
    BudgetsQuery,
    CorrectionRead,
    CorrectionsQuery,
    DecideCorrection,
    EntryRead,
    ForeseenRead,
    FundBudget,
    KindBalanceRead,
    LiabilityRead,
    LotRead,
    PolicyRead,
    ProofRead,
    ProposePolicy,
    ReversalRead,
    SealRead,
    SpanQuery,
    StatementRead,
    TrialQuery,
)

api = Api("ledger", "", "Points: the wallet, and the book behind it")


@api.get("/wallet")
@requires("self")
@asks_ahead(queries.BALANCE)
@gives(BalanceRead)
def read_wallet(by: Actor) -> Balance:
    """My points: usable, pending, held"""
    return queries.balance_of(by.id)


@api.get("/wallet/entries")
@requires("self")
@gives_page(EntryRead)
def list_entries(cursor: str | None, limit: int, by: Actor) -> Page[Entry]:
    """Every movement of my points and why, newest first"""
    return queries.statement(by.id, cursor, limit)


@api.get("/wallet/entries/<uuid:entry_id>")
@requires("self")
@gives(EntryRead)
def read_entry(entry_id: UUID, by: Actor) -> Entry:
    """One movement of my points"""
    return queries.entry(entry_id, by=by)


@api.get("/wallet/lots")
@requires("self")
@gives(LotRead, many=True)
def list_lots(by: Actor) -> Sequence[Lot]:
    """My usable and held points by the day they run out, the earliest first"""
    return queries.lots_of(by.id)


@api.get("/wallet/entries/<uuid:entry_id>/proof")
@requires("self")
@gives(ProofRead)
def read_my_proof(entry_id: UUID, by: Actor) -> dict[str, Any]:
    """The proof that one of my movements is in a published seal"""
    return sealing.proof_of(queries.entry(entry_id, by=by).id)


@api.get("/ledger/entries/<uuid:entry_id>/proof")
@requires("ledger.read")
@traced("entry.seen")
@gives(ProofRead)
def read_proof(entry_id: UUID, by: Actor) -> dict[str, Any]:
    """The proof that an entry is in a published seal"""
    return sealing.proof_of(reporting.entry(entry_id, by=by).id)


@api.get("/seals")
@public
@gives_page(SealRead)
def list_seals(cursor: str | None, limit: int) -> Page[Seal]:
    """The published seals of the book, newest first; keep one, and nothing before it can change unseen"""
    return queries.seals(cursor, limit)


@api.get("/seals/<int:number>")
@public
@gives(SealRead)
def read_seal(number: int) -> Seal:
    """One published seal"""
    return queries.seal(number)


@api.get("/ledger/trial-balance")
@requires("ledger.read")
@takes_query(TrialQuery)
@gives(KindBalanceRead, many=True)
def read_trial_balance(day: date | None, moment: datetime | None, by: Actor) -> Sequence[KindBalance]:
    """The sum of each kind of account of the whole city at any past moment; all together they are zero"""
    return reporting.trial_balance(reporting.moment_asked(day, moment, clock.now()), by=by)


@api.get("/ledger/trial-balance.xlsx", write=True)
@requires("ledger.read")
@takes_query(TrialQuery)
@gives_file(sheets.XLSX)
def export_trial_balance_xlsx(day: date | None, moment: datetime | None, by: Actor) -> Response:
    """The trial balance as a workbook (audited)"""
    return _trial_balance("xlsx", day, moment, by)


@api.get("/ledger/trial-balance.csv", write=True)
@requires("ledger.read")
@takes_query(TrialQuery)
@gives_file("text/csv")
def export_trial_balance_csv(day: date | None, moment: datetime | None, by: Actor) -> Response:
    """The trial balance as CSV (audited)"""
    return _trial_balance("csv", day, moment, by)


@api.get("/ledger/accounts")
@requires("ledger.read")
@traced("accounts.seen")
@takes_query(AccountsQuery)
@gives_page(AccountRead)
def list_accounts(
    kind: str | None, key: str | None, cursor: str | None, limit: int, by: Actor
) -> Page[Account]:
    """Accounts of the whole city, newest first"""
    return reporting.accounts(kind=kind, key=key, cursor=cursor, limit=limit, by=by)


@api.get("/ledger/accounts/<uuid:account_id>/statement")
@requires("ledger.read")
@traced("account.seen")
@takes_query(SpanQuery)
@gives(StatementRead)
def read_statement(
    account_id: UUID, from_on: date | None, to_on: date | None, to_at: datetime | None, by: Actor
) -> Statement:
    """What moved an account to the end of a day or to any moment, with opening and closing balance"""
    first, last = reporting.span_asked(from_on, to_on, to_at, clock.now())
    return reporting.statement_of(account_id, from_at=first, to_at=last, by=by)


@api.get("/ledger/accounts/<uuid:account_id>/statement.xlsx", write=True)
@requires("ledger.read")
@takes_query(SpanQuery)
@gives_file(sheets.XLSX)
def export_statement_xlsx(
    account_id: UUID, from_on: date | None, to_on: date | None, to_at: datetime | None, by: Actor
) -> Response:
    """A statement as a workbook, with all its lines (audited)"""
    span = reporting.span_asked(from_on, to_on, to_at, clock.now())
    return _statement("xlsx", account_id, span, by)


@api.get("/ledger/accounts/<uuid:account_id>/statement.csv", write=True)
@requires("ledger.read")
@takes_query(SpanQuery)
@gives_file("text/csv")
def export_statement_csv(
    account_id: UUID, from_on: date | None, to_on: date | None, to_at: datetime | None, by: Actor
) -> Response:
    """A statement as CSV, with all its lines (audited)"""
    span = reporting.span_asked(from_on, to_on, to_at, clock.now())
    return _statement("csv", account_id, span, by)


@api.get("/ledger/liability")
@requires("ledger.read")
@gives(LiabilityRead)
def read_liability(by: Actor) -> Liability:
    """What is owed to riders, when it runs out, and what the budgets can still give"""
    return reporting.liability(by=by)


@api.get("/ledger/budgets")
@requires("ledger.read")
@takes_query(BudgetsQuery)
@gives(BudgetRead, many=True)
def list_budgets(region: str | None, period: str | None, by: Actor) -> Sequence[BudgetState]:
    """Budgets in my regions: funded, spent, left"""
    return queries.budgets(region_code=region, period=period, by=by)


@api.post("/ledger/budgets")
@requires("rules.review")
@idempotent
@takes(FundBudget)
@gives(BudgetRead, 201)
def fund(region_code: str, period: str, points: int, by: Actor) -> BudgetState | None:
    """Fund a budget"""
    budgets.fund_budget(
        region_code=region_code, period=period, points=points, source=cause(by), by=by, at=clock.now()
    )
    return queries.budget_state(region_code, period)


@api.get("/ledger/corrections")
@requires("ledger.correct")
@traced("corrections.seen")
@takes_query(CorrectionsQuery)
@gives_page(CorrectionRead)
def list_corrections(state: str | None, cursor: str | None, limit: int, by: Actor) -> Page[Correction]:
    """Corrections in my regions, newest first"""
    return queries.corrections(state=state, cursor=cursor, limit=limit, by=by)


@api.post("/ledger/corrections")
@requires("ledger.correct")
@idempotent
@takes(AskCorrection)
@gives(CorrectionRead, 201)
def correct(person_id: UUID, points: int, reason: str, by: Actor) -> Correction:
    """Correct a rider's points; above 100 it waits for a second person"""
    return correcting.correct(person_id=person_id, points=points, reason=reason, by=by, at=clock.now())


@api.post("/ledger/corrections/<uuid:correction_id>/decision")
@requires("ledger.correct")
@idempotent
@takes(DecideCorrection)
@gives(CorrectionRead)
def decide(correction_id: UUID, approved: bool, by: Actor) -> Correction:
    """Agree to a waiting correction, or refuse it"""
    return correcting.decide_correction(correction_id=correction_id, approved=approved, by=by, at=clock.now())


@api.get("/ledger/debt-policies")
@requires("ledger.read")
@gives(PolicyRead, many=True)
def list_policies(by: Actor) -> Sequence[DebtPolicyProposal]:
    """What is to become of points that riders owe: asked for, agreed to or refused in my regions, newest first"""
    return [proposal for proposal, _ in debt_policies.proposals(by=by)]


@api.post("/ledger/debt-policies")
@requires(debt_policies.MAY)
@idempotent
@takes(ProposePolicy)
@gives(PolicyRead, 201)
def propose_policy(
    region_code: str, share_percent: int, starts_on: date, reason: str, by: Actor
) -> DebtPolicyProposal:
    """Propose what is to become of debts in a region; nothing changes until a second person agrees"""
    return debt_policies.propose_policy(
        region_code=region_code,
        share_percent=share_percent,
        starts_on=starts_on,
        reason=reason,
        by=by,
        at=clock.now(),
    )


@api.post("/ledger/debt-policies/<uuid:proposal_id>/decision")
@requires(debt_policies.MAY)
@idempotent
@takes(DecideCorrection)
@gives(PolicyRead)
def decide_policy(proposal_id: UUID, approved: bool, by: Actor) -> DebtPolicyProposal:
    """Agree to a proposed policy, or refuse it; whoever proposed it may withdraw it"""
    return debt_policies.decide_policy(proposal_id=proposal_id, agreed=approved, by=by, at=clock.now())


@api.get("/ledger/entries/<uuid:entry_id>/reversal")
@requires("ledger.correct")
@traced("entry.seen")
@gives(ForeseenRead)
def foresee_reversal(entry_id: UUID, by: Actor) -> Foreseen:
    """What taking an entry back would do, in numbers; nothing is done yet"""
    return reversing.foresee(entry_id=entry_id, by=by, at=clock.now())


@api.get("/ledger/reversals")
@requires("ledger.correct")
@traced("reversals.seen")
@takes_query(CorrectionsQuery)
@gives_page(ReversalRead)
def list_reversals(state: str | None, cursor: str | None, limit: int, by: Actor) -> Page[Reversal]:
    """Entries in my regions that are to be taken back, or were, newest first"""
    return reversals.reversals(state=state, cursor=cursor, limit=limit, by=by)


@api.post("/ledger/reversals")
@requires("ledger.correct")
@idempotent
@takes(AskReversal)
@gives(ReversalRead, 201)
def ask_to_reverse(entry_id: UUID, reason: str, by: Actor) -> Reversal:
    """Take back one entry that was booked by mistake; above 100 points it waits for a second person"""
    return reversing.ask_to_reverse(entry_id=entry_id, reason=reason, by=by, at=clock.now())


@api.post("/ledger/reversals/<uuid:reversal_id>/decision")
@requires("ledger.correct")
@idempotent
@takes(DecideCorrection)
@gives(ReversalRead)
def decide_reversal(reversal_id: UUID, approved: bool, by: Actor) -> Reversal:
    """Agree that an entry is taken back, or refuse it"""
    return reversing.decide_reversal(reversal_id=reversal_id, approved=approved, by=by, at=clock.now())


def cause(by: Actor) -> str:
    """What made this request unique: who sent it with which key."""
    return f"{by.key}:{request.headers['Idempotency-Key']}"


def _trial_balance(form: str, day: date | None, moment: datetime | None, by: Actor) -> Response:
    at = clock.now()
    asked = reporting.moment_asked(day, moment, at)
    return _download(exporting.trial_balance(moment=asked, form=form, by=by, at=at))


def _statement(form: str, account_id: UUID, span: tuple[datetime, datetime], by: Actor) -> Response:
    first, last = span
    return _download(
        exporting.statement(
            account_id=account_id, from_at=first, to_at=last, form=form, by=by, at=clock.now()
        )
    )


def _download(export: Export) -> Response:
    return attachment(export.data, export.media_type, export.filename)
