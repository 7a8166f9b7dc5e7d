"""Who lets a colleague in anew: the password and the second step are never given back by the same administrator.

Each of them alone is worth little; whoever can do both can be anybody. Who did one is remembered until the colleague
has shown that both steps are theirs.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select

from app.identity.actors import Actor
from app.identity.errors import AnotherAdminNeeded
from app.identity.models import PASSWORD, SECOND_STEP, ReopenedStep
from app.kernel.db import session

OTHER = {PASSWORD: SECOND_STEP, SECOND_STEP: PASSWORD}


def reopen(step: str, *, person_id: UUID, by: Actor, at: datetime) -> None:
    """Note that `by` gives this step back to a person whose row is locked.

    Raises AnotherAdminNeeded if the last who gave the other one back is the same.
    """
    chosen = select(ReopenedStep).where(ReopenedStep.person_id == person_id)
    known = {each.step: each for each in session.scalars(chosen)}
    other = known.get(OTHER[step])
    if other is not None and other.reopened_by == by.id:
        raise AnotherAdminNeeded
    row = known.get(step) or ReopenedStep(person_id=person_id, step=step)
    row.reopened_by, row.reopened_at = by.id, at
    session.add(row)
    session.flush()


def forget(person_id: UUID) -> None:
    """Both steps were taken by whom they belong to, or there is nobody left to take them."""
    session.execute(delete(ReopenedStep).where(ReopenedStep.person_id == person_id))
