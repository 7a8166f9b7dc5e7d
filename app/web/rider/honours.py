"""The honour roll for everybody: public notices, the wall, one's own answer to "why not me", one's own honours."""

from __future__ import annotations

import json
from uuid import UUID

from flask import Response

from app.codes import drawing
from app.codes.kinds import certificate
from app.honours import (
    certifying,
    consenting,
    credentials,
    nominating,
    objecting,
    picturing,
    queries,
    stories,
)
from app.honours.errors import HonourNotFound
from app.honours.links import MOST
from app.honours.models import FULL, MASKED, SHOWN, UNLISTED
from app.honours.picturing import Given
from app.honours.standing import my_standing
from app.identity import queries as people
from app.identity.actors import Actor
from app.identity.signing_in import normal_phone
from app.kernel import clock
from app.kernel.http import attachment, public, requires, takes_form, takes_query
from app.kernel.i18n import has, say
from app.kernel.schemas import Schema, Text
from app.media import queries as media
from app.media.accepting import accept_photo
from app.media.cleaning import CleanPhoto, clean_if_any
from app.media.models import NOMINATION, Media
from app.web.edge import Pages, go, page
from app.web.forms import Choice, Continue, Tick

pages = Pages("roll")
CHOICES = (FULL, MASKED, UNLISTED)


class ObjectionForm(Schema):
    """Who on the list, if it is about one, and what is wrong."""

    pseudonym = Text(20, load_default=None)
    words = Text(1000, required=True)


class AnswerForm(Schema):
    """How one wants to be shown on one roll."""

    choice = Choice(CHOICES, required=True)
    shows_story = Tick()
    shows_photo = Tick()


class NominationForm(Schema):
    """Whom, what he did, where one reads of it, and who is on the photo."""

    phone = Text(24, min_length=5, required=True)
    story = Text(2000, required=True)
    links = Text(1000, load_default="")
    shows = Choice(SHOWN, load_default="")


class PhotoAnswerForm(Schema):
    """Yes or no."""

    answer = Choice(("yes", "no"), required=True)


@pages.get("/honours")
@public
@takes_query(Continue)
def rolls(by: Actor, cursor: str | None = None) -> str:
    """Public notices and final rolls, newest first; with a cursor older ones"""
    found = queries.public_selections(cursor)
    return page(
        "rider/rolls.html",
        selections=found.items,
        next_cursor=found.next_cursor,
        further_back=cursor is not None,
        nominating=[] if by.is_anonymous or cursor else queries.open_to_nominations(),
    )


@pages.get("/honours/issuer")
@public
def issuer(by: Actor) -> Response:
    """Who signs credentials, and the keys that verify them"""
    return _for_verifiers(json.dumps(credentials.issuer(), ensure_ascii=False), "application/json")


@pages.get("/honours/status/<int:number>")
@public
def status(number: int, by: Actor) -> Response:
    """Which credentials were taken back: a whole list, so that nobody is asked about alone"""
    return _for_verifiers(credentials.status_list(number=number, at=clock.now()), "application/vc+jwt")


def _for_verifiers(text: str, media_type: str) -> Response:
    response = Response(text, content_type=media_type)
    response.headers["Cache-Control"] = f"public, max-age={credentials.READ_AGAIN_S}"
    return response


@pages.get("/honours/<uuid:selection_id>")
@public
def roll(selection_id: UUID, by: Actor) -> str:
    """A public notice, or the wall of the honoured"""
    found = queries.public_roll(selection_id)
    numbers = [(each.candidate.pseudonym, f"{each.candidate.pseudonym} {each.name}") for each in found.listed]
    return page("rider/roll.html", roll=found, numbers=numbers)


@pages.post("/honours/<uuid:selection_id>/objections", again=roll)
@requires("self")
@takes_form(ObjectionForm)
def object_(selection_id: UUID, pseudonym: str | None, words: str, by: Actor) -> Response:
    """Object to a notice: a case that is answered in time"""
    case = objecting.object_(
        selection_id=selection_id, pseudonym=pseudonym, words=words, by=by, at=clock.now()
    )
    # Or it is the matter that he brought before, and nobody has answered yet.
    kept = case.description == words
    return go(f"/reports/{case.id}", said="web.said.objected" if kept else "web.said.asked-before")


@pages.get("/honours/<uuid:selection_id>/why")
@requires("self")
def why(selection_id: UUID, by: Actor) -> str:
    """Why one was or was not chosen: own figures, the cut-off, never anybody else's"""
    standing = my_standing(selection_id, by)
    key = f"honours.why.{standing.why}"
    words = say(key) if has(key) else standing.why
    criteria = queries.criteria_of(standing.selection)
    return page("rider/roll_why.html", standing=standing, words=words, criteria=criteria)


