"""Who comes before the reviewers: those within reach and who is spoken for; everybody else has his sealed line."""

from __future__ import annotations

import hmac
from uuid import UUID

import pytest

from app.honours import calling, queries, reviewing, weighing
from app.honours.criteria import approve_criteria
from app.honours.errors import SelectionMovedOn
from app.honours.models import Candidate, Recusal, Selection
from app.honours.nominating import nominate
from app.honours.pseudonyms import pseudonym
from app.honours.selecting import run_selection
from app.honours.standing import my_standing
from app.kernel import clock, settings
from app.kernel.db import session, transaction
from app.kernel.randomness import CROCKFORD
from tests import make as city
from tests.honours import make
from tests.honours.make import Setting

PHONES = [f"+861380000120{number}" for number in range(8)]


@pytest.fixture(name="here")
def _here(app: object, monkeypatch: pytest.MonkeyPatch) -> Setting:
    """Three seats, one within reach below them, then three further down, the last of whom served too little."""
    monkeypatch.setattr(calling, "WITHIN_REACH", 1)
    here = make.setting(700, 600, 500, 400, 300, 200, 59)
    with transaction():
        for someone, phone in zip(here.riders, PHONES, strict=False):
            session.merge(someone).phone = phone
    return here


def _candidates(selection: Selection) -> list[Candidate]:
    with transaction():
        rows = session.query(Candidate).filter_by(selection_id=selection.id)
        return sorted(rows, key=lambda each: each.position)


def _listed(selection: Selection, here: Setting) -> list[int]:
    with transaction(write=False):
        return [each.position for each in queries.candidates(selection.id, here.reviewer)]


def _nominate(selection: Selection, here: Setting, number: int) -> None:
    said = {"phone": PHONES[number], "story": "他总在", "by": here.department, "at": clock.now()}
    with transaction():
        nominate(selection_id=selection.id, **said)


def test_those_in_and_the_next_are_candidates_and_everybody_is_sealed(here: Setting) -> None:
    selection = make.frozen(here)
    assert [each.position for each in _candidates(selection)] == [1, 2, 3, 4]
    _, ordered, others = make.records(make.snapshot(selection))
    assert (len(ordered), len(others)) == (6, 1)


def test_whoever_is_nominated_is_called_up_before_and_after_the_sealing(here: Setting) -> None:
    selection = make.draft(here)
    _nominate(selection, here, 4)
    with transaction():
        approve_criteria(selection_id=selection.id, by=here.reviewer, at=clock.now())
        run_selection(selection_id=selection.id, by=here.department, at=clock.now())
    _nominate(selection, here, 5)
    _nominate(selection, here, 6)  # served too little
    _nominate(selection, here, 0)
    found = _candidates(selection)
    assert [each.position for each in found] == [1, 2, 3, 4, 5, 6]
    assert [each.called_up_at is not None for each in found] == [False] * 4 + [True] * 2
    records = {each["pseudonym"]: each for each in make.records(make.snapshot(selection))[1]}
    for each in found:
        sealed = records[each.pseudonym]
        assert each.pseudonym == pseudonym(selection.id, each.person_id)
        assert (each.score, each.position) == (sealed["verdict"]["score"], sealed["verdict"]["position"])
        assert each.figures["values"] == sealed["values"]
        assert list(each.figures["parts"]) == sealed["verdict"]["parts"]


def test_nobody_sees_who_was_called_up_until_names_are_known(here: Setting) -> None:
    selection = make.frozen(here)
    _nominate(selection, here, 4)
    assert _listed(selection, here) == [1, 2, 3, 4]
    make.weighed(here, selection)
    assert _listed(selection, here) == [1, 2, 3, 4, 5]


def test_nobody_is_put_forward_once_names_are_known(here: Setting) -> None:
    selection = make.frozen(here)
    make.weighed(here, selection)
    with pytest.raises(SelectionMovedOn):
        _nominate(selection, here, 4)
    assert len(_candidates(selection)) == 4


def test_a_relation_to_somebody_further_down_counts_and_is_not_told(here: Setting) -> None:
    selection = make.frozen(here)
    with transaction():
        reviewing.declare(
            selection_id=selection.id, phone=PHONES[5], reason="是我表弟", by=here.reviewer, at=clock.now()
        )
    assert _listed(selection, here) == [1, 2, 3, 4]
    with transaction(write=False):
        recused = session.query(Recusal).one()
        called = session.get_one(Candidate, recused.candidate_id)
        assert (called.position, called.person_id) == (6, here.riders[5].id)
        assert len(weighing.desk_for(selection.id, here.reviewer).sheets) == 4


def test_who_is_called_up_may_be_taken_in(here: Setting) -> None:
    selection = make.frozen(here)
    _nominate(selection, here, 4)
    make.weighed(here, selection)
    called = _candidates(selection)[-1]
    with transaction():
        reviewing.decide(
            selection_id=selection.id, candidate_id=called.id, decision="in", reason="救了两个人",
            by=here.reviewer, at=clock.now(),
        )  # fmt: skip
    assert _candidates(selection)[-1].decision == "in"


def test_whoever_was_never_a_candidate_learns_why_from_his_sealed_line(here: Setting) -> None:
    selection = make.noticed(here)
    _, ordered, _ = make.records(make.snapshot(selection))
    for number, why in ((3, "cut-off"), (4, "cut-off"), (5, "cut-off"), (6, "minimum-minutes")):
        someone = make.acting(here.riders[number])
        with transaction(write=False):
            told = my_standing(selection.id, someone)
        assert (told.why, told.chosen, told.candidate is None) == (why, False, number > 3)
        if number < 6:
            sealed = ordered[number]
            assert (told.score, told.parts) == (sealed["verdict"]["score"], sealed["verdict"]["parts"])
            assert told.values == sealed["values"]
    with transaction():
        stranger = city.rider(name="赵一", nickname="骑手")
    with transaction(write=False):
        assert my_standing(selection.id, city.actor(stranger)).why == "no-facts"


def test_a_pseudonym_is_the_hmac_of_selection_and_person(app: object) -> None:
    who = UUID(int=5), UUID(int=6)
    key = settings.current().secret_key.encode()
    digest = hmac.digest(key, b"candidate" + who[0].bytes + who[1].bytes, "sha256")
    assert pseudonym(*who) == "C" + "".join(CROCKFORD[byte & 31] for byte in digest[:12])
