"""A yes is to the words that stood there: when they come to mean more, it is asked for again. A no stays a no."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_migrate import downgrade, upgrade

from app.identity import consent
from app.identity.models import Consent, Person
from app.kernel import clock
from app.kernel.db import session, transaction
from app.media.accepting import accept_photo
from tests import make, older
from tests.media.make import jpeg
from tests.older import a_moment, an_id, insert

BEFORE = "0034"
AT_HAND = ("agrees_to_location", "agrees_to_photo")


def _answered(rider: Person, purpose: str, given: bool, version: int) -> None:
    session.add(Consent(person_id=rider.id, purpose=purpose, version=version, given=given, at=clock.now()))
    session.flush()


def _named(rider: Person) -> bool:
    return rider.id in session.scalars(consent.agreeing_to("publication")).all()


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("purpose", ["location", "photo", "publication"])
def test_a_yes_to_older_words_is_as_if_never_asked_and_a_no_stays_a_no(purpose: str):
    older = consent.VERSIONS[purpose] - 1
    with transaction():
        rider = make.rider()
        _answered(rider, purpose, True, older)
        assert consent.answers_of(rider.id)[purpose] is None
        assert not consent.has_consent(rider.id, purpose)
        _answered(rider, purpose, True, older + 1)
        assert consent.answers_of(rider.id)[purpose] is True
        _answered(rider, purpose, False, older)
        assert consent.answers_of(rider.id)[purpose] is False


@pytest.mark.usefixtures("app")
def test_nobody_is_named_in_full_by_a_yes_to_older_words():
    with transaction():
        rider = make.rider()
        _answered(rider, "publication", True, 1)
        assert not _named(rider)
        consent.answer_consent(purpose="publication", given=True, by=make.actor(rider), at=clock.now())
        assert _named(rider)


@pytest.mark.usefixtures("app")
def test_taking_part_stands_in_any_version():
    with transaction():
        rider = make.rider()
        _answered(rider, "core", True, 1)
        assert consent.consents_of(rider.id)["core"] is True


@pytest.mark.usefixtures("app")
def test_the_next_photo_after_a_yes_to_older_words_is_a_yes_to_those_of_now():
    with transaction():
        rider = make.rider()
        _answered(rider, "photo", True, 1)
        accept_photo(data=jpeg(64, 48), purpose="report", by=make.actor(rider), at=clock.now())
        assert consent.has_consent(rider.id, "photo")


@pytest.fixture
def older_city(settings_env: dict[str, str], tmp_path, clock) -> Iterator[Flask]:
    """An application as it was when any yes counted."""
    with older.installed("older_yes", settings_env, tmp_path, revision=BEFORE) as app:
        yield app


def _somebody(name: str, purpose: str, *answers: tuple[bool, int]) -> None:
    """A person with these answers, of whom the newest is at hand."""
    person, at = an_id(), a_moment()
    insert(
        "people", id=person, created_at=at, locale="zh", large_type=False, is_demo=False, nickname=name,
        **{f"agrees_to_{purpose}": answers[-1][0] if answers else None},
    )  # fmt: skip
    for given, version in answers:
        insert("consents", id=an_id(), person_id=person, purpose=purpose, version=version, given=given, at=at)


def _at_hand() -> dict[str, tuple[bool | None, bool | None]]:
    """(location, photo) of everybody, by name."""
    with transaction(write=False):
        rows = session.execute(sa.select(Person.nickname, *(getattr(Person, each) for each in AT_HAND)))
        return {name: (location, photo) for name, location, photo in rows}


def test_an_older_yes_is_no_longer_at_hand_after_0035_and_comes_back_with_going_back(older_city: Flask):
    with transaction():
        _somebody("yes of 1", "photo", (True, 1))
        _somebody("yes of 2", "photo", (True, 1), (True, 2))
        _somebody("no of 1", "photo", (True, 1), (False, 1))
        _somebody("never", "photo")
        _somebody("there of 2", "location", (True, 2))
        _somebody("not there of 1", "location", (False, 1))
    before = _at_hand()
    assert before["yes of 1"] == (None, True)
    upgrade()
    assert _at_hand() == before | {"yes of 1": (None, None), "there of 2": (None, None)}
    downgrade(revision=BEFORE)
    assert _at_hand() == before
    upgrade()
