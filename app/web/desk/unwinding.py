"""Unwinding on the desk: one person says which fact is void and why, a second one decides."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from flask import Response
from marshmallow import fields

from app.cases import queries as cases
from app.identity import queries as people
from app.identity.actors import Actor
from app.kernel import clock
from app.kernel.http import requires, takes_form, takes_query
from app.kernel.i18n import say
from app.kernel.paging import Page
from app.kernel.schemas import Id, Schema, Text
from app.kernel.widths import narrow
from app.places import queries as places
from app.rules import queries, unwinding
from app.rules.models import ASKED, RecordedFact, Unwinding
from app.volunteering import queries as volunteering
from app.web.desk.by_two import WAITING, Which, waiting_and_decided
from app.web.edge import Pages, go, page
from app.web.forms import Choice
from app.web.menus import menu_of

pages = Pages("unwinding")

HERE = "/desk/unwinding"


class RecordNumber(Id):
    """The number of a record, or the address of its page, of which it is the last part."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> UUID:
        path = urlsplit(narrow(str(value)).strip()).path.rstrip("/")
        return super()._deserialize(path.rpartition("/")[2], attr, data, **kwargs)


class Preset(Which):
    """Which fact, when one comes from a page that knows it; and which part of the list."""

    fact_kind = fields.String(load_default="")
    fact_id = fields.String(load_default="")


class AskForm(Schema):
    """Which fact is void, and why."""

    fact_kind = Choice(unwinding.SUBJECTS, required=True)
    fact_id = RecordNumber(required=True)
    reason = Text(300, required=True)


class DecideForm(Schema):
    """Agreed or not."""

    approved = Choice(("yes", "no"), required=True)


@pages.get(HERE)
@requires("ledger.read")
@takes_query(Preset)
def listed(
    by: Actor, fact_kind: str = "", fact_id: str = "", show: str = WAITING, cursor: str | None = None
) -> str:
    """What was said to be void, and what came of it; with a cursor further back"""
    waiting, decided = waiting_and_decided(_requests, show, cursor, by)
    return page(
        "desk/unwinding.html",
        waiting=[_row(each, by) for each in waiting.items], more_waiting=waiting.next_cursor,
        decided=[_row(each, by) for each in decided.items], more_decided=decided.next_cursor,
        show=show, further_back=cursor is not None, menu=menu_of(by), can_ask=by.holds("facts.unwind"),
        kinds=[(each, say(f"rules.fact.{each}")) for each in unwinding.SUBJECTS], fact_kind=fact_kind, fact_id=fact_id,
    )  # fmt: skip


def _requests(*, state: str | None = None, **which: Any) -> Page[Unwinding]:
    return unwinding.requests(state=ASKED if state == WAITING else state, **which)


def _row(each: Unwinding, by: Actor) -> dict[str, Any]:
    recorded = queries.recorded_fact(each.fact_kind, each.fact_id)
    may = each.state == ASKED and by.holds("facts.unwind")
    name, path = _about(each, recorded, by)
    return {
        "unwinding": each,
        "what": say(f"rules.fact.{each.fact_kind}"),
        "name": name,
        "path": path,
        "happened_at": recorded.happened_at if recorded else None,
        "points": unwinding.points_at_stake(each) if may else 0,
        "asked_by": people.display_name(people.person(each.asked_by)),
        "decided_by": people.display_name(people.person(each.decided_by)) if each.decided_by else "",
        "can_decide": may and each.asked_by != by.person_id,
        "is_mine": may and each.asked_by == by.person_id,
    }


def _about(each: Unwinding, recorded: RecordedFact | None, by: Actor) -> tuple[str, str | None]:
    """What it is called, and the page of it for whoever may see that: nobody agrees to what they cannot look at.

    Never whose it is: what is decided is a fact, and not a person.
    """
    if each.fact_kind == unwinding.ACTIVITY:
        path = f"/activities/desk/{each.fact_id}" if by.holds("activity.organise") else None
        return volunteering.title_of(each.fact_id), path
    if each.fact_kind == "hours":
        served = volunteering.hours(each.fact_id)
        path = f"/desk/shifts/{served.shift_id}" if served.shift_id and by.holds("hours.confirm") else None
        return volunteering.title_of(served.activity_id), path
    if each.fact_kind in ("report", "suggestion"):
        return "", f"/grid/{each.fact_id}" if each.fact_kind in cases.kinds_handled(by) else None
    if each.fact_kind == "checkin" and recorded:
        return places.station(UUID(recorded.fields["station"])).name, None
    return "", None


@pages.post(HERE, again=listed, blame={"nothing-to-unwind": "fact_id"})
@requires("facts.unwind")
@takes_form(AskForm)
def ask(fact_kind: str, fact_id: UUID, reason: str, by: Actor) -> Response:
    """Say that a fact is void"""
    asked = unwinding.ask_to_unwind(
        fact_kind=fact_kind, fact_id=fact_id, reason=reason, by=by, at=clock.now()
    )
    if asked.state == ASKED:
        said = "unwinding-asked" if asked.asked_by == by.id else "unwinding-asked-before"
    else:
        said = "unwound-before"
    return go(HERE, said=f"web.said.{said}")


@pages.post(f"{HERE}/<uuid:unwinding_id>", again=listed)
@requires("facts.unwind")
@takes_form(DecideForm)
def decide(unwinding_id: UUID, approved: str, by: Actor) -> Response:
    """The second person's answer"""
    unwinding.decide_unwinding(unwinding_id=unwinding_id, approved=approved == "yes", by=by, at=clock.now())
    return go(HERE, said="web.said.unwound" if approved == "yes" else "web.said.unwinding-refused")
