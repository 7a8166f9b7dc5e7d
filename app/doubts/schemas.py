"""Shapes of second looks. Whom a doubt concerns is in none of them: nobody needs it to decide."""

from __future__ import annotations

from marshmallow import fields

from app.kernel.schemas import Schema, Text


class InOrder(Schema):
    """A word about what was seen, if there is one to say."""

    words = Text(300, load_default=None, allow_none=True)


class Wanting(Schema):
    """Why it does not hold; the rider reads it."""

    words = Text(300, required=True)


class DoubtRead(Schema):
    """A doubt: what does not go together, how many points wait, until when, and what was said."""

    id = fields.UUID(required=True, attribute="doubt.id")
    ground = fields.String(required=True, attribute="doubt.ground")
    fact_kind = fields.String(required=True, attribute="doubt.fact_kind")
    fact_id = fields.UUID(required=True, attribute="doubt.fact_id")
    happened_at = fields.AwareDateTime(required=True, attribute="doubt.happened_at")
    why = fields.String(required=True)
    points = fields.Integer(required=True)
    state = fields.String(required=True, attribute="doubt.state")
    found_at = fields.AwareDateTime(required=True, attribute="doubt.found_at")
    due_at = fields.AwareDateTime(required=True, attribute="doubt.due_at")
    words = fields.String(required=True, allow_none=True, attribute="doubt.words")
    settled_at = fields.AwareDateTime(required=True, allow_none=True, attribute="doubt.settled_at")
