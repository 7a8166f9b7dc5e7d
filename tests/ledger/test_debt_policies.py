"""What becomes of debts in a region: two people set it, the nearest region's counts, and never for the past."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app.kernel import clock as clocks
from app.kernel.db import session, transaction
from app.kernel.errors import Forbidden
from app.ledger import debt_policies, debts
from app.ledger.debt_policies import DebtPolicyProposal, policy_for
from app.ledger.errors import PolicyDecided, PolicyNeedsAnother, PolicyProposed
from app.ledger.verify import verify
from tests import make as build
from tests.crossing import crossed
from tests.ledger import make

HERE, THERE = "3201/320102/320102002/", "3201/320104/"


@pytest.fixture
def two(app):
    with transaction():
        build.regions()
        return [build.actor(build.staff("department", region_code=build.CITY)) for _ in range(2)]


def propose(by, region_code=build.CITY, share_percent=50, days=0):
    at = clocks.now()
    return debt_policies.propose_policy(
        region_code=region_code, share_percent=share_percent, reason="公示过了", by=by, at=at,
        starts_on=clocks.city_day(at) + timedelta(days=days),
    )  # fmt: skip


def decide(asked, by, agreed=True):
    return debt_policies.decide_policy(proposal_id=asked.id, agreed=agreed, by=by, at=clocks.now())


def share(path):
    return policy_for(path, clocks.now()).share_percent


def test_it_takes_two(two):
    first, second = two
    with transaction():
        asked = propose(first)
        with pytest.raises(PolicyNeedsAnother):
            decide(asked, first)
        with pytest.raises(PolicyProposed):
            propose(second)
        assert share(HERE) == 0
        decide(asked, second)
        assert share(HERE) == 50
        with pytest.raises(PolicyDecided):
            decide(asked, second)
        assert decide(propose(first, share_percent=10), first, agreed=False).state == "refused"
        assert share(HERE) == 50
        assert verify() == []


def test_the_nearest_region_s_counts(two):
    first, second = two
    with transaction():
        decide(propose(first, build.XUANWU, 20), second)
        assert (share(HERE), share(THERE)) == (20, 0)
        decide(propose(first, build.CITY, 70), second)
        assert (share(HERE), share(THERE)) == (20, 70)


def test_the_second_policy_of_a_region_takes_the_place_of_the_first(two, clock):
    first, second = two
    for percent in (50, 10):
        with transaction():
            decide(propose(first, share_percent=percent), second)
            assert share(HERE) == percent
        clock.advance(days=1)


def test_it_begins_on_its_day(two, clock):
    first, second = two
    with transaction():
        decide(propose(first, days=3), second)
        assert share(HERE) == 0
    clock.advance(days=3)
    with transaction(write=False):
        assert share(HERE) == 50


def test_a_rider_s_debt_follows_the_policy_at_home(two):
    with transaction():
        make.policy(50, build.XUANWU)
        here = build.rider(home_region_code=build.COMMUNITY)
        there = build.rider("李师傅", home_region_code=build.QINHUAI)
        assert [debts.policy_of(each.id, clocks.now()).share_percent for each in (here, there)] == [50, 0]


def test_only_who_publishes_the_rules_there_may(two):
    with transaction():
        elsewhere = build.actor(build.staff("department", region_code=build.QINHUAI))
        auditor = build.actor(build.staff("auditor", region_code=build.CITY))
        for by in (elsewhere, auditor):
            with pytest.raises(Forbidden):
                propose(by, build.XUANWU)
        asked = propose(two[0], build.XUANWU)
        with pytest.raises(Forbidden):
            decide(asked, elsewhere)
        assert debt_policies.proposals(by=elsewhere) == []


def test_what_is_proposed_elsewhere_hides_nothing_of_a_district(two):
    with transaction():
        own = propose(two[0], build.QINHUAI)
        for where in (build.CITY, build.XUANWU):
            propose(two[0], where)
        auditor = build.actor(build.staff("auditor", region_code=build.QINHUAI))
        assert [each.id for each, _ in debt_policies.proposals(by=auditor, limit=1)] == [own.id]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("two_people", {"decided_by": DebtPolicyProposal.proposed_by}),
        ("agreed", {"policy_id": None}),
        ("share_percent", {"share_percent": 101}),
        ("decided", {"decided_by": None, "decided_at": None}),
    ],
)
def test_the_database_holds_it_too(two, name, values):
    with transaction():
        make.policy(50)
    with pytest.raises(IntegrityError, match=name), transaction():
        session.execute(sa.update(DebtPolicyProposal).values(**values))


def test_of_two_who_decide_at_once_the_second_is_told_that_it_is_decided(two):
    first, second = two
    with transaction():
        asked = propose(first)
    both = crossed(lambda: decide(asked, first, agreed=False).state, lambda: decide(asked, second).state)
    assert (both.first, both.then) == ("refused", "policy-decided")
    with transaction():
        assert share(HERE) == 0
