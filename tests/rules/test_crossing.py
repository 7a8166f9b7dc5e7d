"""Two who cross at a rule, an award or its fact: the second sees what the first has changed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.cases import triage, working
from app.cases.events import CaseAccepted, CaseRejected, CaseResolved
from app.honours import queries as selections
from app.honours.criteria import write_version
from app.honours.events import HonourRevoked, HonoursGranted
from app.honours.models import Selection
from app.identity.actors import SYSTEM
from app.kernel import clock as clock_module
from app.kernel.db import dialect_name, session, transaction
from app.kernel.ids import new_id
from app.ledger import reversing
from app.ledger.accounts import budget_of, correction_account
from app.ledger.posting import Leg, post
from app.rules import awarding, campaigns, drafting, paying, queries, unwinding
from app.rules.models import Campaign
from tests import make as people
from tests.cases import make as cases
from tests.crossing import crossed
from tests.honours import make as honours
from tests.rewards.make import recorded
from tests.rules import make
from tests.rules.make import rule, when
from tests.rules.test_drafting import draft
from tests.rules.test_reversing import award, line, take

REPORTED = rule("R-03", "report", 6, usable="on_outcome")
RESOLVED = rule("R-05", "report", 10, when=[when("stage", "resolved")])


@pytest.fixture(autouse=True)
def _app(app, clock):
    """A database, and a clock that stands still."""


def happens(event, scene, case_id):
    """A step of a report, told to the rules."""
    handler = {
        CaseAccepted: awarding.on_case_accepted,
        CaseResolved: awarding.on_case_resolved,
        CaseRejected: awarding.on_case_rejected,
    }[event]
    facts = {"kind": "report", "category": "pothole", "grade": "normal", "region_code": people.COMMUNITY}
    told = event(case_id=case_id, reporter_id=scene.rider.id, at=clock_module.now(), **facts)
    return lambda: handler(told)


def accepted(scene):
    """A report that was accepted."""
    case_id = new_id()
    with transaction():
        happens(CaseAccepted, scene, case_id)()
    return case_id


def unwinds(case_id):
    """Somebody asks to find a report void; how a second person agrees, and how they refuse."""
    with transaction():
        asker, decider = (
            people.actor(people.staff("department", region_code=people.CITY, name=name))
            for name in ("周部门", "吴部门")
        )
        asked = unwinding.ask_to_unwind(
            fact_kind="report", fact_id=case_id, reason="网图", by=asker, at=clock_module.now()
        )
    return [
        lambda approved=approved: (
            unwinding.decide_unwinding(
                unwinding_id=asked.id, approved=approved, by=decider, at=clock_module.now()
            ).state
        )
        for approved in (True, False)
    ]


def honoured(scene):
    """An honour was granted; what takes it back."""
    honour_id, at = new_id(), clock_module.now()
    granted = HonoursGranted(
        selection_id=new_id(), region_code=people.COMMUNITY, purpose="example",
        person_ids=(scene.rider.id,), honours={honour_id: scene.rider.id}, at=at,
    )  # fmt: skip
    with transaction():
        awarding.on_honours_granted(granted)
    revoked = HonourRevoked(
        honour_id=honour_id, person_id=scene.rider.id, title_zh="榜样", title_en=None, reason="弄错了", at=at
    )
    return lambda: awarding.on_honour_revoked(revoked)


def test_of_two_who_end_a_campaign_at_once_the_first_has_ended_it(clock):
    scene = make.scene()
    with transaction():
        campaign = campaigns.declare_campaign(
            region_code=people.CITY, kind="weather", title_zh="寒潮", title_en="Cold wave",
            ends_at=clock.at + timedelta(days=1), by=scene.reviewer, at=clock.at,
        )  # fmt: skip
    first, later = clock.at + timedelta(hours=1), clock.at + timedelta(hours=2)
    crossed(
        *(
            lambda at=at: campaigns.end_campaign(campaign_id=campaign.id, by=scene.reviewer, at=at)
            for at in (first, later)
        )
    )
    with transaction(write=False):
        assert session.get_one(Campaign, campaign.id).ends_at == first
    assert len(recorded("campaign.ended")) == 1


def test_of_two_who_end_a_period_the_last_word_counts_also_if_it_is_the_old_one(clock):
    scene = make.scene()
    days = [clock_module.city_day(clock.at + timedelta(days=days)) for days in (30, 60, 30)]
    ends = [
        lambda day=day: drafting.end_rule_set(
            rule_set_id=scene.version.rule_set_id, ends_on=day, by=scene.reviewer, at=clock.at
        )
        for day in days
    ]
    with transaction():
        ends[0]()
    crossed(*ends[1:])
    with transaction(write=False):
        assert queries.rule_set(scene.version.rule_set_id).ends_on == days[2]


def test_of_two_who_open_a_period_at_once_the_second_is_told_that_there_is_one(clock):
    scene = make.scene()
    more = {"region_code": people.XUANWU, "title_zh": "玄武", "title_en": "Xuanwu", "by": scene.editor}
    opens = lambda: drafting.open_rule_set(**more, at=clock.at).region_code  # noqa: E731 -- for both
    assert crossed(opens, opens).then == "rule-set-exists"


def test_a_wording_that_is_changed_meanwhile_is_not_reviewed(clock):
    scene = make.scene()
    told = {"version_id": draft(scene).id, "at": clock.at}
    both = crossed(
        lambda: drafting.change_draft(rules=[rule(points=9)], by=scene.editor, **told).state,
        lambda: drafting.review(by=scene.reviewer, **told).state,
    )
    assert (both.first, both.then) == ("draft", "rule-dry-run-needed")


def test_what_becomes_usable_meanwhile_stays_when_the_report_is_rejected():
    scene = make.scene([REPORTED])
    case_id = accepted(scene)
    both = crossed(happens(CaseResolved, scene, case_id), happens(CaseRejected, scene, case_id))
    assert (both.then, scene.points()) == (None, (6, 0))


def test_whoever_pays_by_the_day_leaves_an_award_that_is_being_taken_back(clock):
    scene = make.scene([rule("R-04", "honour", 50, usable="after_days", usable_after_days=2)])
    takes_back = honoured(scene)
    clock.advance(days=2)
    both = crossed(takes_back, lambda: paying.settle_due(at=clock.at))
    assert (both.then, both.waited, scene.points()) == (0, False, (0, 0))


def test_whoever_pays_what_waited_leaves_an_award_that_is_being_taken_back(clock):
    scene = make.scene([rule("R-04", "honour", 50)], budget=0)
    takes_back = honoured(scene)
    with transaction():
        legs = [Leg(correction_account().id, -50), Leg(budget_of(people.CITY, clock.at).id, 50)]
        post(kind="test", source="funds", legs=legs, words={}, by=SYSTEM, at=clock.at)
    both = crossed(takes_back, lambda: paying.pay_queued(at=clock.at))
    assert (both.then, both.waited, scene.points()) == (0, False, (0, 0))


def test_of_two_who_decide_an_unwinding_the_second_is_told_that_it_is_decided():
    scene = make.scene([REPORTED])
    agrees, refuses = unwinds(accepted(scene))
    both = crossed(refuses, agrees)
    assert (both.first, both.then, scene.points()) == ("refused", "unwinding-decided", (0, 6))


def reported(scene):
    """A report that was accepted and can be resolved: its id, and what resolves it."""
    with transaction():
        people.station()
        dispatcher = people.actor(people.staff("dispatcher", region_code=people.CITY, name="陈一调"))
        case_id = cases.report(scene.rider).id
    with transaction():
        triage.accept(case_id=case_id, by=dispatcher, at=clock_module.now())
    return case_id, lambda: working.resolve(
        case_id=case_id, note="补好了", by=dispatcher, at=clock_module.now()
    )


def test_a_report_found_void_meanwhile_gives_nothing_more():
    scene = make.scene([REPORTED, RESOLVED])
    case_id, resolves = reported(scene)
    agrees, _ = unwinds(case_id)
    crossed(agrees, resolves)
    assert scene.points() == (0, 0)


def test_what_a_report_gives_while_it_is_found_void_is_taken_back_too():
    scene = make.scene([REPORTED, RESOLVED])
    case_id, resolves = reported(scene)
    agrees, _ = unwinds(case_id)
    crossed(resolves, agrees)
    assert scene.points() == (0, 0)


def test_a_line_whose_points_move_on_meanwhile_is_not_the_one_to_take_back():
    scene = make.scene([REPORTED])
    case_id = accepted(scene)
    with transaction():
        given = line(award(scene, "report"))
    both = crossed(happens(CaseResolved, scene, case_id), lambda: take(given, scene).state)
    assert (both.then, scene.points()) == ("award-moved-on", (6, 0))


# --- in one order ----------------------------------------------------------------------------------------------------


def test_whoever_agrees_to_a_reversal_holds_the_award_before_its_points(clock):
    scene = make.scene([rule("R-03", "report", 150, usable="on_outcome")])
    case_id = accepted(scene)
    with transaction():
        asked = take(line(award(scene, "report")), scene)
        second = people.actor(people.staff("department", region_code=people.CITY, name="李部门"))
    both = crossed(
        lambda: len(queries.awards_to_change("report", [case_id], "pending")),
        lambda: reversing.decide_reversal(reversal_id=asked.id, approved=True, by=second, at=clock.at).state,
        going_on=happens(CaseResolved, scene, case_id),
    )
    assert (both.first, both.then, both.tries) == (1, "award-moved-on", 1)
    assert scene.points() == (150, 0)


def test_whoever_unwinds_holds_the_selections_before_the_points(clock):
    scene = make.scene([rule(points=30)])
    make.judge(one := make.checkin(scene.rider))
    with transaction():
        asker, decider, runs = (
            people.actor(people.staff("department", region_code=people.CITY, name=name))
            for name in ("周部门", "吴部门", "郑部门")
        )
        selection = Selection(
            title_zh="本月之星", region_code=people.CITY, only_regions=[], purpose="example",
            period_start_on=clock_module.city_day(clock.at), period_end_on=clock_module.city_day(clock.at),
            criteria_version=write_version(
                region_code=people.CITY, name="本月之星", criteria=honours.CRITERIA, by=runs, at=clock.at
            ),
            created_by=runs.id, created_at=clock.at,
        )  # fmt: skip
        session.add(selection)
        asked = unwinding.ask_to_unwind(
            fact_kind="checkin", fact_id=one.id, reason="不在场", by=asker, at=clock.at
        )
    decides = {"unwinding_id": asked.id, "approved": True, "by": decider, "at": clock.at}
    both = crossed(
        lambda: selections.selection_to_change(selection.id).id,
        lambda: unwinding.decide_unwinding(**decides).state,
        going_on=lambda: awarding.judge(
            make.checkin(scene.rider), at=clock.at
        ),  # as a final roll gives points
    )
    assert (both.then, both.tries, both.waited) == ("done", 1, dialect_name() == "postgresql")
    assert scene.points() == (30, 0)
