"""Reading the audit log: for auditors of the whole city, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from app.audit.models import AuditRecord
from app.identity.actors import Actor
from app.identity.models import Person
from app.kernel.db import session
from app.kernel.i18n import has, say
from app.kernel.paging import DEFAULT_LIMIT, Page, page
from app.places import queries as places


@dataclass(frozen=True, slots=True)
class Kept:
    """A record and who acted, None for the system."""

    record: AuditRecord
    actor: Person | None


def told(action: str) -> str:
    """An action in words; one from before its words were lost stays readable as it is."""
    return say(f"audit.{action}") if has(f"audit.{action}") else action


def actions() -> list[str]:
    """The actions that were kept so far, for a filter."""
    return list(session.scalars(select(AuditRecord.action).distinct().order_by(AuditRecord.action)))


def records(
    by: Actor,
    *,
    action: str | None = None,
    actor_id: UUID | None = None,
    subject: str | None = None,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[Kept]:
    """What was kept, filtered by action, by who acted and by what it was about. Raises Forbidden."""
    top = places.city()
    by.must("audit.read", region_path=top.path if top else "")
    chosen = select(AuditRecord)
    for column, wanted in (
        (AuditRecord.action, action),
        (AuditRecord.actor_id, actor_id),
        (AuditRecord.subject, subject),
    ):
        chosen = chosen.where(column == wanted) if wanted else chosen
    found = page(chosen, AuditRecord.id, cursor, limit)
    who = {each.actor_id for each in found.items if each.actor_id}
    people = {each.id: each for each in session.scalars(select(Person).where(Person.id.in_(who)))}
    kept = [Kept(each, people.get(each.actor_id) if each.actor_id else None) for each in found.items]
    return Page(kept, found.next_cursor)
