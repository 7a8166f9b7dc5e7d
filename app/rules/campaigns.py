"""Campaigns: a time of bad weather or of emergency in a region, declared by staff, that rules may ask about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

from sqlalchemy import bindparam, select

from app.audit.recording import record
from app.identity.actors import Actor
from app.kernel.bulk import one_of
from app.kernel.db import Statement, dialect_name, session
from app.kernel.driving import rows
from app.places import queries as places
from app.places.models import Region
from app.rules.errors import CampaignNotFound, CampaignTimesWrong
from app.rules.models import Campaign

LONGEST = timedelta(days=92)


def declare_campaign(
    *,
    region_code: str,
    kind: str,
    title_zh: str,
    title_en: str,
    starts_at: datetime | None = None,
    ends_at: datetime,
    by: Actor,
    at: datetime,
) -> Campaign:
    """Declare bad weather or an emergency, from now or later until a stated time. It never reaches back."""
    by.must("rules.review", region_path=places.region_path(region_code))
    starts_at = starts_at or at
    if starts_at < at:
        raise CampaignTimesWrong(fields={"starts_at": ["campaign-times-wrong"]})
    if not starts_at < ends_at <= starts_at + LONGEST:
        raise CampaignTimesWrong(fields={"ends_at": ["campaign-times-wrong"]})
    campaign = Campaign(
        region_code=region_code,
        kind=kind,
        title_zh=title_zh,
        title_en=title_en,
        starts_at=starts_at,
        ends_at=ends_at,
        declared_by=by.id,
        declared_at=at,
    )
    session.add(campaign)
    session.flush()
    _note("campaign.declared", campaign, by, at)
    return campaign


def end_campaign(*, campaign_id: UUID, by: Actor, at: datetime) -> Campaign:
    """End a campaign now; one that has not begun never was in force. Ending it twice changes nothing."""
    campaign = _campaign_to_change(campaign_id)
    by.must("rules.review", region_path=places.region_path(campaign.region_code))
    ends_at = max(at, campaign.starts_at + timedelta(microseconds=1))
    if ends_at >= campaign.ends_at:
        return campaign
    campaign.ends_at = ends_at
    session.flush()
    _note("campaign.ended", campaign, by, at)
    return campaign


def running_each(moments: Sequence[tuple[str, datetime]]) -> list[Mapping[str, UUID]]:
    """The campaign of each kind in force in each region at its instant; of several, the one that began last."""
    lines = {path: path.strip("/").split("/") for path, _ in moments}
    asked = {
        "codes": list({code for line in lines.values() for code in line}),
        "first": min(at for _, at in moments),
        "last": max(at for _, at in moments),
    }
    found = rows(_declared(dialect_name()), asked)
    return [
        {
            kind: campaign_id
            for kind, campaign_id, region_code, starts_at, ends_at in found
            if region_code in lines[path] and starts_at <= at < ends_at
        }
        for path, at in moments
    ]


@cache
def _declared(dialect: str) -> Statement:
    return (
        select(Campaign.kind, Campaign.id, Campaign.region_code, Campaign.starts_at, Campaign.ends_at)
        .where(
            one_of(Campaign.region_code, "codes", dialect),
            Campaign.starts_at <= bindparam("last"),
            Campaign.ends_at > bindparam("first"),
        )
        .order_by(Campaign.starts_at, Campaign.id)
    )


def campaigns(by: Actor, limit: int = 200) -> Sequence[Campaign]:
    """The campaigns where the caller reads the ledger, newest first."""
    paths = by.scopes("ledger.read").region_paths
    chosen = select(Campaign).join(Region, Region.code == Campaign.region_code)
    chosen = chosen.where(places.inside(Region.path, paths))
    newest = chosen.order_by(Campaign.starts_at.desc(), Campaign.id.desc())
    return session.scalars(newest.limit(limit)).all()


def _campaign_to_change(campaign_id: UUID) -> Campaign:
    found = session.scalar(select(Campaign).where(Campaign.id == campaign_id).with_for_update())
    if found is None:
        raise CampaignNotFound
    return found


def _note(action: str, campaign: Campaign, by: Actor, at: datetime) -> None:
    facts = {"kind": campaign.kind, "ends_at": campaign.ends_at.isoformat()}
    record(action=action, subject=f"campaign:{campaign.id}", facts=facts, by=by, at=at)
