"""Who sees a photo follows what it was given to; whoever forgets or moves some leaves all others as they were."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from app.identity.actors import ANONYMOUS, Actor
from app.kernel import clock
from app.kernel.db import session, transaction
from app.kernel.errors import RateLimited
from app.media.accepting import MAX_AN_HOUR, accept_photo
from app.media.attaching import attach_photos, move_photos
from app.media.errors import PhotoNotFree
from app.media.forgetting import forget_photos
from app.media.models import NOMINATION, REWARD, Media
from app.media.seeing import may_see
from tests import make
from tests.media.make import jpeg


@pytest.fixture
def people(app: Flask) -> dict[str, Actor]:
    with transaction():
        make.regions()
        who = {
            "sender": make.rider(),
            "other": make.rider("李师傅"),
            "dispatcher": make.staff("dispatcher", region_code=make.XUANWU),
        }
        return {name: make.actor(person) for name, person in who.items()} | {"nobody": ANONYMOUS}


def row(owner: Actor, purpose: str = "report") -> UUID:
    media = Media(
        owner_id=owner.id, created_at=clock.now(), purpose=purpose, digest="0" * 64, width=1, height=1,
        size_bytes=1, seen_with=[],
    )  # fmt: skip
    session.add(media)
    session.flush()
    return media.id


def attach(people: dict[str, Actor], *photos: UUID, by: str = "sender", **more: Any) -> None:
    given = {"region_code": make.XUANWU, "seen_with": ["case.triage"], "shown_to_id": None} | more
    attach_photos(photo_ids=photos, by=people[by], at=clock.now(), **given)


def seen_by(people: dict[str, Actor], photo: UUID) -> list[str]:
    return [name for name, each in people.items() if may_see(session.get_one(Media, photo), each)]


def test_a_photo_is_also_seen_by_whom_it_answers(people: dict[str, Actor]) -> None:
    with transaction():
        free, given = row(people["sender"]), row(people["sender"])
        attach(people, given, shown_to_id=people["other"].id)
        assert seen_by(people, free) == ["sender"]
        assert seen_by(people, given) == ["sender", "other", "dispatcher"]


def test_what_is_given_with_a_nomination_is_the_nominees_and_its_senders_no_more(
    people: dict[str, Actor],
) -> None:
    with transaction():
        photo = row(people["sender"], NOMINATION)
        assert seen_by(people, photo) == ["sender"]
        attach(people, photo, shown_to_id=people["other"].id, purpose=NOMINATION, seen_with=["case.mediate"])
        assert seen_by(people, photo) == ["other"]


@pytest.mark.parametrize(("purpose", "is_free"), [(None, True), ("report", True), (REWARD, False)])
def test_a_photo_is_given_to_what_it_was_taken_in_for(
    people: dict[str, Actor], purpose: str | None, is_free: bool
) -> None:
    with transaction():
        photo = row(people["sender"])
        if is_free:
            attach(people, photo, purpose=purpose)
        else:
            with pytest.raises(PhotoNotFree):
                attach(people, photo, purpose=purpose)
        session.expire_all()
        assert (session.get_one(Media, photo).attached_at is not None) == is_free


def test_only_what_is_named_and_belongs_to_something_moves(people: dict[str, Actor]) -> None:
    with transaction():
        moved, stays, free = (row(people["sender"]) for _ in range(3))
        attach(people, moved, stays, moved)  # named twice, it is one
        attach(people)  # nothing is no fault
        move_photos(photo_ids=[moved, free], region_code=make.QINHUAI)
        move_photos(photo_ids=[], region_code=make.QINHUAI)
        session.expire_all()
        found = [session.get_one(Media, each).region_code for each in (moved, stays, free)]
    assert found == [make.QINHUAI, make.XUANWU, None]


def test_only_what_is_named_is_forgotten_and_when_it_was_is_not_rewritten(people: dict[str, Actor]) -> None:
    at = clock.now()
    with transaction():
        gone, stays = row(people["sender"]), row(people["sender"])
        forget_photos(photo_ids=[gone], at=at)
        forget_photos(photo_ids=[gone], at=at + timedelta(hours=1))
        forget_photos(photo_ids=[], at=at)
        session.expire_all()
        assert [session.get_one(Media, each).gone_at for each in (gone, stays)] == [at, None]


def test_so_many_an_hour_and_no_more_by_one_person(people: dict[str, Actor]) -> None:
    with transaction():
        for _ in range(MAX_AN_HOUR - 1):
            row(people["sender"])
        row(people["other"])
        last = accept_photo(data=jpeg(64, 48), purpose="report", by=people["sender"], at=clock.now())
        assert (last.purpose, last.owner_id, last.created_at) == ("report", people["sender"].id, clock.now())
        assert (last.width, last.height, last.seen_with, last.attached_at) == (64, 48, [], None)
        with pytest.raises(RateLimited):
            accept_photo(data=jpeg(65, 48), purpose="report", by=people["sender"], at=clock.now())
