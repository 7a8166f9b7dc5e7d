"""Campaigns begin and end when it was said, and each counts for itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.kernel.db import session, transaction
from app.rules import campaigns, rulebook, together
from app.rules.drafting import checked
from app.rules.errors import CampaignTimesWrong
from app.rules.evaluating import UsageKey, Used, evaluate
from app.rules.models import Campaign, RecordedFact
from tests import make as people
from tests.rules import make
from tests.rules.make import cap, rule, when

pytestmark = pytest.mark.once
DAY = timedelta(days=1)
CAPPED = [cap(period="campaign", points=5)]


@pytest.fixture
def scene(app):
    return make.scene([rule(points=5, when=[when("weather", True)], caps=CAPPED)])


def declared(scene, clock, **more):
    values = {"region_code": people.CITY, "kind": "weather", "title_zh": "寒潮", "title_en": "Cold wave"}
    values |= {"ends_at": clock.at + DAY, "at": clock.at, "by": scene.reviewer}
    with transaction():
        return campaigns.declare_campaign(**(values | more))


def ended(campaign, scene, clock):
    with transaction():
        return campaigns.end_campaign(campaign_id=campaign.id, by=scene.reviewer, at=clock.at)


def test_a_cap_counts_in_the_campaign_that_its_rule_asks_for(scene, clock):
    declared(scene, clock, kind="emergency")
    for points in (5, 10):
        declared(scene, clock)
        for _ in range(2):
            make.judge(make.checkin(scene.rider))
        assert scene.points() == (points, 0)
        clock.advance(hours=1)


def test_judged_together_a_campaign_is_over_at_its_end(scene, clock):
    with transaction():
        other = people.rider("李师傅", name="李大力")
    declared(scene, clock, ends_at=clock.at + timedelta(hours=1))
    facts = [make.checkin(scene.rider), make.checkin(other, at=clock.advance(hours=1))]
    with transaction():
        together.judge_together(facts, [clock.at] * 2)
        fell_into = {each.person_id: each.fields["weather"] for each in session.scalars(select(RecordedFact))}
    assert fell_into == {scene.rider.id: True, other.id: False}


def test_a_campaign_lasts_a_quarter_at_most_from_its_own_beginning(scene, clock):
    begins = clock.at + 10 * DAY
    with pytest.raises(CampaignTimesWrong):
        declared(scene, clock, starts_at=begins, ends_at=begins + campaigns.LONGEST + DAY)
    kept = declared(scene, clock, starts_at=begins, ends_at=begins + campaigns.LONGEST)
    assert kept.ends_at - kept.starts_at == campaigns.LONGEST


def test_what_is_declared_elsewhere_hides_no_campaign_of_a_district(scene, clock):
    own = declared(scene, clock, region_code=people.QINHUAI)
    for days in (1, 2):
        declared(scene, clock, starts_at=clock.at + days * DAY, ends_at=clock.at + 3 * DAY)
    with transaction():
        auditor = people.actor(people.staff("auditor", region_code=people.QINHUAI))
        assert [each.id for each in campaigns.campaigns(auditor, limit=1)] == [own.id]


def test_a_campaign_that_has_not_begun_is_called_off(scene, clock):
    campaign = declared(scene, clock, starts_at=clock.at + DAY, ends_at=clock.at + 3 * DAY)
    ended(campaign, scene, clock)
    clock.advance(days=1, minutes=1)
    make.judge(make.checkin(scene.rider))
    assert scene.points() == (0, 0)


def test_ending_what_is_over_does_not_make_it_longer(scene, clock):
    campaign = declared(scene, clock)
    between = clock.advance(days=2)
    clock.advance(days=1)
    ended(campaign, scene, clock)
    make.judge(make.checkin(scene.rider, at=between))
    assert scene.points() == (0, 0)
    with transaction(write=False):
        assert session.get_one(Campaign, campaign.id).ends_at == between - DAY


def test_what_was_used_up_in_no_campaign_cuts_nothing():
    rules = rulebook.read(checked([rule(points=7, caps=CAPPED)]))
    used = {UsageKey("R-01", "rider", "campaign"): Used(5, 1)}
    assert [each.points for each in evaluate(rules, make.checkin(), used)] == [7]
