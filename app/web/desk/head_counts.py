"""Counting heads on the leader's phone: how many are here, then whom of those signed in one does not see."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import Response
from marshmallow import fields, validate

from app.identity.actors import Actor
from app.identity.queries import display_name
from app.kernel import clock
from app.kernel.http import requires, takes_form, traced
from app.kernel.schemas import Id, QueryWhole, Schema
from app.volunteering import heads as counting
from app.volunteering import queries
from app.volunteering.heads import Looked
from app.web.edge import Pages, go, once, page
from app.web.forms import Tick
from app.web.menus import menu_of

pages = Pages("head-counts")

_HEAD = re.compile(r"heads\.([0-9]{1,4})\.(attendance_id|seen)")


class HeadForm(Schema):
    """One who is signed in; the box is ticked unless the leader misses them."""

    attendance_id = Id(required=True)
    seen = Tick()


class HeadsForm(Schema):
    """The number that was counted, and the list as it was shown: two fields a head, `heads.0.seen` and so on."""

    here = QueryWhole(0, 10_000, required=True)
    heads = fields.List(fields.Nested(HeadForm), load_default=list, validate=validate.Length(max=1_000))

    @ma.pre_load
    def _gather(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        rows: dict[int, dict[str, Any]] = {}
        rest: dict[str, Any] = {}
        for name, value in data.items():
            if (found := _HEAD.fullmatch(name)) is not None:
                rows.setdefault(int(found[1]), {})[found[2]] = value
            else:
                rest[name] = value
        return rest | {"heads": [rows[number] for number in sorted(rows)]}


@pages.get("/desk/shifts/<uuid:shift_id>/heads")
@requires("hours.witness")
@traced("shift.seen")
def heads(shift_id: UUID, by: Actor) -> str:
    """Who is signed in and was not seen yet"""
    at = clock.now()
    listed = [
        (attended.id, display_name(someone), attended.signed_in_at)
        for attended, someone in counting.to_count(shift_id, by, at)
    ]
    shift = queries.shift(shift_id)
    return page(
        "desk/heads.html",
        shift=shift, activity=queries.activity(shift.activity_id), listed=listed,
        runs=counting.runs(shift, at), menu=menu_of(by),
    )  # fmt: skip


@pages.post("/desk/shifts/<uuid:shift_id>/heads", again=heads, blame={"shift-not-running": "here"})
@requires("hours.witness")
@once
@takes_form(HeadsForm)
def count(shift_id: UUID, here: int, heads: list[dict[str, Any]], by: Actor) -> Response:
    """So many are here, and these are not"""
    looked = [Looked(**each) for each in heads]
    counting.count_heads(shift_id=shift_id, here=here, heads=looked, by=by, at=clock.now())
    return go(f"/desk/shifts/{shift_id}", said="web.said.heads-counted")
