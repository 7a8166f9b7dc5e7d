"""Doubts to be looked at, and a rider's own."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import false, func, or_, select

from app.doubts.deciding import PERMISSION
from app.doubts.models import UNDECIDED, Doubt, SetAside
from app.doubts.wording import why
from app.identity.actors import Actor
from app.kernel.clock import city_midnight
from app.kernel.db import session
from app.kernel.paging import DEFAULT_LIMIT, Page, page
from app.ledger.queries import entry_of
from app.places.models import Region
from app.places.queries import region_paths
from app.rules.models import Award
from app.rules.paying import source_of


@dataclass(frozen=True, slots=True)
class Seen:
    """A doubt as it is shown: in words, with the points that wait. Whom it concerns is not said."""

    doubt: Doubt
    why: str
    points: int

    @property
    def is_undecided(self) -> bool:
        return self.doubt.state in UNDECIDED


def to_look_at(by: Actor, cursor: str | None = None, limit: int = DEFAULT_LIMIT) -> Page[Seen]:
    """What waits for somebody where the caller may decide, newest first; nothing that is the caller's own."""
    inside = [Region.path.startswith(path) for path in by.scopes(PERMISSION).region_paths]
    chosen = (
        select(Doubt)
        .join(Region, Region.code == Doubt.region_code)
        .where(
            Doubt.state.in_(UNDECIDED), or_(false(), *inside), Doubt.person_id.is_distinct_from(by.person_id)
        )
    )
    found = page(chosen, Doubt.id, cursor, limit)
    return Page(seen(found.items), found.next_cursor)


def mine(person_id: UUID, cursor: str | None = None, limit: int = DEFAULT_LIMIT) -> Page[Seen]:
    """A rider's own, newest first: those that wait, and what came of the others."""
    found = page(select(Doubt).where(Doubt.person_id == person_id), Doubt.id, cursor, limit)
    return Page(seen(found.items), found.next_cursor)


def seen(doubts: Sequence[Doubt]) -> list[Seen]:
    """Doubts with their words and the points that were set aside for them."""
    summed = (
        select(SetAside.doubt_id, func.sum(SetAside.points))
        .where(SetAside.doubt_id.in_([each.id for each in doubts]))
        .group_by(SetAside.doubt_id)
    )
    points = {doubt_id: int(total) for doubt_id, total in session.execute(summed)} if doubts else {}
    return [Seen(each, why(each), points.get(each.id, 0)) for each in doubts]


def undecided(region_codes: Collection[str], first_on: date, last_on: date) -> int:
    """How many facts of these regions and city days still wait for a word: whoever freezes them should know."""
    inside = [Region.path.startswith(path) for path in region_paths(region_codes).values()]
    begin, end = city_midnight(first_on), city_midnight(last_on + timedelta(days=1))
    chosen = (
        select(func.count())
        .select_from(Doubt)
        .join(Region, Region.code == Doubt.region_code)
        .where(Doubt.state.in_(UNDECIDED), Doubt.happened_at >= begin, Doubt.happened_at < end)
    )
    return session.scalar(chosen.where(or_(false(), *inside))) or 0


def points_set_aside(person_id: UUID) -> int:
    """How many of a rider's points wait for a second look."""
    chosen = (
        select(func.coalesce(func.sum(SetAside.points), 0))
        .join(Doubt, Doubt.id == SetAside.doubt_id)
        .where(Doubt.person_id == person_id, Doubt.state.in_(UNDECIDED))
    )
    return int(session.scalar(chosen) or 0)


def entry_behind(doubt: Doubt) -> UUID | None:
    """The line of the wallet that is doubted, where a rider can ask about it; None if nothing was given yet."""
    awards = select(Award).where(Award.fact_kind == doubt.fact_kind, Award.fact_id == doubt.fact_id)
    for award in session.scalars(awards.order_by(Award.id)):
        for step in ("settled", "given"):
            entry_id = entry_of(doubt.person_id, source_of(award, step))
            if entry_id is not None:
                return entry_id
    return None
