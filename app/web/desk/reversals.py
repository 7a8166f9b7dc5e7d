"""Taking back one entry: from the account's statement, what will happen in words and numbers, and the second person."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from app.identity import queries as people
from app.identity.actors import Actor
from app.kernel import clock
from app.kernel.http import requires, takes_form, takes_query, traced
from app.kernel.i18n import say
from app.kernel.schemas import Schema, Text
from app.ledger import reversals, reversing
from app.ledger.queries import any_entry
from app.ledger.reversals import Reversal
from app.ledger.reversing import Foreseen
from app.ledger.wording import explain
from app.rules import reversing as awards
from app.web.desk.by_two import WAITING, DecideForm, Which, waiting_and_decided
from app.web.edge import Pages, go, once, page
from app.web.menus import menu_of

pages = Pages("reversals")

LIST = "/desk/ledger/reversals"


class AskForm(Schema):
    """Why, in words the rider will read."""

    reason = Text(300, min_length=4, required=True)


@pages.get("/desk/ledger/entries/<uuid:entry_id>/reversal")
@requires("ledger.correct")
@traced("entry.seen")
def foresee(entry_id: UUID, by: Actor) -> str:
    """What taking this entry back will do"""
    seen = reversing.foresee(entry_id=entry_id, by=by, at=clock.now())
    first = seen.entry.transaction
    awards.must_stand(first.kind, first.source)
    return page(
        "desk/reversal.html",
        seen=seen, why=explain(first.words), consequences=in_words(seen), standing=reversals.standing_of(first.id),
        can_read=by.holds("ledger.read"), menu=menu_of(by),
    )  # fmt: skip


@pages.post("/desk/ledger/entries/<uuid:entry_id>/reversal", again=foresee)
@requires("ledger.correct")
@once
@takes_form(AskForm)
def ask(entry_id: UUID, reason: str, by: Actor) -> Response:
    """Take it back, or ask a second person to agree"""
    asked = reversing.ask_to_reverse(entry_id=entry_id, reason=reason, by=by, at=clock.now())
    return go(LIST, said=f"web.said.reversal-{asked.state}")


@pages.get(LIST)
@requires("ledger.correct")
@traced("reversals.seen")
@takes_query(Which)
def listed(by: Actor, show: str = WAITING, cursor: str | None = None) -> str:
    """What waits for a second person and what was decided lately; with a cursor one of them, further back"""
    waiting, decided = waiting_and_decided(reversals.reversals, show, cursor, by)
    return page(
        "desk/reversals.html",
        waiting=[_row(each, by) for each in waiting.items], more_waiting=waiting.next_cursor,
        decided=[_row(each, by) for each in decided.items], more_decided=decided.next_cursor,
        show=show, further_back=cursor is not None,
        can_read=by.holds("ledger.read"), menu=menu_of(by),
    )  # fmt: skip


@pages.post(f"{LIST}/<uuid:reversal_id>", again=listed)
@requires("ledger.correct")
@takes_form(DecideForm)
def decide(reversal_id: UUID, decision: str, by: Actor) -> Response:
    """The second person's answer"""
    agreed = decision == "agree"
    done = reversing.decide_reversal(reversal_id=reversal_id, approved=agreed, by=by, at=clock.now())
    return go(LIST, said=f"web.said.reversal-{done.state}")


def _row(each: Reversal, by: Actor) -> dict[str, Any]:
    entry = any_entry(each.entry_id)
    is_mine, is_own = by.person_id == each.asked_by, by.person_id == each.person_id
    waits = each.state == reversals.WAITING and not is_own
    seen = (
        reversing.foresee(entry_id=entry.id, by=by, at=clock.now()) if waits and entry_stands(each) else None
    )
    return {
        "reversal": each,
        "entry": entry,
        "why": explain(entry.transaction.words),
        "consequences": in_words(seen) if seen else [],
        "asked_by": people.display_name(people.person(each.asked_by)),
        "decided_by": people.display_name(people.person(each.decided_by)) if each.decided_by else "",
        "is_mine": is_mine,
        "is_own": is_own,
    }


def entry_stands(each: Reversal) -> bool:
    """Whether nothing else took the entry back while the request waited."""
    return reversals.mended_by(each.transaction_id) is None


def in_words(seen: Foreseen) -> list[str]:
    """What will happen, one sentence a line."""
    said = [_move(seen)]
    if seen.missing:
        slug = "written-off" if seen.written_off else "owed"
        share = seen.policy.share_percent
        said.append(say(f"web.reversal.missing-{slug}", n=seen.missing, share=share))
    if seen.for_rider < 0 and seen.entry.account.kind != "pending":
        said.append(say("web.reversal.left", n=max(0, seen.usable + seen.for_rider)))
        if seen.held:
            said.append(say("web.reversal.held", n=seen.held))
    if seen.entry.transaction.kind.startswith("award"):
        said.append(say("web.reversal.award"))
    if seen.person_id is not None:
        said.append(say("web.reversal.told"))
    said.append(say("web.reversal.two" if seen.needs_second else "web.reversal.one"))
    return said


def _move(seen: Foreseen) -> str:
    """Where the points leave, and where they go."""
    leaves = next(each.account.kind for each in seen.moves if each.points < 0)
    goes = next(each.account.kind for each in seen.moves if each.points > 0)
    if seen.entry.transaction.kind == "award-settled":
        goes = "budget"  # from there they go on to where they came from
    return say(
        "web.reversal.move",
        n=seen.points,
        leaves=say(f"ledger.account.{leaves}"),
        goes=say(f"ledger.account.{goes}"),
    )