@pages.get("/honours/<uuid:selection_id>/<pseudonym>")
@public
def honoured(selection_id: UUID, pseudonym: str, by: Actor) -> str:
    """The page of one of the honoured, as he agreed to it"""
    return page("rider/honoured.html", shown=stories.page_of(selection_id, pseudonym))


@pages.get("/honours/<uuid:selection_id>/<pseudonym>/photos/<uuid:media_id>")
@public
def picture(selection_id: UUID, pseudonym: str, media_id: UUID, by: Actor) -> Response:
    """A photo of the wall, as long as he agrees to it"""
    return _picture(stories.public_photo(selection_id, pseudonym, media_id))


def _picture(shown: Media) -> Response:
    """A picture that nobody keeps: it may be taken back at any time (pages are never stored)."""
    return Response(media.bytes_of(shown), mimetype="image/jpeg")


@pages.get("/H/<token>")
@public
def certified(token: str, by: Actor) -> str:
    """What the code on a certificate stands for"""
    listed, honour, selection = queries.certified(token.upper())
    return page("rider/certified.html", listed=listed, honour=honour, selection=selection)


@pages.get("/me/honours")
@requires("self")
def mine(by: Actor) -> str:
    """One's own honours, and how one is shown on each roll"""
    honours = [(honour, about, _code(honour.token)) for honour, about in queries.my_honours(by.id)]
    choices = [(each, say(f"honours.consent.{each}")) for each in CHOICES]
    return page(
        "rider/my_honours.html",
        honours=honours, asked=queries.asked_of(by.id), choices=choices, photos=picturing.mine(by.id),
        is_named=bool(people.person(by.id).name),
    )  # fmt: skip


@pages.get("/me/honours/photos/<uuid:photo_id>")
@requires("self")
def my_photo(photo_id: UUID, by: Actor) -> Response:
    """A photo of oneself that came with a nomination"""
    return _picture(picturing.my_picture(photo_id, by))


@pages.post("/me/honours/photos/<uuid:photo_id>", again=mine)
@requires("self")
@takes_form(PhotoAnswerForm)
def answer_photo(photo_id: UUID, answer: str, by: Actor) -> Response:
    """Agree to a photo, or have it thrown away"""
    picturing.answer(photo_id=photo_id, agreed=answer == "yes", by=by, at=clock.now())
    return go("/me/honours", said="web.said.photo-agreed" if answer == "yes" else "web.said.photo-gone")


@pages.post("/me/honours/<uuid:selection_id>", again=mine)
@requires("self")
@takes_form(AnswerForm)
def answer(selection_id: UUID, choice: str, shows_story: bool, shows_photo: bool, by: Actor) -> Response:
    """Say how one wants to be shown; it counts at once"""
    consenting.answer(
        selection_id=selection_id,
        choice=choice,
        shows_story=shows_story,
        shows_photo=shows_photo,
        by=by,
        at=clock.now(),
    )
    return go("/me/honours", said="web.said.honour-answered")


@pages.get("/me/honours/<uuid:honour_id>/certificate.pdf")
@requires("self")
def my_certificate(honour_id: UUID, by: Actor) -> Response:
    """One's own certificate"""
    return attachment(certifying.my_certificate(honour_id, by), "application/pdf", "certificate.pdf")


@pages.get("/honours/<uuid:selection_id>/nominate")
@requires("self")
def nomination(selection_id: UUID, by: Actor) -> str:
    """A form to put a fellow rider forward"""
    found = queries.selection(selection_id)
    if found.state not in ("draft", "frozen"):
        raise HonourNotFound
    who = [(each, say(f"honours.shows.{each}")) for each in SHOWN]
    return page("rider/nominate.html", selection=found, who=who, most=MOST)


@pages.post("/honours/<uuid:selection_id>/nominate", again=nomination, blame={"nominee-unfit": "phone"})
@requires("self")
@takes_form(NominationForm, photo=clean_if_any)
def nominate(
    selection_id: UUID, phone: str, story: str, links: str, shows: str, photo: CleanPhoto | None, by: Actor
) -> Response:
    """Put a rider forward, or second whoever is"""
    at = clock.now()
    photos = [Given(accept_photo(data=photo, purpose=NOMINATION, by=by, at=at).id, shows)] if photo else []
    nominating.nominate(
        selection_id=selection_id,
        phone=normal_phone(phone),
        story=story,
        links=links.splitlines(),
        photos=photos,
        by=by,
        at=at,
    )
    return go("/honours", said="web.said.nominated")


def _code(token: str | None) -> str | None:
    """The certificate's verification code as a drawing."""
    return drawing.svg(certificate.make(token), title=say("web.honour.verify")) if token else None
