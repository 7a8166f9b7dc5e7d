"""Campaigns: a time of bad weather or of emergency in a region, declared by staff, that rules may ask about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from app.audit.recording import record
from app.identity.actors import Actor
from app.kernel.db import session
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


def running(region_path: str, at: datetime) -> Mapping[str, Campaign]:
    """The campaign of each kind in force in a region at that instant; of several, the one that began last."""
    return running_each([(region_path, at)])[0]


def running_each(moments: Sequence[tuple[str, datetime]]) -> list[Mapping[str, Campaign]]:
    """The same for many regions, each at an instant of its own."""
    lines = {path: path.strip("/").split("/") for path, _ in moments}
    instants = [at for _, at in moments]
    found = session.scalars(
        select(Campaign)
        .where(
            Campaign.region_code.in_({code for line in lines.values() for code in line}),
            Campaign.starts_at <= max(instants),
            Campaign.ends_at > min(instants),
        )
        .order_by(Campaign.starts_at, Campaign.id)
    ).all()
    return [
        {
            each.kind: each
            for each in found
            if each.region_code in lines[path] and each.starts_at <= at < each.ends_at
        }
        for path, at in moments
    ]


def campaigns(by: Actor) -> Sequence[Campaign]:
    """The campaigns where the caller reads the ledger, newest first."""
    paths = by.scopes("ledger.read").region_paths
    chosen = select(Campaign, Region.path).join(Region, Region.code == Campaign.region_code)
    rows = session.execute(chosen.order_by(Campaign.starts_at.desc(), Campaign.id.desc()).limit(200))
    return [campaign for campaign, path in rows if path.startswith(paths)]


def _campaign_to_change(campaign_id: UUID) -> Campaign:
    found = session.scalar(select(Campaign).where(Campaign.id == campaign_id).with_for_update())
    if found is None:
        raise CampaignNotFound
    return found


def _note(action: str, campaign: Campaign, by: Actor, at: datetime) -> None:
    facts = {"kind": campaign.kind, "ends_at": campaign.ends_at.isoformat()}
    record(action=action, subject=f"campaign:{campaign.id}", facts=facts, by=by, at=at)
