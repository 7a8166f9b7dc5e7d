"""Corrections: a new transaction with a reason, above the limit by two people, and the wallet never below zero."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app.audit.models import AuditRecord
from app.identity.models import Person
from app.kernel import clock, events
from app.kernel.db import session, transaction
from app.kernel.errors import Forbidden
from app.ledger import correcting
from app.ledger.errors import (
    ApproverIsAsker,
    CorrectionDecided,
    CorrectionNotFound,
    OwnPoints,
    PointsShort,
)
from app.ledger.events import CorrectionAsked, PointsCorrected
from app.ledger.models import Correction
from app.ledger.queries import balance_of, corrections
from app.ledger.verify import verify
from app.notices.models import Notice
from tests import make as build
from tests.crossing import crossed
from tests.ledger import make


@pytest.fixture
def office(app):
    """A rider at home in Xuanwu, two admins there, one next door."""
    with transaction():
        build.regions()
        rider = build.rider(home_region_code=build.COMMUNITY)
        first, second = (build.actor(build.staff("admin", region_code=build.XUANWU)) for _ in range(2))
        elsewhere = build.actor(build.staff("admin", region_code=build.QINHUAI))
    return rider.id, first, second, elsewhere


def correct(person_id, points, by):
    return correcting.correct(
        person_id=person_id, points=points, reason="同一次签到记了两遍", by=by, at=clock.now()
    )


def decide(correction, by, approved=True):
    return correcting.decide_correction(correction_id=correction.id, approved=approved, by=by, at=clock.now())


def test_it_corrects_up_to_the_limit_at_once(office):
    person_id, first, _second, _elsewhere = office
    heard = []
    events.wire([(PointsCorrected, heard.append)])
    with transaction():
        assert correct(person_id, 100, first).state == "posted"
        assert correct(person_id, -30, first).state == "posted"
        assert balance_of(person_id).usable == 70
        assert verify() == []
    assert [each.points for each in heard] == [100, -30]


def test_it_waits_for_a_second_person_above_the_limit(office):
    person_id, first, second, _elsewhere = office
    heard = []
    events.wire([(CorrectionAsked, heard.append)])
    with transaction():
        asked = correct(person_id, 101, first)
        assert asked.state == "waiting"
        assert [each.correction_id for each in heard] == [asked.id]
        assert balance_of(person_id).usable == 0
        with pytest.raises(ApproverIsAsker):
            decide(asked, first)
        assert [each.id for each in corrections(by=second, state="waiting").items] == [asked.id]
    with transaction():
        assert decide(asked, second).state == "posted"
        assert balance_of(person_id).usable == 101
        with pytest.raises(CorrectionDecided):
            decide(asked, second)


def test_it_may_be_refused_or_withdrawn(office):
    person_id, first, second, _elsewhere = office
    with transaction():
        for by in (first, second):
            assert decide(correct(person_id, 500, first), by, approved=False).state == "refused"
        assert balance_of(person_id).usable == 0


def test_the_wallet_never_goes_below_zero(office):
    person_id, first, second, _elsewhere = office
    with transaction():
        make.give(person_id, 10)
        with pytest.raises(PointsShort):
            correct(person_id, -11, first)
        asked = correct(person_id, -200, first)
        with pytest.raises(PointsShort):
            decide(asked, second)
        assert balance_of(person_id).usable == 10


def test_it_is_done_only_where_one_may(office):
    person_id, first, _second, elsewhere = office
    with transaction():
        with pytest.raises(Forbidden):
            correct(person_id, 5, elsewhere)
        asked = correct(person_id, 101, first)
        with pytest.raises(CorrectionNotFound):
            decide(asked, elsewhere)
        assert corrections(by=elsewhere).items == []


def test_the_database_wants_the_second_person_too(office):
    person_id, first, second, _elsewhere = office
    with transaction():
        asked = correct(person_id, 101, first)
        decide(asked, second)
    with pytest.raises(IntegrityError, match="second_approver"), transaction():
        session.execute(sa.update(Correction).values(decided_by=Correction.asked_by))


def test_nobody_corrects_their_own_points(office):
    _person_id, first, second, _elsewhere = office
    with transaction():
        for each in (first, second):
            session.get_one(Person, each.person_id).home_region_code = build.COMMUNITY
    with pytest.raises(OwnPoints), transaction():
        correct(first.person_id, 10, first)
    with transaction():
        asked = correct(second.person_id, 500, first)
    with pytest.raises(OwnPoints), transaction():
        decide(asked, second)
    with pytest.raises(IntegrityError, match="not_own"), transaction():
        session.execute(
            sa.update(Correction).where(Correction.id == asked.id).values(asked_by=second.person_id)
        )


def test_each_step_is_in_the_audit_log_and_a_second_person_hears_of_it(office):
    person_id, first, second, _elsewhere = office
    with transaction():
        asked = correct(person_id, 500, first)
    with transaction():
        decide(asked, second)
    with transaction():
        refused = correct(person_id, 300, first)
        decide(refused, first, approved=False)
    with transaction(write=False):
        log = session.scalars(sa.select(AuditRecord).order_by(AuditRecord.id))
        told = [(each.action, each.facts["points"]) for each in log if each.action.startswith("correction.")]
        assert told == [
            ("correction.asked", 500), ("correction.done", 500), ("correction.asked", 300),
            ("correction.refused", 300),
        ]  # fmt: skip
        hears = sa.select(Notice.person_id).where(Notice.slug == "correction-waits")
        assert set(session.scalars(hears)) == {second.person_id}


def test_of_two_who_decide_at_once_the_second_is_told_that_it_is_decided(office):
    person_id, first, second, _elsewhere = office
    with transaction():
        asked = correct(person_id, 500, first)
    both = crossed(lambda: decide(asked, first, approved=False).state, lambda: decide(asked, second).state)
    assert (both.first, both.then) == ("refused", "correction-decided")
    with transaction():
        assert balance_of(person_id).usable == 0
