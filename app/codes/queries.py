"""Looking up handles and scan sessions."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import aliased, joinedload

from app.codes.errors import ScanSessionOver
from app.codes.models import MAKERS, PersonalHandle, ScanSession
from app.kernel.asking import Question, ask
from app.kernel.bulk import one_of
from app.kernel.db import Statement, dialect_name, session
from app.kernel.driving import rows

_NAMED = (
    select(PersonalHandle)
    .options(joinedload(PersonalHandle.person, innerjoin=True))
    .where(PersonalHandle.handle == bindparam("digits"))
)
_USED = aliased(ScanSession)
_LAST_STEP = (
    select(func.max(_USED.step)).where(_USED.handle_id == PersonalHandle.id).correlate(PersonalHandle)
).scalar_subquery()
_AND_LAST_USE = (
    ScanSession,
    (ScanSession.handle_id == PersonalHandle.id) & (ScanSession.step == _LAST_STEP),
)
_NAMED_AND_USED = _NAMED.add_columns(ScanSession).outerjoin(*_AND_LAST_USE)


@dataclass(frozen=True, slots=True)
class InUse:
    """A handle that codes are made with now."""

    id: UUID
    handle: str
    alg: str
    epoch: int
    device_name: str
    claim: str | None
    created_at: datetime
    expires_at: datetime

    def is_fresh(self, at: datetime) -> bool:
        """Whether it need not be replaced yet."""
        return at < self.expires_at


def handle_named(digits: str) -> PersonalHandle | None:
    """The handle with these ten digits, and the person it stands for."""
    return session.scalar(_NAMED, {"digits": digits})


def handle_and_last_use(digits: str) -> tuple[PersonalHandle, ScanSession | None] | None:
    """The same, and where a code of it was last taken; by one statement."""
    found = session.execute(_NAMED_AND_USED, {"digits": digits}).first()
    return None if found is None else (found[0], found[1])


def handles_and_last_uses(
    digits: Collection[str],
) -> dict[str, tuple[PersonalHandle, ScanSession | None]]:
    """The same of many handles, those that there are."""
    rows = session.execute(_all_named_and_used(dialect_name()), {"digits": list(digits)})
    return {row[0].handle: (row[0], row[1]) for row in rows}


@cache
def _all_named_and_used(dialect: str) -> Select[PersonalHandle, ScanSession]:
    chosen = select(PersonalHandle, ScanSession).outerjoin(*_AND_LAST_USE)
    named = chosen.where(one_of(PersonalHandle.handle, "digits", dialect))
    return named.options(joinedload(PersonalHandle.person, innerjoin=True))


class Known(NamedTuple):
    """What a code is checked against; the names are those of `PersonalHandle`."""

    id: UUID
    handle: str
    person_id: UUID
    alg: str
    epoch: int
    revoked_at: datetime | None
    expires_at: datetime


def handles_named(digits: Collection[str]) -> dict[str, Known]:
    """Those of these handles that there are."""
    found = rows(_known(dialect_name()), {"digits": list(digits)}) if digits else ()
    return {row[1]: Known(*row) for row in found}


@cache
def _known(dialect: str) -> Statement:
    looked_at = (getattr(PersonalHandle, name) for name in Known._fields)
    return select(*looked_at).where(one_of(PersonalHandle.handle, "digits", dialect))


def _handle_of(maker: str) -> Question[InUse | None]:
    columns = [getattr(PersonalHandle, each.name) for each in dataclasses.fields(InUse)]
    mine = PersonalHandle.person_id == bindparam("person_id"), PersonalHandle.maker == maker
    return Question(
        select(*columns).where(*mine, PersonalHandle.revoked_at.is_(None)),
        lambda person_id: {"person_id": person_id},
        lambda found: InUse(*found) if found else None,
    )


HANDLE_IN_USE = {maker: _handle_of(maker) for maker in MAKERS}


def handle_in_use(person_id: UUID, maker: str) -> InUse | None:
    """The handle a person's phone (or the server on their behalf) makes codes with now."""
    return ask(HANDLE_IN_USE[maker], person_id)


def use_of_step(handle_id: UUID, step: int) -> ScanSession | None:
    """Where and when a step was used."""
    return session.scalar(
        select(ScanSession).where(ScanSession.handle_id == handle_id, ScanSession.step == step)
    )


def session_in_use(session_id: UUID, *, station_id: UUID, at: datetime) -> ScanSession:
    """A scan session that still stands for a rider's presence at this station. Raises ScanSessionOver."""
    found = session.get(ScanSession, session_id)
    if found is None or found.station_id != station_id or not found.opened_at <= at < found.expires_at:
        raise ScanSessionOver
    return found
