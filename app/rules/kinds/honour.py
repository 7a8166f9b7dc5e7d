"""An honour that was granted. Honours live on the floor above: their event is read by its shape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Protocol
from uuid import UUID

from app.rules.kinds.shape import WITNESSED, Fact, FactKind, Field, where_and_when

PURPOSES = ("example", "publicity", "commendation")

KIND = FactKind(
    name="honour",
    own_fields=(Field(name="purpose", type="choice", choices=PURPOSES),),
    usual_basis=WITNESSED,
)


class Granted(Protocol):
    """What the event of a final roll says: the honours, each with its person, and where and why."""

    @property
    def at(self) -> datetime: ...
    @property
    def honours(self) -> Mapping[UUID, UUID]: ...
    @property
    def region_code(self) -> str: ...
    @property
    def purpose(self) -> str: ...


class Revoked(Protocol):
    """What the event of an honour taken back says."""

    @property
    def at(self) -> datetime: ...
    @property
    def honour_id(self) -> UUID: ...


def facts_of(event: Granted, *, region_path: str) -> Iterator[Fact]:
    """One fact for each honour of a roll."""
    for honour_id, person_id in event.honours.items():
        yield Fact(
            kind=KIND.name,
            id=honour_id,
            person_id=person_id,
            region_code=event.region_code,
            happened_at=event.at,
            fields=where_and_when(region_path, event.at) | {"purpose": event.purpose},
        )
