"""Shapes of notices."""

from __future__ import annotations

from marshmallow import fields

from app.kernel.schemas import Schema
from app.notices.telling import text_of


class NoticeRead(Schema):
    """A notice in the reader's language, and what it is about."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True, attribute="slug")
    text = fields.Function(text_of, required=True, metadata={"type": "string"})
    about_kind = fields.String(required=True)
    about_id = fields.UUID(required=True)
    created_at = fields.AwareDateTime(required=True)
    read_at = fields.AwareDateTime(required=True, allow_none=True)


class UnreadRead(Schema):
    """How many notices wait to be read."""

    unread = fields.Integer(required=True)
