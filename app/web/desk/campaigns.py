"""Campaigns: declaring bad weather or an emergency, and ending it."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from flask import Response
from marshmallow import fields, validate

from app.identity.actors import Actor
from app.kernel import clock
from app.kernel.http import requires, takes_form
from app.kernel.i18n import say
from app.kernel.schemas import Line, Schema
from app.places import queries as places
from app.rules import campaigns
from app.rules.models import CAMPAIGN_KINDS
from app.web.edge import Pages, go, once, page
from app.web.forms import Choice, CityMoment, Nothing
from app.web.menus import menu_of
from app.web.scopes import regions_of

pages = Pages("campaigns")

USUAL = timedelta(days=1)


class CampaignForm(Schema):
    """Where, what, until when, in which words; without a start it begins now."""

    region_code = fields.String(required=True, validate=validate.Regexp(r"^[0-9]{2,20}\Z"))
    kind = Choice(CAMPAIGN_KINDS, required=True)
    title_zh = Line(60, required=True)
    title_en = Line(120, required=True)
    starts_at = CityMoment(load_default=None)
    ends_at = CityMoment(required=True)


@pages.get("/desk/campaigns")
@requires("ledger.read")
def listed(by: Actor) -> str:
    """What is running, what is planned, what is over"""
    at = clock.now()
    found = [(each, places.region(each.region_code).name) for each in campaigns.campaigns(by)]
    return page(
        "desk/campaigns.html",
        campaigns=found, at=at, menu=menu_of(by), can_declare=by.holds("rules.review"),
        regions=regions_of(by, "rules.review") if by.holds("rules.review") else [],
        kinds=[(each, say(f"rules.field.{each}")) for each in CAMPAIGN_KINDS],
        ends_at=clock.city_time(at + USUAL).strftime("%Y-%m-%dT%H:%M"),
    )  # fmt: skip


@pages.post("/desk/campaigns", again=listed)
@requires("rules.review")
@once
@takes_form(CampaignForm)
def declare(
    region_code: str,
    kind: str,
    title_zh: str,
    title_en: str,
    starts_at: datetime | None,
    ends_at: datetime,
    by: Actor,
) -> Response:
    """Declare a campaign"""
    campaigns.declare_campaign(
        region_code=region_code, kind=kind, title_zh=title_zh, title_en=title_en, starts_at=starts_at, ends_at=ends_at,
        by=by, at=clock.now(),
    )  # fmt: skip
    return go("/desk/campaigns", said="web.said.campaign-declared")


@pages.post("/desk/campaigns/<uuid:campaign_id>/end", again=listed)
@requires("rules.review")
@takes_form(Nothing)
def end(campaign_id: UUID, by: Actor) -> Response:
    """End a campaign now"""
    campaigns.end_campaign(campaign_id=campaign_id, by=by, at=clock.now())
    return go("/desk/campaigns", said="web.said.campaign-ended")
