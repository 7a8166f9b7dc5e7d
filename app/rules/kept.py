"""What a batch judges, as plain rows: its facts, its awards, its reasons for none.

Models cost several times as much as what they carry, and of a batch nobody looks at them. The answer to a scan tells of
these rows themselves; whoever needs the models (a notice) gets them as if the session had read them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.kernel.bulk import as_read
from app.rules.models import QUEUED, Award, NoAward, RecordedFact, RuleSetVersion
from app.rules.rulebook import AT_ONCE


@dataclass(slots=True, kw_only=True)
class KeptFact:
    """A fact as it is kept; the names are those of `RecordedFact`."""

    id: UUID
    kind: str
    fact_id: UUID
    stage: str
    person_id: UUID
    region_code: str
    happened_at: datetime
    fields: Mapping[str, Any]
    judged_at: datetime

    def loaded(self) -> RecordedFact:
        """The same as the session has it."""
        return as_read(RecordedFact, _row(self, RecordedFact))


@dataclass(slots=True, kw_only=True)
class DrawnAward:
    """An award as it will be written; the names are those of `Award`."""

    id: UUID
    recorded: KeptFact
    recorded_fact_id: UUID
    fact_kind: str
    fact_id: UUID
    person_id: UUID
    rule_key: str
    version: RuleSetVersion
    version_id: UUID
    points: int
    usable: str
    usable_from_at: datetime | None
    expires_after_days: int | None
    explanation: Mapping[str, Any]
    awarded_at: datetime
    state: str = QUEUED
    round: int = 1
    funded_at: datetime | None = None
    budget_id: UUID | None = None
    outcome_at: datetime | None = None
    void_at: datetime | None = None

    @property
    def waits(self) -> bool:
        """As `Award.waits`."""
        return self.usable != AT_ONCE and self.outcome_at is None

    @property
    def row(self) -> dict[str, Any]:
        """What is written of it."""
        return _row(self, Award)

    def loaded(self) -> Award:
        """The same as the session has it."""
        return as_read(Award, self.row, recorded=self.recorded.loaded(), version=self.version)


@dataclass(slots=True, kw_only=True)
class KeptNone:
    """A reason for no points as it is kept; the names are those of `NoAward`."""

    id: UUID
    recorded: KeptFact
    recorded_fact_id: UUID
    version: RuleSetVersion | None
    version_id: UUID | None
    why: str
    explanation: Mapping[str, Any]

    @property
    def row(self) -> dict[str, Any]:
        """What is written of it."""
        return _row(self, NoAward)


# Whoever only tells of them need not know whether they were read or have just been judged.
AnyFact = RecordedFact | KeptFact
AnyAward = Award | DrawnAward
AnyNone = NoAward | KeptNone

_COLUMNS = {model: tuple(model.__table__.columns.keys()) for model in (RecordedFact, Award, NoAward)}


def _row(kept: Any, model: type[RecordedFact | Award | NoAward]) -> dict[str, Any]:
    return {name: getattr(kept, name) for name in _COLUMNS[model]}
