"""The audit log for those who hold it: who of the staff did what, and who looked at whom."""

from __future__ import annotations

from typing import Any

from app.audit import queries
from app.audit.queries import Kept, told
from app.audit.schemas import RecordsQuery
from app.identity.actors import Actor
from app.identity.queries import display_name
from app.kernel.http import requires, takes_query
from app.kernel.i18n import has, say
from app.web.edge import Pages, page
from app.web.menus import menu_of

pages = Pages("audit")


def _short(kept: Kept) -> str:
    """What it was about, with as much of the id as tells two apart."""
    kind, _, known = kept.record.subject.partition(":")
    slugs = (f"web.audit.about.{kind}", f"ledger.account.{kind}")  # an export is of an account's sort
    words = next((say(each) for each in slugs if has(each)), kind)
    return f"{words} …{known[-8:]}" if known else words


@pages.get("/desk/audit")
@requires("audit.read")
@takes_query(RecordsQuery)
def log(by: Actor, **filters: Any) -> str:
    """What was kept, newest first"""
    found = queries.records(by, **filters)
    kept = [
        (
            each.record,
            told(each.record.action),
            display_name(each.actor) if each.actor else None,
            _short(each),
        )
        for each in found.items
    ]
    actions = [(each, told(each)) for each in queries.actions()]
    return page(
        "desk/audit.html",
        records=kept, next_cursor=found.next_cursor, action=filters["action"], actions=actions, menu=menu_of(by),
    )  # fmt: skip
