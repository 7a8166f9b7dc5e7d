"""Why not me: everybody gets an answer with own figures and the cut-off, or is told plainly what cannot be known."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask

from app.honours import announcing, calling, holding, pseudonyms, queries, selecting
from app.honours.errors import SelectionNotFound
from app.honours.models import Selection
from app.honours.standing import Standing, my_standing
from app.identity.models import Person
from app.kernel import clock, settings
from app.kernel.db import transaction
from tests import make as city
from tests.honours import make
from tests.web.make import browser, person


@pytest.fixture
def another_secret() -> Iterator[None]:
    """The secret of the installation is changed while the test runs; what was sealed before keeps the old one."""
    mine = settings.current()
    yield
    settings.use(mine)


def _change_secret() -> None:
    settings.use(dataclasses.replace(settings.current(), secret_key="another installation's secret, as long"))


def _ask(selection: Selection, someone: Person) -> Standing:
    acting = make.acting(someone)
    with transaction(write=False):
        return my_standing(selection.id, acting)


def test_whoever_was_not_eligible_reads_his_sealed_figures_and_the_cut_off(app: Flask) -> None:
    here = make.setting(300, 30)
    selection = make.noticed(here)
    told = _ask(selection, here.riders[1])
    assert (told.why, told.values["hours.proven"], told.cut_off, told.is_of_now) == (
        "minimum-minutes",
        30,
        1500,
        False,
    )
    assert told.score == 150


@pytest.mark.parametrize("within_reach, is_candidate", [(calling.WITHIN_REACH, True), (0, False)])
def test_whoever_has_the_score_of_the_last_one_in_is_told_of_a_tie(
    app: Flask, monkeypatch: pytest.MonkeyPatch, within_reach: int, is_candidate: bool
) -> None:
    monkeypatch.setattr(calling, "WITHIN_REACH", within_reach)
    here = make.setting(300, 300)
    selection = make.noticed(here, criteria=make.CRITERIA | {"seats": 1})
    (told,) = (each for each in (_ask(selection, someone) for someone in here.riders) if not each.chosen)
    assert (told.why, told.score, told.cut_off) == ("tie", 1500, 1500)
    assert (told.candidate is not None) == is_candidate


def test_a_list_sealed_before_pseudonyms_had_a_key_still_answers(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = make.setting(300, 30)
    with monkeypatch.context() as before:
        before.setattr(
            "app.honours.gathering.pseudonyms_in",
            lambda of: lambda raw: pseudonyms.keyless(of, UUID(bytes=raw)),
        )
        before.setattr(selecting, "key_mark", lambda: None)
        selection = make.noticed(here)
    told = _ask(selection, here.riders[1])
    assert (told.why, told.values["hours.proven"], told.is_of_now) == ("minimum-minutes", 30, False)


def test_after_the_secret_was_changed_the_records_of_now_answer_and_say_so(
    app: Flask, another_secret: None
) -> None:
    here = make.setting(300, 30)
    selection = make.noticed(here)
    with transaction():
        nobody, late = city.rider("新来的", name="新来"), make.rider(here.activity, "后来达标", 0)
        make.served(here.activity, late, 400)
    _change_secret()
    told = _ask(selection, here.riders[1])
    assert (told.why, told.values["hours.proven"], told.cut_off, told.is_of_now) == (
        "minimum-minutes",
        30,
        1500,
        True,
    )
    assert (_ask(selection, nobody).why, _ask(selection, late).why) == ("no-facts-now", "cannot-tell")
    assert _ask(selection, here.riders[0]).why == "chosen"
    page = browser(app, person(make.acting(late))).get(f"/honours/{selection.id}/why").text
    assert "这里说不清" in page
    assert "按现在的记录算的" in page


def test_with_the_same_secret_nothing_found_means_there_was_nothing(app: Flask) -> None:
    here = make.setting(300)
    selection = make.noticed(here)
    with transaction():
        nobody = city.rider("新来的", name="新来")
    told = _ask(selection, nobody)
    assert (told.why, told.is_of_now, told.cut_off) == ("no-facts", False, 1500)


def test_whoever_waits_or_lost_the_honour_is_told_so(app: Flask) -> None:
    here = make.setting(300, 200)
    selection = make.noticed(here)
    with transaction():
        holding.open_hold(person_id=here.riders[0].id, reason="工时有疑问", by=here.reviewer, at=clock.now())
    waiting = _ask(selection, here.riders[0])
    assert (waiting.chosen, waiting.why) == (True, "waiting")
    make.published(here, selection)
    with transaction():
        ((honour, _),) = queries.my_honours(here.riders[1].id)
        later = clock.now() + timedelta(days=20)
        announcing.revoke(honour_id=honour.id, reason="事迹不实", by=here.department, at=later)
    told = _ask(selection, here.riders[1])
    assert (told.chosen, told.why) == (False, "你的荣誉撤回了：事迹不实")


@pytest.mark.once
@pytest.mark.parametrize("step", ["draft", "frozen", "reviewed"])
def test_nobody_learns_where_he_stands_before_everybody_may_read_the_list(app: Flask, step: str) -> None:
    here = make.setting(300)
    selection: Selection = getattr(make, step)(here)
    with pytest.raises(SelectionNotFound):
        _ask(selection, here.riders[0])
