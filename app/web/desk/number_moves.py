"""Changes of number that stations asked for: the second person's look and answer."""

from __future__ import annotations

from uuid import UUID

from flask import Response

from app.identity import moving, queries, returning
from app.identity.actors import Actor
from app.kernel import clock
from app.kernel.http import requires, takes_form, traced
from app.kernel.schemas import Schema
from app.web.edge import Pages, go, page
from app.web.forms import Choice
from app.web.menus import menu_of

pages = Pages("number-moves")


class DecideForm(Schema):
    """Confirmed or refused."""

    decision = Choice(("confirm", "refuse"), required=True)


@pages.get("/desk/number-moves")
@requires("people.confirm-move")
@traced("number-moves.seen")
def number_moves(by: Actor) -> str:
    """What is open, with what a second person needs to judge it"""
    rows = [
        {
            "move": move,
            "rider": queries.masked_of(rider),
            "old_phone": queries.masked_phone(rider.phone),
            "new_phone": queries.masked_phone(move.new_phone),
            "station": station.name,
            "asked_by": queries.display_name(queries.person(move.asked_by)),
            "not_before": move.asked_at + moving.OBJECTION,
            "is_mine": by.person_id in (move.asked_by, move.person_id),
        }
        for move, rider, station in moving.open_moves(by)
    ]
    returns = [
        {
            "asked": asked,
            "rider": queries.masked_of(rider),
            "station": station.name,
            "asked_by": queries.display_name(queries.person(asked.asked_by)),
            "not_before": asked.asked_at + returning.OBJECTION,
            "is_mine": by.person_id in (asked.asked_by, asked.person_id),
        }
        for asked, rider, station in returning.open_for(by, at=clock.now())
    ]
    return page("desk/number_moves.html", rows=rows, returns=returns, menu=menu_of(by))


@pages.post("/desk/number-moves/<uuid:move_id>", again=number_moves)
@requires("people.confirm-move")
@takes_form(DecideForm)
def decide(move_id: UUID, decision: str, by: Actor) -> Response:
    """The second person's answer"""
    if decision == "confirm":
        moving.confirm_move(move_id=move_id, by=by, at=clock.now())
    else:
        moving.refuse_move(move_id=move_id, by=by, at=clock.now())
    return go("/desk/number-moves", said=f"web.said.move-{decision}")


@pages.post("/desk/rider-returns/<uuid:return_id>", again=number_moves)
@requires("people.confirm-move")
@takes_form(DecideForm)
def decide_return(return_id: UUID, decision: str, by: Actor) -> Response:
    """The second person's answer about a rider without a number"""
    verb = returning.confirm if decision == "confirm" else returning.refuse
    verb(return_id=return_id, by=by, at=clock.now())
    return go("/desk/number-moves", said=f"web.said.return-{decision}")
