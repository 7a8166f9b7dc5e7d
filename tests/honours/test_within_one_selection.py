"""What belongs to one selection, or to one person in it, stays there: stories, photos, candidates, desks' lists."""

from __future__ import annotations

import pytest
from flask import Flask

from app.honours import filing, picturing, queries, reviewing
from app.honours.consenting import answer
from app.honours.criteria import approve_criteria
from app.honours.errors import CandidateNotFound, NominationPhotoNotFound
from app.honours.models import Selection
from app.identity.actors import Actor
from app.identity.models import Person
from app.kernel import clock
from app.kernel.db import transaction
from tests import make as city
from tests.honours import make
from tests.media.make import jpeg

pytestmark = pytest.mark.once


def _peer() -> Actor:
    with transaction():
        return city.actor(city.rider("张师傅", name="张三"))


def _open_page(selection: Selection, someone: Person) -> str:
    """Agree to full name, story and photo; the address of the page."""
    acting = make.acting(someone)
    with transaction():
        mine = answer(
            selection_id=selection.id, choice="full", shows_story=True, shows_photo=True, by=acting, at=clock.now()
        )  # fmt: skip
        return f"/honours/{selection.id}/{mine.pseudonym}"


def test_a_page_tells_the_stories_about_its_own_person_and_only_once_he_is_honoured(app: Flask) -> None:
    here, peer = make.setting(300, 200), _peer()
    selection = make.frozen(here)
    for someone, story in zip(here.riders, ("冒雨救起老人", "天天送药"), strict=True):
        make.nominated(selection, someone, peer, story=story)
    make.announced(here, selection)
    pages = [_open_page(selection, each) for each in here.riders]
    client = app.test_client()
    assert [client.get(each).status_code for each in pages] == [404, 404]
    make.published(here, selection)
    first, second = (client.get(each).text for each in pages)
    assert ("冒雨救起老人" in first, "天天送药" in first) == (True, False)
    assert ("冒雨救起老人" in second, "天天送药" in second) == (False, True)


def test_a_file_and_its_photos_are_of_what_was_sent_in_for_that_selection(app: Flask) -> None:
    here, peer = make.setting(300), _peer()
    mine, other = make.frozen(here), make.frozen(here)
    (photo,) = make.nominated(mine, here.riders[0], peer, story="冒雨救起老人", photo=jpeg(400, 300))
    acting = make.acting(here.riders[0])
    with transaction():
        picturing.answer(photo_id=photo.id, agreed=True, by=acting, at=clock.now())
    for selection in (mine, other):
        make.weighed(here, selection)
    with transaction(write=False):
        told = [filing.case_file(each.id, here.reviewer).filed[0].voices for each in (mine, other)]
        assert [[(each.story, each.photo_ids) for each in voices] for voices in told] == [
            [("冒雨救起老人", [photo.id])],
            [],
        ]
        assert picturing.reviewed_picture(mine.id, photo.id, here.reviewer).id == photo.media_id
        with pytest.raises(NominationPhotoNotFound):
            picturing.reviewed_picture(other.id, photo.id, here.reviewer)


def test_a_candidate_is_decided_about_in_his_own_selection_only(app: Flask) -> None:
    here = make.setting(300)
    mine, other = make.frozen(here), make.frozen(here)
    with transaction(write=False):
        elsewhere = queries.chosen(other.id)[0].id
    with pytest.raises(CandidateNotFound), transaction():
        reviewing.decide(
            selection_id=mine.id, candidate_id=elsewhere, decision="out", reason="材料不全", by=here.reviewer,
            at=clock.now(),
        )  # fmt: skip
    with transaction(write=False):
        assert [each.decision for each in queries.chosen(other.id)] == ["in"]


def test_the_next_page_of_an_order_begins_after_the_last_one(app: Flask) -> None:
    here = make.setting(300, 200, 100)
    selection = make.frozen(here)
    with transaction(write=False):
        first = queries.candidates(selection.id, here.reviewer, limit=2)
        rest = queries.candidates(selection.id, here.reviewer, after=first[-1].position, limit=2)
        assert [each.position for each in (*first, *rest)] == [1, 2, 3]


def test_reviewers_find_the_selections_of_their_own_region_in_their_list(app: Flask) -> None:
    here = make.setting(300)
    selection = make.frozen(here)
    with transaction():
        reviewer = city.people.person(here.reviewer.id)
        stranger = city.staff("reviewer", region_code=city.QINHUAI)
    told = [
        city.signed_in(app, each).get("/api/v1/selections/to-review").json["items"]
        for each in (reviewer, stranger)
    ]
    assert [[each["id"] for each in items] for items in told] == [[str(selection.id)], []]


def test_nominations_are_asked_for_from_the_approval_until_reviewers_know_names(app: Flask) -> None:
    here = make.setting(300)
    selection = make.draft(here)

    def is_open() -> bool:
        with transaction(write=False):
            return [each.id for each in queries.open_to_nominations()] == [selection.id]

    assert not is_open()
    with transaction():
        approve_criteria(selection_id=selection.id, by=here.reviewer, at=clock.now())
    assert is_open()
    with transaction():
        make.run_selection(selection_id=selection.id, by=here.department, at=clock.now())
    assert is_open()
    make.weighed(here, selection)
    assert not is_open()
