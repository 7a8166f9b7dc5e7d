"""Photos of nominations: the nominee's before anybody's, gone from everywhere with his no."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from app.honours import filing, picturing
from app.honours.consenting import answer
from app.honours.errors import NominationPhotoNotFound, PhotoShowsNeeded
from app.honours.models import NominationPhoto, Selection
from app.honours.nominating import nominate
from app.honours.picturing import Given
from app.honours.reviewing import recuse
from app.identity.models import Person
from app.identity.profile import close_account
from app.kernel import clock
from app.kernel.db import session, transaction
from app.media import queries as media
from app.media.accepting import accept_photo
from app.media.errors import PhotoNotFound, PhotoNotFree
from app.media.forgetting import erase_gone
from app.media.models import NOMINATION, Media
from app.media.storing import storage
from app.notices.models import Notice
from tests import make as city
from tests.honours import make
from tests.media.make import from_phone, jpeg
from tests.web.make import browser, form_on, person, read, send

SELECTION = "/honours/{}"


class Scene:
    """A selection open to nominations; a peer put the first rider forward with a photo."""

    def __init__(self, app: Flask) -> None:
        self.app, self.here = app, make.setting(300, 200, names=["王小明", "欧阳振华"])
        with transaction():
            self.peer = city.rider("张师傅", name="张三", phone="+8613900001111")
            self.by = city.actor(self.peer)
        self.selection: Selection = make.frozen(self.here)
        self.nominee = self.here.riders[0]
        (self.photo,) = make.nominated(self.selection, self.nominee, self.by, photo=from_phone())
        self.phone = str(person(make.acting(self.nominee)).phone)

    def client(self, someone: Person) -> FlaskClient:
        return browser(self.app, person(make.acting(someone)))

    def say(self, agreed: bool) -> None:
        acting = make.acting(self.nominee)
        with transaction():
            picturing.answer(photo_id=self.photo.id, agreed=agreed, by=acting, at=clock.now())

    def consent(self, choice: str = "full", **more: Any) -> None:
        acting = make.acting(self.nominee)
        with transaction():
            self.candidate = answer(
                selection_id=self.selection.id, choice=choice, by=acting, at=clock.now(), **more
            )

    def seen_by(self) -> set[str]:
        """Who gets the picture anywhere it could be asked for."""
        api = f"/api/v1/media/{self.photo.media_id}"
        desk = f"/desk/honours/{self.selection.id}/review/photos/{self.photo.id}"
        mine = f"/me/honours/photos/{self.photo.id}"
        with transaction(write=False):
            pseudonym = make.queries.candidates(self.selection.id, self.here.department)[0].pseudonym
        wall = f"/honours/{self.selection.id}/{pseudonym}/photos/{self.photo.media_id}"
        people = {"nominee": self.nominee, "peer": self.peer, "other": self.here.riders[1]}
        staff = {"reviewer": self.here.reviewer, "department": self.here.department}
        clients = {name: self.client(each) for name, each in people.items() if each.closed_at is None}
        clients |= {name: browser(self.app, person(each)) for name, each in staff.items()}
        clients |= {"everybody": self.app.test_client()}
        return {
            name
            for name, client in clients.items()
            for path in (api, desk, mine, wall)
            if client.get(path).mimetype == "image/jpeg"
        }


@pytest.fixture
def scene(app: Flask) -> Scene:
    return Scene(app)


def test_before_he_agrees_nobody_but_the_nominee_sees_it_not_even_who_sent_it(scene: Scene) -> None:
    make.weighed(scene.here, scene.selection)
    assert scene.seen_by() == {"nominee"}
    with transaction(write=False):
        filed = filing.case_file(scene.selection.id, scene.here.reviewer).filed[0]
        assert [(each.role, each.photo_ids) for each in filed.voices] == [("peer", [])]
        told = session.scalars(select(Notice).where(Notice.slug == "nomination-photo")).one()
        assert told.person_id == scene.nominee.id


def test_a_photo_comes_without_place_or_camera(scene: Scene) -> None:
    with transaction(write=False):
        data = media.bytes_of(media.photo(scene.photo.media_id))
    assert not dict(Image.open(io.BytesIO(data)).getexif())
    assert b"SecretPhoneMaker" not in data


def test_reviewers_see_it_once_he_agreed_and_they_know_names(scene: Scene) -> None:
    scene.say(True)
    assert scene.seen_by() == {"nominee"}
    make.weighed(scene.here, scene.selection)
    assert scene.seen_by() == {"nominee", "reviewer"}
    with transaction(write=False):
        candidate = make.queries.candidates(scene.selection.id, scene.here.department)[0].id
    with transaction():
        recuse(
            selection_id=scene.selection.id, candidate_id=candidate, reason="表弟", by=scene.here.reviewer,
            at=clock.now(),
        )  # fmt: skip
    assert scene.seen_by() == {"nominee"}


def test_everybody_sees_it_only_with_full_name_and_photo(scene: Scene) -> None:
    scene.say(True)
    make.announced(scene.here, scene.selection)
    scene.consent(shows_photo=True)
    assert "everybody" not in scene.seen_by()
    make.published(scene.here, scene.selection)
    assert "everybody" in scene.seen_by()
    for choice, shown in (("full", False), ("masked", True), ("unlisted", True)):
        scene.consent(choice, shows_photo=shown)
        assert "everybody" not in scene.seen_by()


@pytest.mark.parametrize("way", ["no", "closed"])
def test_with_his_no_it_is_gone_from_everywhere_and_soon_from_the_disk(scene: Scene, way: str) -> None:
    scene.say(True)
    make.announced(scene.here, scene.selection)
    scene.consent(shows_photo=True)
    make.published(scene.here, scene.selection)
    page = f"/honours/{scene.selection.id}/{scene.candidate.pseudonym}"
    assert "<img" in scene.app.test_client().get(page).text
    if way == "no":
        scene.say(False)
        assert "<img" not in scene.app.test_client().get(page).text
    else:
        acting = make.acting(scene.nominee)
        with transaction():
            close_account(by=acting, at=clock.now())
        scene.nominee = person(acting)
        assert scene.app.test_client().get(page).status_code == 404
    assert scene.seen_by() == set()
    with transaction():
        digest = session.get_one(Media, scene.photo.media_id).digest
        erase_gone(at=clock.now())
    assert storage().read(digest) is None


@pytest.mark.once
def test_a_refused_photo_is_not_laid_before_the_nominee_again(scene: Scene) -> None:
    with transaction(write=False):
        assert [each.photo.id for each in picturing.mine(scene.nominee.id)] == [scene.photo.id]
    scene.say(False)
    with transaction(write=False):
        assert picturing.mine(scene.nominee.id) == []


@pytest.mark.once
def test_a_photo_nobody_can_be_asked_about_is_thrown_away(scene: Scene) -> None:
    case = {"selection_id": scene.selection.id, "story": "热心", "by": scene.by, "at": clock.now()}
    for number, phone in enumerate((scene.phone, "+8613900009999")):  # spoken for already, known to nobody
        with transaction():
            data = jpeg(400 + number, 300)
            sent = accept_photo(data=data, purpose=NOMINATION, by=scene.by, at=clock.now()).id
            nominate(phone=phone, photos=[Given(sent, "nominee")], **case)
        with pytest.raises(PhotoNotFound), transaction(write=False):
            media.photo(sent)


def test_a_no_is_for_good_also_in_the_database(scene: Scene) -> None:
    scene.say(False)
    with pytest.raises(NominationPhotoNotFound):
        scene.say(True)
    with pytest.raises(DBAPIError, match="refused"), transaction():
        session.execute(update(NominationPhoto).values(answer="agreed"))


def test_nobody_answers_for_somebody_else(scene: Scene) -> None:
    for other in (scene.peer, scene.here.riders[1]):
        with pytest.raises(NominationPhotoNotFound), transaction():
            picturing.answer(photo_id=scene.photo.id, agreed=True, by=city.actor(other), at=clock.now())


def test_whether_a_number_is_known_is_not_told_by_what_becomes_of_the_photo(scene: Scene) -> None:
    with transaction():
        sent = accept_photo(data=jpeg(400, 300), purpose=NOMINATION, by=scene.by, at=clock.now())
        wrong = accept_photo(data=jpeg(500, 300), purpose="report", by=scene.by, at=clock.now())
    case = {"selection_id": scene.selection.id, "story": "热心", "by": scene.by, "at": clock.now()}
    with transaction():
        nominate(phone="+8613900009999", photos=[Given(sent.id, "nobody")], **case)
    peer = scene.client(scene.peer)
    for media_id in (sent.id, scene.photo.media_id):
        assert peer.get(f"/api/v1/media/{media_id}").status_code == 404
    for phone in ("+8613900009999", scene.phone):
        for taken in (sent.id, wrong.id, scene.photo.media_id):
            with pytest.raises(PhotoNotFree), transaction():
                nominate(phone=phone, photos=[Given(taken, "nobody")], **case)
        with pytest.raises(PhotoShowsNeeded), transaction():
            nominate(phone=phone, photos=[Given(sent.id, "")], **case)


def test_the_form_takes_a_photo_and_links_and_the_nominee_answers_on_his_page(scene: Scene) -> None:
    organiser = scene.client(scene.here.riders[1])
    assert SELECTION.format(scene.selection.id) + "/nominate" in organiser.get("/honours").text
    at = SELECTION.format(scene.selection.id) + "/nominate"
    form = form_on(organiser.get(at), at)
    filled = form.fields | {
        "phone": scene.phone, "story": "天天帮邻居",
        "links": "https://news.example.cn/1\nhttps://news.example.cn/2",
    }  # fmt: skip
    unsaid = organiser.post(at, data=filled | {"photo": (io.BytesIO(jpeg(410, 300)), "a.jpg")})
    assert (unsaid.status_code, 'href="#f-shows"' in unsaid.text) == (422, True)
    wrong = organiser.post(at, data=filled | {"links": "http://x.cn"})
    assert (wrong.status_code, 'href="#f-links"' in wrong.text) == (422, True)
    sent = filled | {"shows": "nobody", "photo": (io.BytesIO(jpeg(410, 300)), "a.jpg")}
    assert organiser.post(at, data=sent).status_code == 303
    nominee = scene.client(scene.nominee)
    page = nominee.get("/me/honours")
    actions = [each.action for each in read(page.text).found if "/photos/" in each.action]
    assert len(set(actions)) == 2
    second = next(each for each in actions if str(scene.photo.id) not in each)
    assert nominee.post(second, data=form_on(page, second).fields | {"answer": "yes"}).status_code == 303
    assert "你已同意给评审看" in nominee.get("/me/honours").text
    make.weighed(scene.here, scene.selection)
    reviewer = browser(scene.app, person(scene.here.reviewer))
    file = reviewer.get(f"/desk/honours/{scene.selection.id}/review/file").text
    assert "https://news.example.cn/2" in file
    assert 'href="https://news' not in file
    assert f"/review/photos/{second.rsplit('/', 1)[-1]}" in file
    assert "同行推荐" in file
    assert send(nominee, "/me/honours", second, answer="no").status_code in (303, 404)
