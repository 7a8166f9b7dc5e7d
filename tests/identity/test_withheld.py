"""Whoever took a consent back is believed: nothing of it is used until they say yes again. The first use is a yes."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from app.cases.errors import PlaceMissing
from app.cases.models import Case
from app.checkins.checking_in import check_in_by_poster
from app.identity import consent, queries, sessions
from app.identity.actors import Actor
from app.identity.errors import LocationWithheld, PhotoWithheld
from app.identity.models import Consent, Person
from app.identity.profile import close_account
from app.identity.sessions import Claim
from app.kernel import clock
from app.kernel.db import session, transaction
from app.media import accepting
from app.media.accepting import accept_photo
from app.media.models import Media
from app.places.models import Station
from tests import make
from tests.cases import make as cases
from tests.crossing import crossed
from tests.media.make import jpeg


@pytest.fixture
def rider(app: Flask) -> Person:
    with transaction():
        make.regions()
        make.station()
        return make.rider("王师傅")


def now(rider: Person) -> Actor:
    return queries.actor_of(session.get_one(Person, rider.id))


def says(rider: Person, purpose: str, given: bool) -> None:
    consent.answer_consent(purpose=purpose, given=given, by=now(rider), at=clock.now())


def report(rider: Person, **more: Any) -> Case:
    return cases.report(session.get_one(Person, rider.id), **more)


def answers(rider: Person, purpose: str) -> list[bool]:
    chosen = sa.select(Consent.given).where(Consent.person_id == rider.id, Consent.purpose == purpose)
    return list(session.scalars(chosen.order_by(Consent.id)))


def test_a_no_is_not_talked_over_by_what_is_used_at_that_moment(rider: Person):
    with transaction(write=False):
        unasked = now(rider)  # as the request began
    crossed(
        lambda: consent.answer_consent(purpose="photo", given=False, by=unasked, at=clock.now()),
        lambda: consent.agree_by_using("photo", [unasked], clock.now()),
    )
    with transaction(write=False):
        assert answers(rider, "photo") == [False]


def test_the_first_use_twice_at_once_is_one_yes(rider: Person):
    with transaction(write=False):
        unasked = now(rider)
    crossed(*[lambda: consent.agree_by_using("photo", [unasked], clock.now())] * 2)
    with transaction(write=False):
        assert answers(rider, "photo") == [True]


def test_the_first_report_with_a_position_is_a_yes_that_is_written_down_once(rider: Person):
    with transaction():
        report(rider)
        report(rider, place_words="再一处")
        assert answers(rider, "location") == [True]
        assert now(rider).agrees_to_location is True


def test_a_position_that_is_withheld_is_not_kept_and_the_report_stands_by_its_words(rider: Person):
    with transaction():
        says(rider, "location", False)
        case = report(rider)
        assert (case.position, case.place_words) == (None, "珠江路口")
        with pytest.raises(PlaceMissing):
            report(rider, place_words=None)
        assert answers(rider, "location") == [False]
        says(rider, "location", True)
        assert report(rider, place_words="再一处").position == cases.POTHOLE


def test_a_poster_needs_the_location_and_says_so(rider: Person):
    with transaction():
        station = session.scalars(sa.select(Station)).one()
        facts = {"station_id": station.id, "position": station.position, "accuracy_m": 10, "at": clock.now()}
        says(rider, "location", False)
        with pytest.raises(LocationWithheld):
            check_in_by_poster(**facts, by=now(rider))
        says(rider, "location", True)
        assert check_in_by_poster(**facts, by=now(rider))


def test_a_photo_that_is_withheld_is_not_taken(rider: Person):
    with transaction():
        says(rider, "photo", False)
        with pytest.raises(PhotoWithheld):
            accept_photo(data=jpeg(64, 48), purpose="report", by=now(rider), at=clock.now())
        assert session.scalars(sa.select(Media)).all() == []
        says(rider, "photo", True)
        assert accept_photo(data=jpeg(64, 48), purpose="report", by=now(rider), at=clock.now())


def test_the_first_photo_is_a_yes_and_staff_are_not_asked(rider: Person):
    with transaction():
        accept_photo(data=jpeg(64, 48), purpose="report", by=now(rider), at=clock.now())
        assert answers(rider, "photo") == [True]
        dispatcher = make.staff("dispatcher", region_code=make.XUANWU)
        accept_photo(data=jpeg(65, 48), purpose="report", by=now(dispatcher), at=clock.now())
        assert answers(dispatcher, "photo") == []


def test_whoever_calls_comes_with_their_answers(rider: Person):
    with transaction():
        says(rider, "photo", False)
        says(rider, "location", True)
        opened = sessions.open_session(person=session.get_one(Person, rider.id), device="x", at=clock.now())
        claim = Claim(rider.id, opened.family_id)
        for one in (sessions.actor_for(claim), *sessions.actors_for([claim])):
            assert (one.agrees_to_location, one.agrees_to_photo) == (True, False)


@pytest.mark.once
def test_the_newest_answer_to_a_purpose_counts(rider: Person):
    with transaction():
        for given in (True, False, True, False):
            says(rider, "publication", given)
            assert consent.consents_of(rider.id)["publication"] is given
            assert (rider.id in session.scalars(consent.agreeing_to("publication")).all()) is given


@pytest.mark.parametrize("given", [True, False])
def test_taking_part_is_not_taken_back_by_an_answer_that_would_change_nothing(
    app: Flask, rider: Person, given: bool
):
    client = make.signed_in(app, rider)
    answer = client.post("/api/v1/me/consents", json={"purpose": "core", "given": given})
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "purpose")
    assert "注销账号" in answer.text
    with transaction():
        assert answers(rider, "core") == [True]


def test_whoever_closes_the_account_takes_back_all_that_stood(rider: Person):
    with transaction():
        says(rider, "location", True)
        says(rider, "photo", True)
        says(rider, "photo", False)
        close_account(by=now(rider), at=clock.now())
        left = {purpose: answers(rider, purpose) for purpose in consent.VERSIONS}
        assert left == {
            "core": [True, False],
            "location": [True, False],
            "photo": [True, False],
            "publication": [],
        }
        closed = session.get_one(Person, rider.id)
        assert (closed.agrees_to_location, closed.agrees_to_photo) == (False, False)


def test_a_photo_that_is_sent_while_its_rider_says_no_is_not_kept(rider: Person):
    with transaction(write=False):
        unasked = now(rider)  # as the request began
    both = crossed(
        lambda: consent.answer_consent(purpose="photo", given=False, by=unasked, at=clock.now()),
        lambda: accept_photo(data=jpeg(320, 240), purpose="report", by=unasked, at=clock.now()),
    )
    assert both.then == "photo-withheld"
    with transaction(write=False):
        assert session.scalars(sa.select(Media.id)).all() == []


def test_of_two_photos_at_once_one_is_over_the_hours_limit(rider: Person, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(accepting, "MAX_AN_HOUR", 2)
    with transaction():
        by = now(rider)
        accept_photo(data=jpeg(320, 240), purpose="report", by=by, at=clock.now())
    sends = [
        lambda width=width: accept_photo(data=jpeg(width, 240), purpose="report", by=by, at=clock.now()).width
        for width in (324, 328)
    ]
    both = crossed(*sends)
    assert (both.first, both.then) == (324, "too-many-tries")
