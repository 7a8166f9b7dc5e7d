"""Points given to a rider, or taken, with a reason: up to the limit at once, above it when a second person agrees."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import fields

from app.identity import queries as people
from app.identity.actors import Actor
from app.identity.errors import PersonNotFound
from app.identity.signing_in import normal_phone
from app.kernel import clock
from app.kernel.errors import Invalid
from app.kernel.http import requires, takes_form, takes_query, traced
from app.kernel.schemas import QueryWhole, Schema, Text
from app.ledger import correcting, queries
from app.ledger.queries import balance_of
from app.ledger.scoping import home_path
from app.rewards.queries import masked_rider
from app.web.desk.by_two import WAITING, DecideForm, Which, waiting_and_decided
from app.web.edge import Pages, go, once, page
from app.web.forms import Choice
from app.web.menus import menu_of

pages = Pages("corrections")

HERE = "/desk/ledger/corrections"
GIVE, TAKE = "give", "take"


class Whose(Which):
    """The rider the form is about, where one comes from a wallet; the phone number is asked for otherwise."""

    person_id = fields.UUID(load_default=None)


class AskForm(Schema):
    """Who, which way, how many, and why in words the rider will read."""

    person_id = fields.UUID(load_default=None)
    phone = Text(24, min_length=5, load_default=None)
    way = Choice((GIVE, TAKE), required=True)
    points = QueryWhole(1, 1_000_000, required=True)
    reason = Text(500, min_length=4, required=True)


@pages.get(HERE)
@requires("ledger.correct")
@traced("corrections.seen")
@takes_query(Whose)
def listed(by: Actor, person_id: UUID | None = None, show: str = WAITING, cursor: str | None = None) -> str:
    """The form, what waits for a second person and what was decided lately; with a cursor one of them, further back"""
    waiting, decided = waiting_and_decided(queries.corrections, show, cursor, by)
    return page(
        "desk/corrections.html",
        waiting=[_row(each, by) for each in waiting.items], more_waiting=waiting.next_cursor,
        decided=[_row(each, by) for each in decided.items], more_decided=decided.next_cursor,
        show=show, further_back=cursor is not None,
        about=_about(person_id, by), limit=correcting.LIMIT, menu=menu_of(by),
    )  # fmt: skip


@pages.post(
    HERE,
    again=listed,
    blame={
        "person-not-found": "phone",
        "own-points": "phone",
        "phone-wrong": "phone",
        "points-short": "points",
    },
)
@requires("ledger.correct")
@once
@takes_form(AskForm)
def ask(person_id: UUID | None, phone: str | None, way: str, points: int, reason: str, by: Actor) -> Response:
    """Give or take the points, or ask a second person to agree"""
    signed = points if way == GIVE else -points
    asked = correcting.correct(
        person_id=_rider(person_id, phone), points=signed, reason=reason, by=by, at=clock.now()
    )
    return go(HERE, said=f"web.said.correction-{asked.state}")


@pages.post(f"{HERE}/<uuid:correction_id>", again=listed)
@requires("ledger.correct")
@takes_form(DecideForm)
def decide(correction_id: UUID, decision: str, by: Actor) -> Response:
    """The second person's answer"""
    done = correcting.decide_correction(
        correction_id=correction_id, approved=decision == "agree", by=by, at=clock.now()
    )
    return go(HERE, said=f"web.said.correction-{done.state}")


def _rider(person_id: UUID | None, phone: str | None) -> UUID:
    """The rider the form is about, or the one with this phone number. Raises Invalid, PersonNotFound."""
    if person_id is not None:
        return person_id
    if phone is None:
        raise Invalid(fields={"phone": ["required"]})
    someone = people.person_by_phone(normal_phone(phone))
    if someone is None:
        raise PersonNotFound
    return someone.id


def _about(person_id: UUID | None, by: Actor) -> dict[str, Any] | None:
    if person_id is None:
        return None
    by.must("ledger.correct", region_path=home_path(person_id))
    return {"id": person_id, "name": masked_rider(person_id), "usable": balance_of(person_id).usable}


def _row(each: Any, by: Actor) -> dict[str, Any]:
    return {
        "correction": each,
        "rider": masked_rider(each.person_id),
        "left": balance_of(each.person_id).usable + each.points,
        "asked_by": people.display_name(people.person(each.asked_by)),
        "decided_by": people.display_name(people.person(each.decided_by)) if each.decided_by else "",
        "is_mine": by.person_id == each.asked_by,
        "is_own": by.person_id == each.person_id,
    }
