"""Rule sets and their versions, the facts that were judged, the awards, and how much of each cap is used."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Table, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.kernel.db import Base, IdMixin, Json, UtcDateTime, append_only, ddl_for
from app.kernel.i18n import pick
from app.rules.errors import SecondPersonNeeded, StartsInThePast, VersionNotOpen
from app.rules.kinds.shape import Fact

DRAFT, REVIEWED, PUBLISHED, RETIRED = "draft", "reviewed", "published", "retired"
VERSION_STATES = (DRAFT, REVIEWED, PUBLISHED, RETIRED)
IN_FORCE_STATES = (PUBLISHED, RETIRED)  # a retired one was in force until it ended

QUEUED, PENDING, ACTIVE, VOID = "queued", "pending", "active", "void"
AWARD_STATES = (QUEUED, PENDING, ACTIVE, VOID)


class RuleSet(IdMixin, Base):
    """The policy of a region. Regions below follow it unless they have their own in force."""

    __tablename__ = "rule_sets"
    __table_args__ = (UniqueConstraint("region_code", name="one_per_region"),)

    region_code: Mapped[str] = mapped_column(ForeignKey("regions.code"))
    title_zh: Mapped[str] = mapped_column(String(60))
    title_en: Mapped[str] = mapped_column(String(120))
    opened_by: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def title(self) -> str:
        return pick(self.title_zh, self.title_en)


class RuleSetVersion(IdMixin, Base):
    """One dated wording of a rule set: draft → reviewed by a second person → published (and fixed) → retired."""

    __tablename__ = "rule_set_versions"
    __table_args__ = (
        UniqueConstraint("rule_set_id", "number", name="number"),
        CheckConstraint(f"state IN {VERSION_STATES}", name="state"),
        CheckConstraint("number > 0", name="number_positive"),
        CheckConstraint("reviewed_by IS NULL OR reviewed_by <> written_by", name="two_persons"),
        CheckConstraint("(state = 'draft') = (reviewed_by IS NULL)", name="reviewed_by"),
        CheckConstraint("(reviewed_by IS NULL) = (reviewed_at IS NULL)", name="reviewed_at"),
        CheckConstraint(
            "(state IN ('published', 'retired'))"
            " = (starts_at IS NOT NULL AND published_at IS NOT NULL AND published_by IS NOT NULL)",
            name="published",
        ),
        CheckConstraint("starts_at IS NULL OR starts_at >= published_at", name="not_retroactive"),
        CheckConstraint("(state = 'retired') = (ends_at IS NOT NULL)", name="ends_at"),
        CheckConstraint("ends_at IS NULL OR ends_at >= starts_at", name="ends_after_start"),
        Index("ix_rule_set_versions_rule_set_id_starts_at", "rule_set_id", "starts_at"),
    )

    rule_set_id: Mapped[UUID] = mapped_column(ForeignKey("rule_sets.id"))
    number: Mapped[int]
    state: Mapped[str] = mapped_column(String(12), default=DRAFT)
    rules: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    written_by: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    written_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reviewed_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    reviewed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    published_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    starts_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    rule_set: Mapped[RuleSet] = relationship(lazy="joined", innerjoin=True)

    def must_be(self, *states: str) -> None:
        """Refuse unless the version is in one of these states."""
        if self.state not in states:
            raise VersionNotOpen(number=self.number, state=self.state)

    def must_be_reviewable_by(self, person_id: UUID) -> None:
        """Refuse unless it is a draft that somebody else wrote."""
        self.must_be(DRAFT)
        if self.written_by == person_id:
            raise SecondPersonNeeded

    def must_be_publishable(self, starts_at: datetime, at: datetime) -> None:
        """Refuse unless it was reviewed and starts now or later: no rule reaches back."""
        self.must_be(REVIEWED)
        if starts_at < at:
            raise StartsInThePast(starts_at=starts_at)


class FirstFact(Base):
    """Which fact of a kind was a rider's first on a city day. The primary key settles two at the same moment."""

    __tablename__ = "first_facts"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    day_on: Mapped[date] = mapped_column(primary_key=True)
    fact_id: Mapped[UUID]


