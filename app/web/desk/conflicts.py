"""The conflict desk: what came back from a dark station and no rule can judge; and what may be lost at worst."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from flask import Response

from app.identity.actors import Actor
from app.identity.queries import masked_of, person
from app.kernel import clock
from app.kernel.http import requires, takes_form, takes_query, traced
from app.kernel.schemas import Schema, Text
from app.places import queries as places
from app.sync import deciding, queries
from app.sync.models import DECISIONS, Conflict
from app.sync.schemas import why
from app.web.edge import Pages, go, page
from app.web.forms import Choice, Continue
from app.web.menus import menu_of

pages = Pages("conflicts")

LOOK_BACK = timedelta(days=30)
INSTANTS = ("happened_at", "arrived_at", "lease_from", "lease_until", "revoked_at", "other_at")


class Which(Continue):
    """Open ones or decided ones, and where the list continues."""

    show = Choice(("open", "decided"), load_default="open")


class DecideForm(Schema):
    """What was decided, and a word about why."""

    decision = Choice(DECISIONS, required=True)
    note = Text(200, load_default=None)


@pages.get("/desk/conflicts")
@requires("station.manage")
@takes_query(Which)
def conflicts(by: Actor, show: str = "open", cursor: str | None = None) -> str:
    """What waits for a decision, and the stations that may work without a signal; whose it is, stands on its page"""
    found = queries.conflicts_for(by, decided=show == "decided", cursor=cursor)
    rows = [(each, why(each.slug), places.station(each.station_id)) for each in found.items]
    trust = queries.trust_for(by)
    return page(
        "desk/conflicts.html", rows=rows, show=show, next_cursor=found.next_cursor, trust=trust, menu=menu_of(by),
        worst=sum(each.lease.points_limit for each in trust), lost=queries.lost_since(by, clock.now() - LOOK_BACK),
    )  # fmt: skip


@pages.get("/desk/conflicts/<uuid:conflict_id>")
@requires("station.manage")
@traced("conflict.seen")
def conflict(conflict_id: UUID, by: Actor) -> str:
    """One conflict: the evidence, and two taps to decide"""
    found = queries.conflict_for(by, conflict_id)
    return page(
        "desk/conflict.html",
        conflict=found, why=why(found.slug), station=places.station(found.station_id), menu=menu_of(by),
        rider=masked_of(person(found.person_id)) if found.person_id else None, evidence=_evidence(found),
    )  # fmt: skip


def _evidence(found: Conflict) -> dict[str, object]:
    """The evidence with its instants as instants again."""
    return {
        name: datetime.fromisoformat(value) if name in INSTANTS else value
        for name, value in found.evidence.items()
    }


@pages.post("/desk/conflicts/<uuid:conflict_id>", again=conflict)
@requires("station.manage")
@takes_form(DecideForm)
def decide(conflict_id: UUID, decision: str, note: str | None, by: Actor) -> Response:
    """Decide it, once"""
    deciding.decide(conflict_id=conflict_id, decision=decision, note=note, by=by, at=clock.now())
    return go("/desk/conflicts", said="web.said.conflict-decided")
