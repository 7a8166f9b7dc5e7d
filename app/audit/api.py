"""The audit log over HTTP."""

from __future__ import annotations

from typing import Any

from app.audit import queries
from app.audit.queries import Kept
from app.audit.schemas import AuditRecordRead, RecordsQuery
from app.identity.actors import Actor
from app.kernel.http import Api, gives_page, requires, takes_query
from app.kernel.paging import Page

api = Api("audit", "/audit", "Who of the staff did what, and who looked at personal data")


@api.get("/records")
@requires("audit.read")
@takes_query(RecordsQuery)
@gives_page(AuditRecordRead)
def list_records(by: Actor, **filters: Any) -> Page[Kept]:
    """The audit log, newest first; for auditors of the whole city"""
    return queries.records(by, **filters)
