"""Points: what there is, what waits, and the reason of every line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from itertools import groupby
from typing import Any
from uuid import UUID

from flask import Response

from app.cases.asking import open_points_query
from app.doubts import queries as doubts
from app.identity.actors import Actor
from app.kernel import clock
from app.kernel.http import attachment, public, requires, takes_form, takes_query
from app.kernel.paging import DEFAULT_LIMIT
from app.kernel.schemas import Schema, Text
from app.ledger import queries as ledger
from app.ledger import sealing
from app.ledger.debt_policies import in_words, policy_for
from app.ledger.reversals import counterpart
from app.ledger.scoping import city_path, home_or_city
from app.ledger.wording import explain
from app.places import queries as places
from app.rules import queries as rules
from app.rules.explaining import explain as explain_award
from app.rules.sentences import rule_in_words
from app.web.edge import Pages, go, once, page
from app.web.forms import Continue

pages = Pages("points")


class Question(Schema):
    """What is asked about an entry."""

    words = Text(500, required=True)


@pages.get("/points")
@requires("self")
@takes_query(Continue)
def points(by: Actor, cursor: str | None = None) -> str:
    """The wallet: usable, pending, held; and the statement"""
    statement = ledger.statement(by.id, cursor, DEFAULT_LIMIT)
    lots = [each for each in ledger.lots_of(by.id) if each.expires]
    balance = ledger.balance_of(by.id)
    return page(
        "rider/points.html",
        balance=balance,
        waiting=rules.points_waiting(by.id),
        doubted=doubts.points_set_aside(by.id) if balance.held else 0,
        lots=lots,
        months=_by_month(lots),
        lines=[_line(each) for each in statement.items],
        next_cursor=statement.next_cursor,
        first=cursor is None,
    )


def _by_month(lots: Sequence[Any]) -> list[tuple[date, int]]:
    """How many points run out in each month, named by the last day that is in it."""
    months = [list(group) for _, group in groupby(lots, key=lambda lot: (lot.due_on.year, lot.due_on.month))]
    return [(group[-1].due_on, sum(lot.points for lot in group)) for group in months]


def _line(entry: Any) -> dict[str, Any]:
    return {
        "entry": entry,
        "why": explain(entry.transaction.words),
        "is_pending": entry.account.kind == "pending",
        "is_correction": entry.transaction.kind in ("correction", "reversal"),
    }


@pages.get("/points/doubts")
@requires("self")
@takes_query(Continue)
def looked_at(by: Actor, cursor: str | None = None) -> str:
    """What is being looked at: why, until when, and a way to say how it was"""
    found = doubts.mine(by.id, cursor)
    rows = [(each, doubts.entry_behind(each.doubt)) for each in found.items]
    return page("rider/doubts.html", rows=rows, next_cursor=found.next_cursor)


@pages.get("/points/<uuid:entry_id>")
@requires("self")
def entry(entry_id: UUID, by: Actor) -> str:
    """One line and why: the rule, its version, the arithmetic, and a way to ask"""
    found = ledger.entry(entry_id, by=by)
    award_id = found.transaction.words.get("award_id")
    award = rules.award_for(UUID(str(award_id)), by) if award_id else None
    return page(
        "rider/entry.html",
        **_line(found),
        award=award,
        because=explain_award(award) if award else "",
        lots=ledger.expiries_of(entry_id),
        other=counterpart(found),
    )


@pages.get("/points/<uuid:entry_id>/proof.json")
@requires("self")
def proof(entry_id: UUID, by: Actor) -> Response:
    """The proof that this line stands in the sealed book, as a file to keep"""
    found = sealing.proof_of(ledger.entry(entry_id, by=by).id)
    data = json.dumps(found, ensure_ascii=False, indent=1).encode()
    return attachment(data, "application/json", f"fengxing-proof-{entry_id}.json")


@pages.post("/points/<uuid:entry_id>", again=entry)
@requires("self")
@once
@takes_form(Question)
def ask(entry_id: UUID, words: str, by: Actor) -> Response:
    """有疑问？ Somebody answers; asking never costs points"""
    ledger.entry(entry_id, by=by)
    asked = open_points_query(entry_id=entry_id, words=words, by=by, at=clock.now())
    kept = asked.description == words  # or it is what was asked before, and nobody has answered yet
    return go(f"/reports/{asked.id}", said="web.said.asked" if kept else "web.said.asked-before")


@pages.get("/rules")
@public
def policy(by: Actor) -> str:
    """How points come about: the rules in force, in words, and what becomes of points given by mistake"""
    city, at = places.city(), clock.now()
    version = rules.version_in_force(city.path, at) if city else None
    sentences = [rule_in_words(each) for each in rules.rules_of(version)] if version else []
    debts = policy_for(home_or_city(by.person_id) if by.person_id else city_path(), at)
    return page(
        "rider/rules.html",
        version=version,
        sentences=sentences,
        debts=debts,
        debts_in_words=in_words(debts.share_percent),
    )


@pages.get("/seals")
@public
@takes_query(Continue)
def seals(cursor: str | None = None) -> str:
    """The published seals of the book, and how to check a proof against them"""
    found = ledger.seals(cursor, DEFAULT_LIMIT)
    return page("rider/seals.html", seals=found.items, next_cursor=found.next_cursor)
