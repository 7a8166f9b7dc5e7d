"""Names: in full only with consent in force, masked otherwise, and gone for those who do not want to be listed."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from app.honours import picturing, queries
from app.honours.consenting import answer
from app.honours.errors import CandidateNotFound, HonourNotFound
from app.honours.holding import open_hold
from app.honours.stories import page_of, public_photo
from app.identity.consent import answer_consent
from app.identity.queries import masked_name
from app.kernel import clock
from app.kernel.db import transaction
from tests.honours import make
from tests.media.make import encoded, scene
from tests.web.make import browser, send

SURNAMES = ["王", "李", "欧阳", "司马", "诸葛", "阿", "𠮷", "爨"]
GIVEN = ["明", "小明", "振华", "子轩", "一", "㛃", "淼淼", "建国强"]
MINORITY = ["阿依古丽·买买提", "迪丽热巴·迪力木拉提", "扎西·次仁", "古力·娜", "买买提·阿卜杜拉·艾力"]


PICTURE = encoded(scene(1))


def _names(count):
    chance = random.Random(6)
    made = [chance.choice(SURNAMES) + chance.choice(GIVEN) for _ in range(count)]
    return made + [f"{chance.choice(MINORITY)}{chance.choice(GIVEN)}" for _ in range(count // 4)] + MINORITY


def _say(selection, someone, choice):
    acting = make.acting(someone)
    with transaction():
        return answer(selection_id=selection.id, choice=choice, by=acting, at=clock.now())


def _listed(selection):
    with transaction(write=False):
        return sorted(each.name for each in queries.public_roll(selection.id).listed)


@pytest.mark.parametrize(
    "name, masked",
    [
        ("王明", "王*"),
        ("王小明", "王*明"),
        ("欧阳", "欧*"),
        ("欧阳振华", "欧**华"),
        ("扎西·次仁", "扎***仁"),
        ("𠮷明", "𠮷*"),
        ("", "*"),
        (None, "*"),
    ],
)
def test_masking_follows_the_written_rule(name, masked):
    assert masked_name(name) == masked


def test_no_masked_name_gives_the_name_away():
    for name in _names(10_000):
        masked = masked_name(name)
        assert name not in masked
        assert masked[0] == name[0]
        assert masked.count("*") == len(name) - 2 or len(name) == 2
        assert not any(part in masked for part in (name[:2], name[-2:], name[1:]) if len(part) > 1)


def test_names_are_masked_until_somebody_agrees(app):
    here = make.setting(300, 200, 100, names=["王小明", "李强", "欧阳振华"])
    selection = make.final(here)
    assert _listed(selection) == sorted(["王*明", "李*", "欧**华"])
    _say(selection, here.riders[0], "full")
    _say(selection, here.riders[1], "unlisted")
    _say(selection, here.riders[2], "masked")
    assert _listed(selection) == sorted(["王小明", "欧**华"])
    with transaction(write=False):
        roll = queries.public_roll(selection.id)
        assert (roll.unlisted, roll.unlisted_told) == (
            1,
            None,
        )  # everybody may read it: of fewer than ten, no number
        assert [replace(roll, unlisted=each).unlisted_told for each in (0, 9, 10)] == [0, None, 10]


def test_the_public_notice_is_masked_whatever_was_agreed(app):
    here = make.setting(300, names=["王小明"])
    selection = make.noticed(here)
    _say(selection, here.riders[0], "full")
    assert _listed(selection) == ["王*明"]
    with transaction(write=False):
        one = queries.public_one(selection.id, queries.chosen(selection.id)[0].pseudonym)
    assert one is not None
    assert (one.name, one.in_full) == ("王*明", False)


@pytest.mark.once
def test_a_story_and_a_photo_are_no_yes_without_the_full_name(app):
    here = make.setting(300, names=["王小明"])
    selection = make.final(here)
    acting = make.acting(here.riders[0])
    both = {"shows_story": True, "shows_photo": True}
    for choice, kept in (("full", True), ("masked", False), ("unlisted", False)):
        with transaction():
            mine = answer(selection_id=selection.id, choice=choice, by=acting, at=clock.now(), **both)
        assert (mine.shows_story, mine.shows_photo) == (kept, kept), choice


def test_consent_taken_back_anywhere_masks_the_name_here(app):
    here = make.setting(300, names=["王小明"])
    selection = make.final(here)
    _say(selection, here.riders[0], "full")
    assert _listed(selection) == ["王小明"]
    acting = make.acting(here.riders[0])
    with transaction():
        answer_consent(purpose="publication", given=False, by=acting, at=clock.now())
    assert _listed(selection) == ["王*明"]


@pytest.mark.once
@pytest.mark.parametrize("way", ["a no to publication", "a hold"])
def test_whoever_is_named_in_full_no_more_is_not_told_of_either(app, way):
    """A story and a photo tell who somebody is, whatever was said about them while the name was there."""
    here = make.setting(300, names=["王小明"])
    selection = make.frozen(here)
    (photo,) = make.nominated(selection, here.riders[0], here.department, photo=PICTURE)
    acting = make.acting(here.riders[0])
    make.published(here, make.announced(here, selection))
    with transaction():
        picturing.answer(photo_id=photo.id, agreed=True, by=acting, at=clock.now())
        mine = answer(
            selection_id=selection.id,
            choice="full",
            shows_story=True,
            shows_photo=True,
            by=acting,
            at=clock.now(),
        )
    with transaction(write=False):
        shown = page_of(selection.id, mine.pseudonym)
        assert (len(shown.stories), list(shown.photo_ids)) == (1, [photo.media_id])
    with transaction():
        if way == "a hold":
            open_hold(person_id=here.riders[0].id, reason="工时有疑问", by=here.reviewer, at=clock.now())
        else:
            answer_consent(purpose="publication", given=False, by=acting, at=clock.now())
    with transaction(write=False):
        hidden = page_of(selection.id, mine.pseudonym)
        assert (hidden.listed.name, list(hidden.stories), list(hidden.photo_ids)) == ("王*明", [], [])
        with pytest.raises(HonourNotFound):
            public_photo(selection.id, mine.pseudonym, photo.media_id)


def test_a_no_to_something_else_masks_nobody(app):
    here = make.setting(300, names=["王小明"])
    selection = make.final(here)
    _say(selection, here.riders[0], "full")
    acting = make.acting(here.riders[0])
    with transaction():
        answer_consent(purpose="location", given=False, by=acting, at=clock.now())
    assert _listed(selection) == ["王小明"]


def test_a_general_yes_is_not_a_yes_to_this_roll(app):
    here = make.setting(300, names=["王小明"])
    acting = make.acting(here.riders[0])
    with transaction():
        answer_consent(purpose="publication", given=True, by=acting, at=clock.now())
    assert _listed(make.final(here)) == ["王*明"]


def test_only_those_chosen_are_asked_and_only_after_the_review(app):
    here = make.setting(300, 200, 100, 90)
    selection = make.frozen(here)
    with pytest.raises(CandidateNotFound):
        _say(selection, here.riders[0], "full")
    other = make.reviewed(here)
    with pytest.raises(CandidateNotFound):
        _say(other, here.riders[3], "full")
    with transaction(write=False):
        assert [about.id for _, about in queries.asked_of(here.riders[0].id)] == [other.id]
        assert queries.asked_of(here.riders[3].id) == []


def test_the_roll_comes_in_an_order_that_says_nothing(app):
    here = make.setting(300, 200, 100)
    selection = make.final(here)
    with transaction(write=False):
        listed = queries.public_roll(selection.id).listed
        assert [each.candidate.pseudonym for each in listed] == sorted(
            each.candidate.pseudonym for each in listed
        )


def test_whoever_agrees_to_a_full_name_that_is_not_known_is_told(app):
    here = make.setting(120, names=["王小明"])
    final = make.final(here)
    client, page = browser(app, here.riders[0]), "/me/honours"
    assert "没有填写姓名" not in client.get(page).text
    assert send(client, page, f"{page}/{final.id}", choice="full").status_code == 303
    assert "没有填写姓名" not in client.get(page).text
    assert send(client, "/me/profile", "/me/profile", name="").status_code == 303
    assert "没有填写姓名" in client.get(page).text
