"""Booking awards: from the budget to the wallet or to pending, from pending to the wallet, or back to the budget.

An exhausted budget queues an award; it is never dropped and never paid from nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select

from app.identity.actors import SYSTEM
from app.kernel.bulk import insert_new
from app.kernel.clock import city_day
from app.kernel.db import as_loaded, session
from app.kernel.errors import Conflict
from app.kernel.events import publish, publish_all
from app.kernel.unanswered import is_unanswered, put, run_again
from app.ledger import taking_back as ledger
from app.ledger.accounts import ToAward, ends_of_awards, pending_of, wallet_of
from app.ledger.debts import pay_from_award
from app.ledger.errors import BudgetExhausted
from app.ledger.posting import Leg, post
from app.ledger.reversals import is_reversed
from app.ledger.together import Posting, post_all
from app.rules.events import AwardGivenBack, AwardQueued, AwardSettled, PointsAwarded
from app.rules.kept import DrawnAward
from app.rules.models import ACTIVE, PENDING, QUEUED, VOID, Award, RecordedFact

MAX_PAID_AT_ONCE = 500
_AWARD = insert(Award.__table__)  # type: ignore[arg-type]
_COLUMNS = Award.__table__.columns.keys()


def fund(award: Award, at: datetime) -> None:
    """Give a queued award its points from the budget, or leave it queued; either way the rider is told."""
    if _draw_on_budget(award, at):
        publish(_awarded(award, at))
    else:
        publish(AwardQueued(**_facts(award, at)))


def fund_all(awards: Sequence[tuple[DrawnAward, datetime]]) -> None:
    """The same for new awards of different riders, each at its instant; the first of them draw first on a budget."""
    if not awards:
        return
    ends = ends_of_awards(
        [ToAward(award.person_id, award.recorded.region_code, at, award.waits) for award, at in awards]
    )
    postings = [
        _posting(award, "given", end.budget_id, end.to_account_id, at, _last_day(award, at))
        for (award, at), end in zip(awards, ends, strict=True)
    ]
    answers = post_all(postings, by=SYSTEM)
    for (award, at), end, problem in zip(awards, ends, answers, strict=True):
        if problem is None:
            _draw(award, end.budget_id, at)
        elif not isinstance(problem, BudgetExhausted):
            raise problem
    _write_down([award for award, _ in awards])
    for (award, at), end in zip(awards, ends, strict=True):
        if award.state == ACTIVE and end.owes:
            _pay_debt(award, at)
    queued = [each for each in awards if each[0].state == QUEUED]
    publish_all([_awarded(award, at) for award, at in awards if award.state != QUEUED])
    held = [award.loaded() for award, _ in queued]  # at hand for whoever tells the rider
    publish_all([AwardQueued(**_facts(award, at)) for award, at in queued])
    del held


def _write_down(awards: Sequence[DrawnAward]) -> None:
    """Write new awards as they came out."""
    if len(insert_new(Award, [award.row for award in awards])) < len(awards):
        raise Conflict  # of a fact and a rule there is one award; whoever is here has claimed the fact


def _awarded(award: Award | DrawnAward, at: datetime) -> PointsAwarded:
    return PointsAwarded(
        **_facts(award, at),
        usable=award.state == ACTIVE,
        fact_kind=award.fact_kind,
        awarded_at=award.awarded_at,
    )


def _draw_on_budget(award: Award, at: datetime) -> bool:
    """Post first and write a new award after it: then it is written once, as it came out."""
    ends = ends_of_awards([ToAward(award.person_id, award.recorded.region_code, at, award.waits)])[0]
    if is_unanswered() and (ends.owes or ends.left < award.points):
        run_again()  # what is unusual is asked step by step
    try:
        _move(award, "given", ends.budget_id, ends.to_account_id, at, _last_day(award, at))
        _draw(award, ends.budget_id, at)
    except BudgetExhausted:
        pass
    if award in session:
        session.flush()
    else:
        put(_AWARD, {name: getattr(award, name) for name in _COLUMNS})
        as_loaded(award)
    if award.state == ACTIVE and ends.owes:
        _pay_debt(award, at)
    return award.state != QUEUED


def _draw(award: Award | DrawnAward, budget_id: UUID, at: datetime) -> None:
    award.state = PENDING if award.waits else ACTIVE
    award.funded_at, award.budget_id = at, budget_id


def settle(award: Award, at: datetime) -> None:
    """The outcome has come: pending points become usable; queued ones will be usable at once when they are paid."""
    award.outcome_at = at
    if award.state == PENDING:
        pending, wallet = pending_of(award.person_id).id, wallet_of(award.person_id).id
        _move(award, "settled", pending, wallet, at, _last_day(award, at))
        award.state = ACTIVE
        session.flush()
        _pay_debt(award, at)
        publish(AwardSettled(**_facts(award, at)))
    session.flush()


def give_back(award: Award, at: datetime) -> None:
    """The fact did not hold: pending points go back to the budget they came from."""
    if award.state == PENDING and award.budget_id is not None:
        _move(award, "given-back", pending_of(award.person_id).id, award.budget_id, at)
    award.state, award.void_at = VOID, at
    session.flush()
    publish(AwardGivenBack(**_facts(award, at)))


def take_back(award: Award, at: datetime) -> None:
    """The fact was no fact: usable points go back too, as far as they are unspent; the rest is a debt."""
    if award.state != ACTIVE:
        give_back(award, at)
        return
    ledger.take_back(
        person_id=award.person_id,
        points=award.points,
        source=f"award:{award.id}:{award.round}:taken-back",
        words=_words(award, "given-back"),
        to_account_id=award.budget_id,
        by=SYSTEM,
        at=at,
    )
    award.state, award.void_at = VOID, at
    session.flush()
    publish(AwardGivenBack(**_facts(award, at)))


def give_again(award: Award, at: datetime) -> None:
    """A fact that had been found wanting holds after all: the same points once more, in a new round.

    Not where staff took the entry back: that was a mistake in the points, not in the fact.
    """
    if is_reversed(source_of(award, "given")):
        return
    award.state, award.void_at, award.funded_at, award.budget_id = QUEUED, None, None, None
    award.round += 1
    session.flush()
    fund(award, at)


def pay_queued(*, at: datetime) -> int:
    """Pay awards that waited for a budget, oldest first, where there are funds again. Returns how many were paid."""
    paid, empty, before = 0, set[str](), -1
    while len(empty) > before:  # where some have nothing left, those behind them may have
        before = len(empty)
        for award in _queued_to_change(empty):
            if award.recorded.region_code in empty:
                continue
            if _draw_on_budget(award, at):
                paid += 1
                publish(_awarded(award, at))
            else:
                empty.add(award.recorded.region_code)  # oldest first: nobody later is paid before
    return paid


def settle_due(*, at: datetime) -> int:
    """Let awards that waited for a date become usable. Returns how many."""
    due = session.scalars(
        select(Award)
        .where(
            Award.usable_from_at <= at,
            Award.outcome_at.is_(None),
            Award.state.in_((QUEUED, PENDING)),
        )
        .order_by(Award.id)
        .limit(MAX_PAID_AT_ONCE)
        .with_for_update(of=Award, skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    for award in due:
        settle(award, at)
    return len(due)


def _queued_to_change(empty: Collection[str]) -> Sequence[Award]:
    return session.scalars(
        select(Award)
        .join(Award.recorded)
        .where(Award.state == QUEUED, RecordedFact.region_code.not_in(empty))
        .order_by(Award.id)
        .limit(MAX_PAID_AT_ONCE)
        .with_for_update(of=Award, skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()


def _last_day(award: Award | DrawnAward, at: datetime) -> date | None:
    """Until when points that become usable now may be used; None: they do not expire. Pending points never run out."""
    days = award.expires_after_days
    return None if days is None or award.waits else city_day(at) + timedelta(days=days)


def _move(
    award: Award,
    step: str,
    from_account: UUID,
    to_account: UUID,
    at: datetime,
    expires_on: date | None = None,
) -> None:
    """One posting. Its source names the award, the step and the round, so the ledger books it once."""
    post(**_posting(award, step, from_account, to_account, at, expires_on)._asdict(), by=SYSTEM)


def _posting(
    award: Award | DrawnAward,
    step: str,
    from_account: UUID,
    to_account: UUID,
    at: datetime,
    expires_on: date | None = None,
) -> Posting:
    return Posting(
        kind=f"award-{step}",
        source=source_of(award, step),
        legs=[Leg(from_account, -award.points), Leg(to_account, award.points, expires_on=expires_on)],
        words=_words(award, step),
        at=at,
    )


def _words(award: Award | DrawnAward, step: str) -> dict[str, Any]:
    return {
        "slug": f"rules.entry.{step}",
        "what": dict(award.explanation["words"]),
        "points": award.points,
        "rule": award.rule_key,
        "version": award.version.number,
        "award_id": str(award.id),
    }


def _pay_debt(award: Award | DrawnAward, at: datetime) -> None:
    pay_from_award(person_id=award.person_id, points=award.points, source=source_of(award, "debt"), at=at)


def source_of(award: Award | DrawnAward, step: str) -> str:
    """The ledger's name for one step of an award in its present round: booked once."""
    return f"award:{award.id}:{award.round}:{step}"


def _facts(award: Award | DrawnAward, at: datetime) -> dict[str, Any]:
    return {"award_id": award.id, "person_id": award.person_id, "points": award.points, "at": at}
