"""The department's first page: a few true numbers, each leading to its list."""

from __future__ import annotations

from app.cases import queries as cases
from app.checkins.queries import count_today
from app.identity.actors import Actor
from app.kernel import clock
from app.kernel.http import SIGNED_IN, requires
from app.ledger.queries import budgets
from app.places import queries as places
from app.web.edge import Pages, page
from app.web.menus import menu_of

pages = Pages("overview")

WARN_PERCENT = (80, 95)


@pages.get("/desk")
@requires(SIGNED_IN)
def overview(by: Actor) -> str:
    """What stands out today, as far as this person may see it"""
    at = clock.now()
    sees_cases, sees_ledger = by.holds("case.triage"), by.holds("ledger.read")
    here = [each.id for path in by.scopes("station.manage").region_paths for each in places.stations(path)]
    return page(
        "desk/overview.html",
        menu=menu_of(by), counts=cases.counts(by, at=at) if sees_cases else None,
        stations=len(here), checked_in=count_today(here, at) if here else None,
        budgets=budgets(by=by) if sees_ledger else [], warn=WARN_PERCENT,
    )  # fmt: skip
