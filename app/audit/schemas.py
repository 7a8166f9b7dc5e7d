"""What the audit log looks like on the wire."""

from __future__ import annotations

from marshmallow import fields

from app.audit.queries import told
from app.kernel.schemas import Id, PageQuery, Schema, Text


class RecordsQuery(PageQuery):
    """Which records."""

    action = Text(60, load_default=None)
    actor_id = Id(load_default=None)
    subject = Text(100, load_default=None)


class AuditRecordRead(Schema):
    """One look or one act."""

    id = fields.UUID(required=True, attribute="record.id")
    action = fields.String(required=True, attribute="record.action")
    words = fields.Function(lambda kept: told(kept.record.action), required=True)
    subject = fields.String(required=True, attribute="record.subject")
    facts = fields.Dict(required=True, keys=fields.String(), attribute="record.facts")
    actor_id = fields.UUID(required=True, allow_none=True, attribute="record.actor_id")
    at = fields.AwareDateTime(required=True, attribute="record.at")
