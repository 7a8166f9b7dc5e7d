"""Points run out: said twice before, then booked. Points that are held are left alone until their hold has ended."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import groupby
from uuid import UUID

from sqlalchemy import Select, select, update

from app.identity.actors import SYSTEM
from app.kernel.clock import city_day
from app.kernel.db import session
from app.kernel.events import publish
from app.ledger.accounts import expiry_account
from app.ledger.events import PointsExpired, PointsExpiring
from app.ledger.models import TOLD_DAYS, Account, Lot
from app.ledger.posting import Leg, post

BATCH = 1000
TOGETHER = timedelta(days=7)  # what runs out within a week is told at once, not each day anew


def expire_due(*, at: datetime, limit: int = BATCH) -> int:
    """Book what nobody used to its last day, lot by lot, at most `limit`; returns how many. Publishes PointsExpired."""
    due = session.execute(
        _lots().where(Lot.due_on < city_day(at)).order_by(Account.key.desc(), Lot.expires_on).limit(limit)
    ).all()
    return sum(_expire(lot, person_id, at) for lot, person_id in due)


def tell_due(*, at: datetime, limit: int = BATCH) -> int:
    """Say 30 and 7 days before that points run out, each time once for a lot; returns how many riders were told."""
    told = 0
    for days, before in zip(TOLD_DAYS, (None, *TOLD_DAYS), strict=False):
        last = city_day(at) + timedelta(days=days)
        due = session.execute(
            _lots()
            .where(Lot.told_days.is_not_distinct_from(before), Lot.due_on <= last)
            .order_by(Lot.account_id)
            .limit(limit)
            .with_for_update(of=Lot, skip_locked=True)
        ).all()
        for account_id, lots in groupby(due, key=lambda row: row.Lot.account_id):
            person_id = next(lots).owner_id
            _tell(account_id, person_id, days, before, last, at)
            told += 1
    return told


def _lots() -> Select[Lot, UUID | None]:
    """Lots with points that are not held, and whose they are."""
    return (
        select(Lot, Account.owner_id)
        .join(Account, Account.id == Lot.account_id)
        .where(Lot.points > Lot.held)
        .execution_options(populate_existing=True)
    )


def _expire(lot: Lot, person_id: UUID | None, at: datetime) -> bool:
    """Book one lot, unless somebody was faster: the wallet is locked before the lot is looked at again."""
    wallet = select(Account.id).where(Account.id == lot.account_id).with_for_update(key_share=True)
    session.execute(wallet)
    session.refresh(lot)
    points = lot.free
    assert person_id is not None  # only wallets have lots, and a wallet has an owner
    if points < 1 or lot.due_on >= city_day(at):
        return False
    booked = post(
        kind="expiry",
        source=f"expiry:{lot.account_id}:{lot.expires_on}:{lot.due_on}",
        legs=[
            Leg(lot.account_id, -points, expires_on=lot.expires_on),
            Leg(expiry_account().id, points),
        ],
        words={"slug": "ledger.expired", "until": lot.due_on.isoformat()},
        by=SYSTEM,
        at=at,
    )
    publish(
        PointsExpired(person_id=person_id, points=points, due_on=lot.due_on, transaction_id=booked.id, at=at)
    )
    return True


def _tell(
    account_id: UUID, person_id: UUID | None, days: int, before: int | None, last: date, at: datetime
) -> None:
    """One message for all that runs out by then and in the week after."""
    told = session.execute(
        update(Lot)
        .where(Lot.account_id == account_id, Lot.points > Lot.held, Lot.due_on <= last + TOGETHER)
        .where(Lot.told_days.is_not_distinct_from(before))
        .values(told_days=days)
        .returning(Lot.due_on, Lot.points - Lot.held)
        .execution_options(synchronize_session=False)
    ).all()
    assert person_id is not None  # as above
    publish(
        PointsExpiring(
            person_id=person_id,
            points=sum(points for _due_on, points in told),
            first_on=min(due_on for due_on, _points in told),
            last_on=max(due_on for due_on, _points in told),
            days=days,
            at=at,
        )
    )
