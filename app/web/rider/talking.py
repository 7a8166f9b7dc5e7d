"""意见投诉: whom to ask, and a way to say something. The way in is on every page."""

from __future__ import annotations

from flask import Response

from app.cases import asking
from app.cases.kinds import appeal as appeal_kind
from app.cases.kinds import suggestion as suggestion_kind
from app.identity.actors import Actor
from app.kernel import clock
from app.kernel.http import public, requires, takes_form
from app.kernel.schemas import Schema, Text
from app.web.edge import Pages, go, once, page
from app.web.forms import Choice

pages = Pages("talking")

SUBJECTS = tuple(suggestion_kind.KIND.categories)
HARDSHIPS = tuple(appeal_kind.KIND.categories)


class SuggestionForm(Schema):
    """An idea or a complaint."""

    category = Choice(SUBJECTS, required=True)
    words = Text(2000, required=True)


class AppealForm(Schema):
    """A hardship."""

    category = Choice(HARDSHIPS, required=True)
    words = Text(2000, required=True)


@pages.get("/talk")
@public
def talk(by: Actor) -> str:
    """The department's contact, and the form for those who signed in"""
    return page("rider/talk.html", subjects=SUBJECTS, signed_in=not by.is_anonymous)


@pages.post("/talk", again=talk)
@requires("self")
@once
@takes_form(SuggestionForm)
def suggest(category: str, words: str, by: Actor) -> Response:
    """Take it; somebody answers"""
    made = asking.suggest(words=words, category=category, by=by, at=clock.now())
    return go(f"/reports/{made.id}", said="web.said.heard")


@pages.get("/hardship")
@requires("self")
def hardship(by: Actor) -> str:
    """说说难处: private, seen by mediators only"""
    return page("rider/hardship.html", subjects=HARDSHIPS)


@pages.post("/hardship", again=hardship)
@requires("self")
@once
@takes_form(AppealForm)
def tell_hardship(category: str, words: str, by: Actor) -> Response:
    """Take it; a mediator answers"""
    made = asking.appeal(category=category, words=words, by=by, at=clock.now())
    return go(f"/reports/{made.id}", said="web.said.heard-privately")
