"""Unwinding: a fact found void takes back whatever came of it — hours, points, the vouchers they reserved, candidacy.

One person says which fact and why, a second one decides; then all of it happens in one unit of work, once. Points that
were spent are never taken from anybody's future by surprise: what becomes of such a debt is the published policy of the
ledger (by default the programme writes it off), the wallet never goes below zero, and the rider is told in plain words.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select

from app.audit.recording import record
from app.identity.actors import Actor
from app.kernel.db import insert_if_absent, session
from app.kernel.errors import Forbidden
from app.kernel.events import publish
from app.kernel.ids import new_id
from app.kernel.paging import Page, page
from app.ledger.posting import booked
from app.ledger.queries import balance_of
from app.ledger.taking_back import take_back
from app.places import queries as places
from app.places.models import Region
from app.rewards import ordering
from app.rewards.errors import VoucherCancelled, VoucherExpired, VoucherHandedOver
from app.rewards.models import RESERVED, Voucher
from app.rules import queries
from app.rules.errors import NothingToUnwind, UnwindingNotFound
from app.rules.events import FactUnwound, UnwindingAgreed, UnwindingRefused
from app.rules.kinds import KINDS, hours
from app.rules.models import (
    ACTIVE,
    ASKED,
    DONE,
    PENDING,
    QUEUED,
    REFUSED,
    VOID,
    Award,
    RecordedFact,
    Unwinding,
)
from app.rules.paying import source_of
from app.rules.voiding import find_void
from app.volunteering import confirming
from app.volunteering.models import Activity, Hours
from app.volunteering.queries import activity_to_change
from app.volunteering.voiding import find_made_up

ACTIVITY = (
    "activity"  # the whole of one was made up: its hours, those that wait and whatever would come later
)
SUBJECTS = (*KINDS, ACTIVITY)


@dataclass(slots=True)
class TakenBack:
    """What unwinding one or more facts took back, as it is kept and shown."""

    facts: int = 0
    minutes: int = 0
    waiting: int = 0  # hours of a whole activity that nobody had confirmed: they never will be
    points: int = 0  # of which …
    from_wallet: int = 0
    from_pending: int = 0
    owed: int = 0
    written_off: int = 0
    vouchers: int = 0


def ask_to_unwind(*, fact_kind: str, fact_id: UUID, reason: str, by: Actor, at: datetime) -> Unwinding:
    """Say that a fact is void, and why. Asking again leads to the first request. Raises NothingToUnwind, Forbidden."""
    region_code = _region_of(fact_kind, fact_id)
    by.must("facts.unwind", region_path=places.region_path(region_code))
    _must_not_be_own(fact_kind, fact_id, by)
    values = {
        "id": new_id(),
        "fact_kind": fact_kind,
        "fact_id": fact_id,
        "region_code": region_code,
        "reason": reason,
        "state": ASKED,
        "asked_by": by.id,
        "asked_at": at,
    }
    if not insert_if_absent(Unwinding, values):  # asked before, or twice at once: the unique index keeps one
        same = select(Unwinding).where(Unwinding.fact_kind == fact_kind, Unwinding.fact_id == fact_id)
        return session.scalars(same.where(Unwinding.state != REFUSED)).one()
    _note("unwinding.asked", values["id"], {"fact": f"{fact_kind}:{fact_id}", "reason": reason}, by, at)  # type: ignore[arg-type]
    return session.get_one(Unwinding, values["id"])


def decide_unwinding(*, unwinding_id: UUID, approved: bool, by: Actor, at: datetime) -> Unwinding:
    """The second person's answer; if it is yes, everything is taken back now. Deciding the same again changes nothing.

    Raises UnwindingNotFound, UnwindingDecided, AskedByYourself, Forbidden.
    """
    unwinding = _unwinding_to_change(unwinding_id)
    by.must("facts.unwind", region_path=places.region_path(unwinding.region_code))
    if unwinding.state == (DONE if approved else REFUSED):
        return unwinding
    unwinding.must_be_decidable_by(by.id)
    if approved and unwinding.fact_kind == ACTIVITY:
        activity_to_change(unwinding.fact_id)  # no hours are confirmed meanwhile: those that were are seen
    _must_not_be_own(unwinding.fact_kind, unwinding.fact_id, by)
    unwinding.decided_by, unwinding.decided_at = by.id, at
    unwinding.state = DONE if approved else REFUSED
    session.flush()
    if approved:
        taken = TakenBack()
        facts = [queries.recorded_fact(*each) for each in _facts_of(unwinding.fact_kind, unwinding.fact_id)]
        recorded = [each for each in facts if each is not None]
        publish(UnwindingAgreed(happened_at=tuple(each.happened_at for each in recorded), at=at))
        for each in recorded:
            _unwind_fact(unwinding, each, taken, by, at)
        if unwinding.fact_kind == ACTIVITY:
            taken.waiting = find_made_up(activity_id=unwinding.fact_id, reason=unwinding.reason, by=by, at=at)
        unwinding.outcome = asdict(taken)
        session.flush()
    else:
        publish(UnwindingRefused(fact_kind=unwinding.fact_kind, fact_id=unwinding.fact_id, at=at))
    _note("unwinding.decided", unwinding.id, {"state": unwinding.state, **(unwinding.outcome or {})}, by, at)
    return unwinding


def unwindings(by: Actor, limit: int = 100) -> Sequence[Unwinding]:
    """What was asked and decided where the caller reads the ledger, open ones first, then the newest."""
    newest = _read_by(by).order_by(Unwinding.decided_at.is_not(None), Unwinding.id.desc())
    return session.scalars(newest.limit(limit)).all()


def requests(
    *, by: Actor, state: str | None = None, decided: bool = False, cursor: str | None = None
) -> Page[Unwinding]:
    """The same in pages, newest first; `decided`: only what waits for nobody any more."""
    chosen = _read_by(by)
    if state:
        chosen = chosen.where(Unwinding.state == state)
    if decided:
        chosen = chosen.where(Unwinding.state != ASKED)
    return page(chosen, Unwinding.id, cursor)


def _read_by(by: Actor) -> Select[Unwinding]:
    paths = by.scopes("ledger.read").region_paths
    chosen = select(Unwinding).join(Region, Region.code == Unwinding.region_code)
    return chosen.where(places.inside(Region.path, paths))


def points_at_stake(unwinding: Unwinding) -> int:
    """What agreeing would take back now: of a whole activity the points of all its hours."""
    facts = _facts_of(unwinding.fact_kind, unwinding.fact_id)
    kind = hours.KIND.name if unwinding.fact_kind == ACTIVITY else unwinding.fact_kind
    return queries.points_given_for(kind, *(fact_id for _, fact_id in facts))


def _region_of(kind: str, fact_id: UUID) -> str:
    if kind == ACTIVITY:
        activity = session.get(Activity, fact_id)
        if activity is None:
            raise NothingToUnwind
        return activity.region_code
    recorded = queries.recorded_fact(kind, fact_id)
    if recorded is None:
        raise NothingToUnwind
    return recorded.region_code


def _facts_of(kind: str, fact_id: UUID) -> list[tuple[str, UUID]]:
    if kind != ACTIVITY:
        return [(kind, fact_id)]
    counted = select(Hours.id).where(Hours.activity_id == fact_id, Hours.state == "confirmed")
    return [(hours.KIND.name, each) for each in session.scalars(counted.order_by(Hours.id))]


def _must_not_be_own(kind: str, fact_id: UUID, by: Actor) -> None:
    """Nobody unwinds what they gained by themselves, or still wait for. Raises Forbidden."""
    own = select(RecordedFact.id).where(RecordedFact.fact_id == fact_id, RecordedFact.person_id == by.id)
    if kind == ACTIVITY:
        own = select(Hours.id).where(
            Hours.activity_id == fact_id, Hours.person_id == by.id, Hours.state != "rejected"
        )
    if session.scalar(own.limit(1)) is not None:
        raise Forbidden


def _unwind_fact(
    unwinding: Unwinding, recorded: RecordedFact, taken: TakenBack, by: Actor, at: datetime
) -> None:
    kind, fact_id = recorded.kind, recorded.fact_id
    if not find_void(recorded, unwinding_id=unwinding.id, at=at):
        return  # unwound before, alone or with its activity
    before = asdict(taken)
    taken.facts += 1
    if kind == hours.KIND.name:
        taken.minutes += confirming.void_hours(hours_id=fact_id, reason=unwinding.reason, by=by, at=at)
    for award in queries.awards_to_change(kind, [fact_id], QUEUED, PENDING, ACTIVE):
        _take_back(award, unwinding, taken, by, at)
    publish(
        FactUnwound(
            unwinding_id=unwinding.id,
            fact_kind=kind,
            fact_id=fact_id,
            person_id=recorded.person_id,
            happened_at=recorded.happened_at,
            reason=unwinding.reason,
            points=taken.points - before["points"],
            written_off=taken.written_off - before["written_off"],
            owed=taken.owed - before["owed"],
            decided_by=by.id,
            at=at,
        )
    )


def _take_back(award: Award, unwinding: Unwinding, taken: TakenBack, by: Actor, at: datetime) -> None:
    """Points of an award go back to the budget they came from; those not paid yet are simply not paid."""
    was = award.state
    if was != QUEUED:
        if was == ACTIVE:
            taken.vouchers += _free_reserved(award, by, at)
        back = take_back(
            person_id=award.person_id,
            points=award.points,
            pending=award.points if was == PENDING else 0,
            source=source_of(award, "unwound"),
            to_account_id=award.budget_id,
            given_by=_filled_by(award),
            words={
                "slug": "rules.entry.unwound",
                "what": dict(award.explanation["words"]),
                "points": award.points,
                "reason": unwinding.reason,
                "award_id": str(award.id),
            },
            by=by,
            at=at,
        )
        taken.points += award.points
        taken.from_wallet += back.from_wallet
        taken.from_pending += back.from_pending
        taken.owed += back.owed
        taken.written_off += back.written_off
    award.state, award.void_at = VOID, at
    session.flush()


def _filled_by(award: Award) -> str:
    """The source that brought the points: their outcome, if they waited for one, else the award itself."""
    settled = source_of(award, "settled")
    return settled if booked(settled) is not None else source_of(award, "given")


def _free_reserved(award: Award, by: Actor, at: datetime) -> int:
    """Cancel the rider's reserved vouchers, newest first, as far as their points are needed. Returns how many."""
    freed = 0
    reserved = select(Voucher.id).where(Voucher.person_id == award.person_id, Voucher.state == RESERVED)
    for voucher_id in session.scalars(reserved.order_by(Voucher.reserved_at.desc(), Voucher.id.desc())).all():
        if balance_of(award.person_id).usable >= award.points:
            break
        with suppress(VoucherHandedOver, VoucherCancelled, VoucherExpired):  # in this very moment
            ordering.cancel_for(voucher_id=voucher_id, person_id=award.person_id, by=by, at=at)
            freed += 1
    return freed


def _unwinding_to_change(unwinding_id: UUID) -> Unwinding:
    chosen = select(Unwinding).where(Unwinding.id == unwinding_id).with_for_update()
    found = session.scalar(chosen.execution_options(populate_existing=True))
    if found is None:
        raise UnwindingNotFound
    return found


def _note(action: str, unwinding_id: UUID, facts: dict[str, object], by: Actor, at: datetime) -> None:
    record(action=action, subject=f"unwinding:{unwinding_id}", facts=facts, by=by, at=at)
