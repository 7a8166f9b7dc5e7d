"""One picture for two matters: the photo of a report is, but for a few bits, one that came with another report before.

The picture may be the rider's own or somebody else's: whose, is not said. Two people who tell of the same thing take
two pictures. Flat ones, which all look alike, are not compared. A rider's own earlier report that came to nothing is
none: to send it again with the same photo is the right thing to do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, func, select

from app.cases.models import Case, CasePhoto
from app.doubts.grounds.shape import CAME_TO_NOTHING, Found, Fresh
from app.kernel.bulk import among, read_many
from app.kernel.db import session
from app.media.likeness import ALIKE_BITS, bands, differing
from app.media.models import Media

HALF_A_YEAR = timedelta(days=182)


class Shown(NamedTuple):
    """A photo that came with a report."""

    photo_id: UUID
    case_id: UUID
    person_id: UUID
    region_code: str
    at: datetime
    look: str


def found(fresh: Fresh) -> Iterator[Found]:
    """Reports with a photo that was there before."""
    new = _new(fresh.reports)
    if not new:
        return
    by_band: dict[tuple[int, int], list[Shown]] = defaultdict(list)
    for each in new:
        for band in bands(each.look):
            by_band[band].append(each)
    alike: dict[UUID, list[UUID]] = defaultdict(list)  # of each photo, those before it that it is like
    for photo_id, look in _looks(min(each.at for each in new) - HALF_A_YEAR):
        near = {each.photo_id: each for band in bands(look) for each in by_band.get(band, ())}
        for each in near.values():
            if photo_id < each.photo_id and differing(look, each.look) <= ALIKE_BITS:
                alike[each.photo_id].append(photo_id)
    yield from _doubted(new, alike)


def _new(case_ids: Sequence[UUID]) -> list[Shown]:
    if not case_ids:
        return []
    standing = among(Case.id, case_ids), Case.state.not_in(CAME_TO_NOTHING)
    return [Shown(*row) for row in session.execute(_photos().where(*standing))]


def _photos() -> Select[*tuple[Any, ...]]:
    """Photos that riders sent with a report, oldest first."""
    seen_at = func.coalesce(Case.happened_at, Case.created_at)
    return (
        select(Media.id, Case.id, Case.reporter_id, Case.region_code, seen_at, Media.likeness)
        .join(CasePhoto, CasePhoto.media_id == Media.id)
        .join(Case, Case.id == CasePhoto.case_id)
        .where(Case.kind == "report", Case.reporter_id == Media.owner_id, Media.likeness.is_not(None))
        .order_by(Media.id)
    )


def _looks(since: datetime) -> Iterator[tuple[UUID, str]]:
    """What all photos of reports look like that were sent since then, oldest first."""
    known: Select[*tuple[Any, ...]] = select(Media.id, Media.likeness).where(
        Media.purpose == "report",
        Media.likeness.is_not(None),
        Media.attached_at.is_not(None),
        Media.created_at >= since,
    )
    for photo_id, look in read_many(known.order_by(Media.id)):
        yield UUID(str(photo_id)), look


def _doubted(new: Sequence[Shown], alike: Mapping[UUID, Sequence[UUID]]) -> Iterator[Found]:
    named = {photo_id for several in alike.values() for photo_id in several}
    told = _photos().add_columns(Case.state).where(among(Media.id, named))
    before = {row[0]: (Shown(*row[:-1]), row[-1]) for row in session.execute(told)} if named else {}
    for each in new:
        for photo_id in alike.get(each.photo_id, ()):
            other, state = before.get(photo_id, (each, ""))
            came_to_nothing = other.person_id == each.person_id and state in CAME_TO_NOTHING
            if other.case_id != each.case_id and not came_to_nothing:
                yield _found(each, other)
                break


def _found(each: Shown, other: Shown) -> Found:
    return Found(
        fact_kind="report",
        fact_id=each.case_id,
        person_id=each.person_id,
        region_code=each.region_code,
        happened_at=each.at,
        against={
            "other": str(other.case_id),
            "other_at": other.at.isoformat(),
            "bits": differing(other.look, each.look),
        },
    )
