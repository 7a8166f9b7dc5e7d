"""Holding: records that are looked into keep a candidate from the honour, before and after the roll is final."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.honours import announcing, filing, holding, queries
from app.honours.errors import CandidateHeld, HoldNotFound, HoldOpen, OwnCandidacy, SecondReviewerNeeded
from app.honours.models import Candidate, Selection
from app.identity.actors import SYSTEM, Actor
from app.identity.appointing import appoint
from app.kernel import clock
from app.kernel.db import transaction
from app.kernel.errors import Forbidden
from tests import make as city
from tests.honours import make


def test_who_is_on_hold_is_not_honoured_until_it_is_lifted(app: object) -> None:
    here = make.setting(300, 200)
    selection = make.noticed(here)
    held = _first(selection)
    _hold(selection, held, here.reviewer)
    case: dict[str, Any] = {
        "selection_id": selection.id,
        "by": here.department,
        "at": clock.now() + timedelta(days=14),
    }
    with transaction():
        announcing.end_notice(**case)
    with transaction():
        announcing.finalise(**case)
    with transaction():
        assert queries.honoured_in(selection.id) == {_other(selection, held)}
        assert held.person_id not in {each.person.id for each in queries.public_roll(selection.id).listed}
    with pytest.raises(CandidateHeld), transaction():
        announcing.grant_held(candidate_id=held.id, **case)
    with transaction():
        holding.release_candidate(
            selection_id=selection.id, candidate_id=held.id, reason="查清了，属实", by=here.reviewer, at=clock.now()
        )  # fmt: skip
    with transaction():
        announcing.grant_held(candidate_id=held.id, **case)
    with transaction():
        assert held.id in queries.honoured_in(selection.id)


def test_a_hold_is_opened_and_lifted_once_without_knowing_the_name(app: object) -> None:
    here = make.setting(300)
    selection = make.frozen(here)
    candidate = _first(selection)
    with pytest.raises(HoldNotFound), transaction():
        holding.release_candidate(
            selection_id=selection.id, candidate_id=candidate.id, reason="没事", by=here.reviewer, at=clock.now()
        )  # fmt: skip
    _hold(selection, candidate, here.reviewer)
    with pytest.raises(HoldOpen):
        _hold(selection, candidate, here.reviewer)
    with transaction():
        (filed,) = filing.case_file(selection.id, here.reviewer).filed
    assert (filed.on_hold, filed.held, filed.name) == (True, False, None)


def test_only_a_reviewer_who_did_not_set_it_up_and_is_not_meant_holds_somebody(app: object) -> None:
    here = make.setting(300)
    with transaction():
        for someone in (here.department.id, here.riders[0].id):
            appoint(
                person_id=someone, role="reviewer", region_code=city.CITY, station_id=None, by=SYSTEM, at=clock.now()
            )  # fmt: skip
        both, himself = (
            city.actor(city.people.person(each)) for each in (here.department.id, here.riders[0].id)
        )
    selection = make.frozen(here)
    candidate = _first(selection)
    for by, refusal in (
        (both, SecondReviewerNeeded),
        (himself, OwnCandidacy),
        (here.department, Forbidden),
    ):
        with pytest.raises(refusal):
            _hold(selection, candidate, by)


def _hold(selection: Selection, candidate: Candidate, by: Actor) -> None:
    with transaction():
        holding.hold_candidate(
            selection_id=selection.id, candidate_id=candidate.id, reason="工时有疑问", by=by, at=clock.now()
        )


def _first(selection: Selection) -> Candidate:
    with transaction():
        return queries.chosen(selection.id)[0]


def _other(selection: Selection, candidate: Candidate) -> object:
    return next(each.id for each in queries.chosen(selection.id) if each.id != candidate.id)
