"""Asking: about a line of points, with an idea, about a public notice, or — privately — about a hardship."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from app.cases import states as s
from app.cases.kinds import appeal as appeal_kind
from app.cases.kinds import objection as objection_kind
from app.cases.kinds import points_query as points_query_kind
from app.cases.kinds import suggestion as suggestion_kind
from app.cases.models import Case
from app.cases.opening import Matter, open_case
from app.cases.placing import region_of
from app.identity.actors import Actor
from app.kernel.db import session
from app.ledger import queries as ledger


def open_points_query(*, entry_id: UUID | None = None, words: str, by: Actor, at: datetime) -> Case:
    """有疑问？ about one entry of the wallet, or (without one) about points that are missing.

    While a question about an entry is open, asking again leads to the same case. Raises EntryNotFound for an entry
    that is not the asker's own.
    """
    if entry_id is not None:
        ledger.entry(entry_id, by=by)
    category = "entry" if entry_id else "missing"
    subject = f"entry:{entry_id}" if entry_id else None
    return _asked(points_query_kind.KIND.name, category, subject, words, by, at)


def object_to(*, subject: str, words: str, by: Actor, at: datetime) -> Case:
    """Disagree with a public notice; `subject` names it, like `roll:<id>`."""
    return _asked(objection_kind.KIND.name, "notice", subject, words, by, at)


def suggest(
    *, words: str, category: str = "other", client_ref: str | None = None, by: Actor, at: datetime
) -> Case:
    """Tell how something could be better."""
    matter = Matter(
        kind=suggestion_kind.KIND.name,
        category=category,
        region_code=region_of(None, by),
        description=words,
        client_ref=client_ref,
    )
    return open_case(matter, by=by, at=at)


def appeal(
    *,
    category: str,
    words: str,
    photo_ids: Collection[UUID] = (),
    client_ref: str | None = None,
    by: Actor,
    at: datetime,
) -> Case:
    """Tell a hardship in private: only mediators of the region and the person themselves ever see it."""
    matter = Matter(
        kind=appeal_kind.KIND.name,
        category=category,
        region_code=region_of(None, by),
        description=words,
        client_ref=client_ref,
        photo_ids=photo_ids,
    )
    return open_case(matter, by=by, at=at)


def _asked(kind: str, category: str, subject: str | None, words: str, by: Actor, at: datetime) -> Case:
    """Open a case about a subject. Numbered per person and subject, so two taps at once make one case."""
    client_ref = None
    if subject is not None:
        mine = select(Case).where(Case.reporter_id == by.id, Case.kind == kind, Case.subject == subject)
        open_one = session.scalar(mine.where(Case.state.in_(s.OPEN)).limit(1))
        if open_one is not None:
            return open_one
        earlier = session.scalar(select(func.count()).select_from(mine.subquery())) or 0
        client_ref = f"{subject}:{earlier}"
    matter = Matter(
        kind=kind,
        category=category,
        region_code=region_of(None, by),
        description=words,
        subject=subject,
        client_ref=client_ref,
    )
    return open_case(matter, by=by, at=at)
