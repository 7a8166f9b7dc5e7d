"""Holding: records that are looked into keep a candidate from the honour, before and after the roll is final."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.audit.models import AuditRecord
from app.honours import announcing, filing, holding, queries, reviewing
from app.honours.errors import (
    CandidateHeld,
    HoldNotFound,
    HoldOpen,
    OwnCandidacy,
    Recused,
    SecondReviewerNeeded,
)
from app.honours.models import Candidate, Selection
from app.identity.actors import SYSTEM, Actor
from app.identity.appointing import appoint
from app.kernel import clock
from app.kernel.db import session, transaction
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


@pytest.mark.once
def test_whoever_stepped_aside_for_somebody_neither_holds_nor_frees_him(app: object) -> None:
    here, other = make.setting(300), make.another_reviewer()
    selection = make.frozen(here)
    candidate = _first(selection)
    case: dict[str, Any] = {"selection_id": selection.id, "candidate_id": candidate.id, "at": clock.now()}
    with transaction():
        reviewing.recuse(reason="是我表弟", by=other, **case)
    with pytest.raises(Recused):
        _hold(selection, candidate, other)
    _hold(selection, candidate, here.reviewer)
    with pytest.raises(Recused), transaction():
        holding.release_candidate(reason="没事", by=other, **case)
    with transaction(write=False):
        assert holding.open_about(candidate.person_id) is not None


@pytest.mark.once
def test_a_hold_and_its_end_are_written_down_as_what_they_are(app: object) -> None:
    here = make.setting(300)
    someone = here.riders[0].id
    with transaction():
        holding.open_hold(person_id=someone, reason="工时有疑问", by=here.reviewer, at=clock.now())
    with transaction():
        holding.lift_hold(person_id=someone, reason="查清了，属实", by=here.reviewer, at=clock.now())
    with transaction(write=False):
        kept = session.query(AuditRecord).filter_by(subject=f"person:{someone}").order_by(AuditRecord.id)
        assert [(each.action, each.facts["reason"]) for each in kept] == [
            ("hold.opened", "工时有疑问"),
            ("hold.lifted", "查清了，属实"),
        ]


@pytest.mark.once
def test_nobody_frees_himself_or_whom_he_stepped_aside_for_by_another_door(app: object) -> None:
    here, other = make.setting(300), make.another_reviewer()
    someone = here.riders[0].id
    with transaction():
        appoint(
            person_id=someone,
            role="reviewer",
            region_code=city.CITY,
            station_id=None,
            by=SYSTEM,
            at=clock.now(),
        )
        himself = city.actor(city.people.person(someone))
        holding.open_hold(person_id=someone, reason="工时有疑问", by=here.reviewer, at=clock.now())
    with pytest.raises(Forbidden), transaction():
        holding.lift_hold(person_id=someone, reason="没事", by=himself, at=clock.now())
    with transaction():
        holding.lift_hold(person_id=someone, reason="查清了", by=other, at=clock.now())
    selection = make.frozen(here)
    candidate = _first(selection)
    with transaction():
        reviewing.recuse(
            selection_id=selection.id, candidate_id=candidate.id, reason="是我表弟", by=other, at=clock.now()
        )
        holding.open_hold(
            person_id=someone, reason="他自己说的", by=other, at=clock.now()
        )  # no name is known yet
        queries.selection_to_change(selection.id).named_at = clock.now()
    with pytest.raises(Recused), transaction():
        holding.lift_hold(person_id=someone, reason="没事", by=other, at=clock.now())
    with transaction():
        assert holding.open_about(someone) is not None
        holding.lift_hold(person_id=someone, reason="查清了", by=here.reviewer, at=clock.now())
        assert holding.open_about(someone) is None


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