class RecordedFact(IdMixin, Base):
    """A fact as it was judged, kept so that every award can be explained, replayed, and a draft tried on the past.

    The unique constraint is what makes an event that arrives twice, or twice at once, count once.
    """

    __tablename__ = "recorded_facts"
    __table_args__ = (
        UniqueConstraint("kind", "fact_id", "stage", name="judged_once"),
        Index("ix_recorded_facts_happened_at", "happened_at"),
    )

    kind: Mapped[str] = mapped_column(String(20))
    fact_id: Mapped[UUID]
    stage: Mapped[str] = mapped_column(String(20), default="")
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    region_code: Mapped[str] = mapped_column(ForeignKey("regions.code"), index=True)
    happened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    fields: Mapped[dict[str, Any]] = mapped_column(Json)
    judged_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def fact(self) -> Fact:
        """The fact, as the evaluator reads it."""
        return Fact(
            kind=self.kind,
            id=self.fact_id,
            person_id=self.person_id,
            region_code=self.region_code,
            happened_at=self.happened_at,
            fields=self.fields,
        )


class Award(IdMixin, Base):
    """Points given by one rule for one fact. `round` counts how often (once more after a rejection)."""

    __tablename__ = "awards"
    __table_args__ = (
        UniqueConstraint("fact_kind", "fact_id", "rule_key", name="once_per_fact_and_rule"),
        CheckConstraint("points > 0", name="points_positive"),
        CheckConstraint(f"state IN {AWARD_STATES}", name="state"),
        CheckConstraint("usable IN ('at_once', 'on_outcome')", name="usable"),
        CheckConstraint("round > 0", name="round_positive"),
        CheckConstraint("(state = 'queued' OR funded_at IS NOT NULL) OR state = 'void'", name="funded"),
        CheckConstraint("(state = 'void') = (void_at IS NOT NULL)", name="void_at"),
        Index("ix_awards_state_id", "state", "id"),
    )

    recorded_fact_id: Mapped[UUID] = mapped_column(ForeignKey("recorded_facts.id"), index=True)
    fact_kind: Mapped[str] = mapped_column(String(20))
    fact_id: Mapped[UUID]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    rule_key: Mapped[str] = mapped_column(String(10))
    version_id: Mapped[UUID] = mapped_column(ForeignKey("rule_set_versions.id"), index=True)
    points: Mapped[int]
    usable: Mapped[str] = mapped_column(String(12))
    expires_after_days: Mapped[int | None]
    explanation: Mapped[dict[str, Any]] = mapped_column(Json)
    awarded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(12), default=QUEUED)
    round: Mapped[int] = mapped_column(default=1)
    funded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    budget_id: Mapped[UUID | None]  # the ledger account the points came from, and go back to
    outcome_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    void_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    recorded: Mapped[RecordedFact] = relationship(lazy="joined", innerjoin=True)
    version: Mapped[RuleSetVersion] = relationship(lazy="joined", innerjoin=True)

    @property
    def facts(self) -> dict[str, Any]:
        """What the rule looked at."""
        return self.recorded.fields

    @property
    def is_usable(self) -> bool:
        """Whether the points lie in the wallet."""
        return self.state == ACTIVE

    @property
    def waits(self) -> bool:
        """Whether the points wait for an outcome that has not come yet."""
        return self.usable == "on_outcome" and self.outcome_at is None


class NoAward(IdMixin, Base):
    """Why a fact gave no points, so that the rider can be told; with the usage it was judged by, so that it replays."""

    __tablename__ = "no_awards"
    __table_args__ = (UniqueConstraint("recorded_fact_id", name="recorded_fact"),)

    recorded_fact_id: Mapped[UUID] = mapped_column(ForeignKey("recorded_facts.id"))
    version_id: Mapped[UUID | None] = mapped_column(ForeignKey("rule_set_versions.id"), index=True)
    why: Mapped[str] = mapped_column(String(40))
    explanation: Mapped[dict[str, Any]] = mapped_column(Json)

    recorded: Mapped[RecordedFact] = relationship(lazy="joined", innerjoin=True)
    version: Mapped[RuleSetVersion | None] = relationship(lazy="joined")


