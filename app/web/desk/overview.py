"""The department's first page: a few true numbers, each leading to its list."""

from __future__ import annotations

from flask import Response, redirect

from app.cases import queries as cases
from app.checkins.queries import count_today
from app.identity.actors import Actor
from app.kernel import clock, jobs
from app.kernel.answering import SIGNED_IN
from app.kernel.http import requires
from app.ledger.queries import budgets
from app.places import queries as places
from app.web.edge import Pages, page
from app.web.menus import menu_of, must_enter

pages = Pages("overview")

WARN_PERCENT = (80, 95)


@pages.get("/desk")
@requires(SIGNED_IN)
def overview(by: Actor) -> Response | str:
    """What stands out today, as far as this person may see it; whoever works elsewhere is led there"""
    menu = menu_of(by)
    if menu and menu[0][0] != "overview":
        return redirect(menu[0][1], 303)  # type: ignore[return-value]
    must_enter(by, "overview")
    at = clock.now()
    sees_cases, sees_ledger = by.holds("case.triage"), by.holds("ledger.read")
    here = [each.id for path in by.scopes("station.manage").region_paths for each in places.stations(path)]
    known = budgets(by=by) if sees_ledger else []
    failed_jobs = jobs.queue(at=at).by_state.get(jobs.FAILED, 0) if by.holds("people.appoint") else 0
    return page(
        "desk/overview.html",
        menu=menu, counts=cases.counts(by, at=at) if sees_cases else None,
        stations=len(here), checked_in=count_today(here, at) if here else None,
        budgets=[(each, places.region(each.region_code).name) for each in known], warn=WARN_PERCENT,
        failed_jobs=failed_jobs,
    )  # fmt: skip
