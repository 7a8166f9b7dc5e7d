"""What a station shows to be scanned: its poster on paper, and the code of the moment on a screen."""

from __future__ import annotations

from uuid import UUID

from flask import Response
from markupsafe import Markup

from app.codes import drawing, poster, posters, steps
from app.codes.addresses import host
from app.codes.kinds import screen
from app.identity.actors import Actor
from app.kernel import clock
from app.kernel.http import requires, takes_form
from app.kernel.schemas import Schema
from app.places import queries as places
from app.web.edge import Pages, go, page
from app.web.forms import Choice
from app.web.menus import menu_of

pages = Pages("posting")

NOW, IN_A_WEEK, NONE = "now", "in-a-week", "none"


class PosterForm(Schema):
    """When the posters that hang now stop counting, and whether there is a new one."""

    how = Choice((NOW, IN_A_WEEK, NONE), required=True)


@pages.get("/station/<uuid:station_id>/poster")
@requires("station.scan")
def station_poster(station_id: UUID, by: Actor) -> str:
    """The poster to print and hang up, and how to replace it"""
    by.must("station.scan", station_id=station_id)
    station = places.station(station_id)
    found = posters.poster_in_force(station, at=clock.now())
    drawn = poster.poster_of(station, found.version, found.made_at) if found else None
    return page(
        "station/poster.html",
        station=station,
        poster=found,
        drawn=drawn,
        svg=Markup(poster.a4_svg(drawn)) if drawn else "",  # noqa: S704 -- drawn by us, names escaped
        menu=menu_of(by),
    )


@pages.post("/station/<uuid:station_id>/poster", again=station_poster)
@requires("station.scan")
@takes_form(PosterForm)
def change_poster(station_id: UUID, how: str, by: Actor) -> Response:
    """A new version, or none at all"""
    at = clock.now()
    if how == NONE:
        posters.end_posters(station_id=station_id, by=by, at=at)
    else:
        posters.replace_poster(station_id=station_id, overlap=how == IN_A_WEEK, by=by, at=at)
    return go(f"/station/{station_id}/poster", said="web.said.poster-changed")


@pages.get("/station/<uuid:station_id>/screen")
@requires("station.scan")
def station_screen(station_id: UUID, by: Actor) -> str:
    """For a tablet or television: the code of this half minute, renewed by itself"""
    by.must("station.scan", station_id=station_id)
    station, at = places.station(station_id), clock.now()
    return page(
        "station/screen.html",
        station=station,
        svg=Markup(drawing.svg(screen.make(station.short_code, at))),  # noqa: S704 -- drawn by us
        seconds_left=max(1, int((steps.ends_at(steps.step_at(at)) - at).total_seconds()) + 1),
        host=host(),
    )
