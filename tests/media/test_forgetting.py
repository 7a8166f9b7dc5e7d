"""Photos that are thrown away: there for nobody at once, their bytes gone with the next job, others' kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError

from app.identity.models import Person
from app.kernel import clock
from app.kernel.db import session, transaction
from app.media import queries
from app.media.accepting import accept_photo
from app.media.attaching import attach_photos
from app.media.errors import PhotoNotFound, PhotoNotFree
from app.media.forgetting import erase_gone, forget_photos, forget_unused
from app.media.models import Media
from app.media.storing import storage
from tests import make
from tests.crossing import crossed
from tests.media.make import jpeg


def _sent(name: str, *, width: int = 320) -> Media:
    with transaction():
        by = make.actor(make.rider(name))
        return accept_photo(data=jpeg(width, 240), purpose="nomination", by=by, at=clock.now())


def _forget(media: Media) -> None:
    with transaction():
        forget_photos(photo_ids=[media.id], at=clock.now())


def _forget_unused() -> int:
    with transaction():
        return forget_unused(at=clock.now())


def _erase() -> int:
    with transaction():
        return erase_gone(at=clock.now())


def test_a_forgotten_photo_is_there_for_nobody_and_its_bytes_go_with_the_next_job(app: Flask) -> None:
    media = _sent("王师傅", width=321)
    assert media.likeness
    _forget(media)
    with pytest.raises(PhotoNotFound), transaction(write=False):
        queries.photo(media.id)
    assert (_erase(), _erase()) == (1, 0)
    assert storage().read(media.digest) is None
    assert storage().read(f"{media.digest}-thumb") is None
    with transaction(write=False):
        assert session.get_one(Media, media.id).likeness is None  # nor what it looked like


def test_the_same_picture_of_somebody_else_stays_until_he_forgets_it_too(app: Flask) -> None:
    mine, other = _sent("王师傅", width=322), _sent("李师傅", width=322)
    assert mine.digest == other.digest
    _forget(mine)
    _erase()
    with transaction(write=False):
        assert queries.bytes_of(queries.photo(other.id))
    _forget(other)
    _erase()
    assert storage().read(mine.digest) is None


def test_whoever_sends_a_thrown_away_picture_again_has_it(app: Flask) -> None:
    first = _sent("王师傅", width=323)
    _forget(first)
    _erase()
    again = _sent("李师傅", width=323)
    _erase()
    with transaction(write=False):
        assert queries.bytes_of(queries.photo(again.id))


def _sends(name: str, width: int) -> Callable[[], Media]:
    return lambda: accept_photo(
        data=jpeg(width, 240), purpose="nomination", by=make.actor(make.rider(name)), at=clock.now()
    )


def test_a_picture_that_somebody_else_is_sending_in_is_not_thrown_away(app: Flask) -> None:
    first = _sent("王师傅", width=327)
    _forget(first)
    both = crossed(_sends("李师傅", 327), lambda: erase_gone(at=clock.now()))
    assert both.then == 1
    with transaction(write=False):
        assert queries.bytes_of(queries.photo(both.first.id))


def test_what_is_forgotten_while_somebody_else_sends_in_the_same_is_not_thrown_away(app: Flask) -> None:
    first = _sent("王师傅", width=329)

    def forget_and_erase() -> int:
        forget_photos(photo_ids=[first.id], at=clock.now())
        return erase_gone(at=clock.now())

    both = crossed(_sends("李师傅", 329), forget_and_erase)
    assert both.then == 1
    with transaction(write=False):
        assert queries.bytes_of(queries.photo(both.first.id))


def test_nothing_is_erased_that_was_not_forgotten_before(app: Flask) -> None:
    media = _sent("王师傅")
    with pytest.raises(IntegrityError, match="gone_before_erased"), transaction():
        session.get_one(Media, media.id).erased_at = clock.now()


def test_what_belongs_to_nothing_a_day_later_is_forgotten(app: Flask, clock) -> None:
    unused = _sent("王师傅", width=324)
    used = _sent("李师傅", width=325)
    with transaction():
        make.regions()
        owner = make.actor(session.get_one(Person, used.owner_id))
        attach_photos(
            photo_ids=[used.id],
            region_code=make.COMMUNITY,
            seen_with=("case.work",),
            shown_to_id=None,
            by=owner,
            at=clock(),
        )
    clock.advance(hours=23, minutes=59)
    assert _forget_unused() == 0
    clock.advance(minutes=1)
    assert (_forget_unused(), _erase()) == (1, 1)
    with transaction(write=False):
        assert queries.bytes_of(queries.photo(used.id))
    assert storage().read(unused.digest) is None


def test_a_photo_that_found_no_use_can_be_sent_again_but_not_used_any_more(app: Flask, clock) -> None:
    first = _sent("王师傅", width=326)
    clock.advance(days=1)
    _forget_unused()
    with transaction():
        make.regions()
        owner = make.actor(session.get_one(Person, first.owner_id))
        again = accept_photo(data=jpeg(326, 240), purpose="nomination", by=owner, at=clock())
        assert again.id != first.id
        with pytest.raises(PhotoNotFree):
            attach_photos(
                photo_ids=[first.id],
                region_code=make.COMMUNITY,
                seen_with=("case.work",),
                shown_to_id=None,
                by=owner,
                at=clock(),
            )
    _erase()
    with transaction(write=False):
        assert queries.bytes_of(queries.photo(again.id))