class UsageCounter(IdMixin, Base):
    """What one rule gave to one rider or at one station in one day, week or month. Locked while a fact is judged."""

    __tablename__ = "rule_usage"
    __table_args__ = (
        UniqueConstraint("rule_set_id", "rule_key", "subject", "period", name="counter"),
        CheckConstraint("points >= 0 AND times >= 0", name="not_negative"),
    )

    rule_set_id: Mapped[UUID] = mapped_column(ForeignKey("rule_sets.id"))
    rule_key: Mapped[str] = mapped_column(String(10))
    subject: Mapped[str] = mapped_column(String(50))
    period: Mapped[str] = mapped_column(String(20))
    points: Mapped[int] = mapped_column(default=0)
    times: Mapped[int] = mapped_column(default=0)


# --- guards that live in the database ------------------------------------------------------------------------------

append_only(RecordedFact.__table__)  # type: ignore[arg-type]
append_only(NoAward.__table__)  # type: ignore[arg-type]


def _refuse(table: Table, name: str, action: str, condition: str, message: str) -> None:
    """A trigger that refuses an action on rows for which the condition holds."""
    abort = f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
    complaint = f"RAISE EXCEPTION '{message}' USING ERRCODE = 'check_violation'"
    function = f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {complaint}; END $$"
    when = f"FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION {name}()"
    ddl_for(
        table,
        sqlite=(
            f"CREATE TRIGGER {name} BEFORE {action} ON {table.name} WHEN {condition} {abort}",
            f"DROP TRIGGER IF EXISTS {name}",
        ),
        postgresql=(
            f"{function}; CREATE TRIGGER {name} BEFORE {action} ON {table.name} {when}",
            f"DROP TRIGGER IF EXISTS {name} ON {table.name}; DROP FUNCTION IF EXISTS {name}()",
        ),
    )


# A published version may do one thing only: end. Everything it says stays.
_WORDING = ("id", "rule_set_id", "number", "rules", "written_by", "written_at", "reviewed_by", "reviewed_at")
_DATES = ("published_by", "published_at", "starts_at")
_CHANGED = " OR ".join(f"(NEW.{column} <> OLD.{column})" for column in _WORDING + _DATES)
_ENDS = "(OLD.state = 'published' AND NEW.state = 'retired')"
_NEVER_EDITED = "a published rule set version is never edited"
_VERSIONS: Table = RuleSetVersion.__table__  # type: ignore[assignment]

_refuse(
    _VERSIONS,
    "rule_set_versions_never_edited",
    "UPDATE",
    f"OLD.state IN ('published', 'retired') AND (NOT {_ENDS} OR {_CHANGED})",
    _NEVER_EDITED,
)
_refuse(
    _VERSIONS,
    "rule_set_versions_never_deleted",
    "DELETE",
    "OLD.state IN ('published', 'retired')",
    _NEVER_EDITED,
)

# An award's points, rule and reason never change; only where the points lie does, and only forward.
_REASON = (
    "id",
    "recorded_fact_id",
    "fact_kind",
    "fact_id",
    "person_id",
    "rule_key",
    "version_id",
    "points",
    "usable",
)
_REASON_CHANGED = " OR ".join(
    f"(NEW.{column} <> OLD.{column})" for column in (*_REASON, "explanation", "awarded_at")
)
_STEPS = (
    ("queued", "pending"),
    ("queued", "active"),
    ("queued", "void"),
    ("pending", "active"),
    ("pending", "void"),
)
_FORWARD = " OR ".join(f"(OLD.state = '{before}' AND NEW.state = '{after}')" for before, after in _STEPS)
_AGAIN = "(OLD.state = 'void' AND NEW.state = 'queued' AND NEW.round = OLD.round + 1)"
_AWARDS: Table = Award.__table__  # type: ignore[assignment]

_refuse(
    _AWARDS,
    "awards_never_rewritten",
    "UPDATE",
    f"NOT (OLD.state = NEW.state OR {_FORWARD} OR {_AGAIN}) OR {_REASON_CHANGED}",
    "an award is never rewritten",
)
_refuse(_AWARDS, "awards_never_deleted", "DELETE", "1 = 1", "an award is never rewritten")
