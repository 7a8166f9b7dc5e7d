"""Certificates: the holder's own document, and the names it may carry."""

from __future__ import annotations

from uuid import UUID

from app.honours import papers, queries
from app.honours.errors import HonourNotFound, HonourRevokedAlready
from app.honours.queries import OnRoll
from app.identity.actors import Actor
from app.identity.queries import person


def my_certificate(honour_id: UUID, by: Actor) -> bytes:
    """One's own certificate, in one's own full name: it goes to nobody else. Raises HonourNotFound and its kin."""
    honour = queries.honour(honour_id)
    if honour.person_id != by.id or honour.token is None:
        raise HonourNotFound
    if honour.revoked_at is not None:
        raise HonourRevokedAlready
    someone = person(by.id)
    candidate = queries.candidate_of(honour)
    listed = OnRoll(candidate, someone.name or someone.nickname or "", True, honour, someone, True)
    return papers.one_certificate(listed, queries.selection(honour.selection_id))
