"""Rule sets and their versions, campaigns, the facts that were judged, the awards, and how much of each cap is used."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.kernel.db import Base, IdMixin, Json, UtcDateTime, append_only
from app.kernel.i18n import pick
from app.rules import guards
from app.rules.errors import (
    AskedByYourself,
    DryRunNeeded,
    SecondPersonNeeded,
    StartsInThePast,
    UnwindingDecided,
    VersionNotOpen,
)
from app.rules.kinds.shape import Fact
from app.rules.rulebook import AT_ONCE, USABLE

DRAFT, TRIED, REVIEWED, PUBLISHED, RETIRED = "draft", "tried", "reviewed", "published", "retired"
VERSION_STATES = (DRAFT, TRIED, REVIEWED, PUBLISHED, RETIRED)
OPEN_STATES = (DRAFT, TRIED)  # its words may still change
IN_FORCE_STATES = (PUBLISHED, RETIRED)  # a retired one was in force until it ended

QUEUED, PENDING, ACTIVE, VOID = "queued", "pending", "active", "void"
AWARD_STATES = (QUEUED, PENDING, ACTIVE, VOID)


ASKED, DONE, REFUSED = "asked", "done", "refused"
UNWINDING_STATES = (ASKED, DONE, REFUSED)

RUN_WAITING, RUN_DONE, RUN_FAILED, RUN_CANCELLED = "waiting", "done", "failed", "cancelled"
RUN_STATES = (RUN_WAITING, RUN_DONE, RUN_FAILED, RUN_CANCELLED)

WEATHER, EMERGENCY = "weather", "emergency"
CAMPAIGN_KINDS = (WEATHER, EMERGENCY)


class RuleSet(IdMixin, Base):
    """The policy of a region for a period. Regions below follow it unless they have their own in force."""

    __tablename__ = "rule_sets"
    __table_args__ = (
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="period"),
        Index("ix_rule_sets_region_code_starts_on", "region_code", "starts_on"),
    )

    region_code: Mapped[str] = mapped_column(ForeignKey("regions.code"))
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]  # the last day; open while the next period is not decided
    title_zh: Mapped[str] = mapped_column(String(60))
    title_en: Mapped[str] = mapped_column(String(120))
    opened_by: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def title(self) -> str:
        return pick(self.title_zh, self.title_en)


class RuleSetVersion(IdMixin, Base):
    """One dated wording of a rule set: draft → tried on the past → reviewed by another → published → retired."""

    __tablename__ = "rule_set_versions"
    __table_args__ = (
        UniqueConstraint("rule_set_id", "number", name="number"),
        CheckConstraint(f"state IN {VERSION_STATES}", name="state"),
        CheckConstraint("number > 0", name="number_positive"),
        CheckConstraint("reviewed_by IS NULL OR reviewed_by <> written_by", name="two_persons"),
        CheckConstraint("(state IN ('draft', 'tried')) = (reviewed_by IS NULL)", name="reviewed_by"),
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
        """Refuse unless somebody else wrote it, and exactly this wording was tried on the past."""
        self.must_be(*OPEN_STATES)
        if self.written_by == person_id:
            raise SecondPersonNeeded
        if self.state != TRIED:
            raise DryRunNeeded

    def must_be_publishable(self, starts_at: datetime, at: datetime) -> None:
        """Refuse unless it was reviewed and starts now or later: no rule reaches back."""
        self.must_be(REVIEWED)
        if starts_at < at:
            raise StartsInThePast(fields={"starts_at": ["rule-starts-in-the-past"]}, starts_at=starts_at)


class DryRun(IdMixin, Base):
    """What a wording would have given for the facts of a past period, as it was worked out then; or how far that is."""

    __tablename__ = "dry_runs"
    __table_args__ = (
        CheckConstraint("until_on >= from_on", name="period"),
        CheckConstraint("(done_at IS NULL) = (result IS NULL)", name="done"),
        CheckConstraint(f"state IN {RUN_STATES}", name="state"),
        CheckConstraint("(state = 'done') = (done_at IS NOT NULL)", name="done_state"),
        CheckConstraint("(state = 'failed') = (why IS NOT NULL)", name="failed_why"),
        CheckConstraint("facts >= 0 AND facts_read >= 0", name="counted"),
        # One of a version waits at a time: whoever asks again at the same moment gets that one, or takes its place.
        Index(
            "uq_dry_runs_one_waiting",
            "version_id",
            unique=True,
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
        Index("ix_dry_runs_version_id_asked_at", "version_id", "asked_at"),
    )

    version_id: Mapped[UUID] = mapped_column(ForeignKey("rule_set_versions.id"))
    wording: Mapped[str] = mapped_column(String(64))  # the digest of the rules it was run with
    from_on: Mapped[date]
    until_on: Mapped[date]
    asked_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(10))
    facts: Mapped[int]  # to be read
    facts_read: Mapped[int]
    why: Mapped[str | None] = mapped_column(String(40))  # nothing came of it
    result: Mapped[dict[str, Any] | None] = mapped_column(Json)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def period(self) -> tuple[date, date]:
        """The first and the last day."""
        return self.from_on, self.until_on


class Campaign(IdMixin, Base):
    """A time of bad weather or of emergency in a region, declared by staff. Facts remember which one they fell into."""

    __tablename__ = "campaigns"
    __table_args__ = (
        CheckConstraint(f"kind IN {CAMPAIGN_KINDS}", name="kind"),
        CheckConstraint("ends_at > starts_at", name="span"),
        CheckConstraint("starts_at >= declared_at", name="not_retroactive"),
        Index("ix_campaigns_region_code_ends_at", "region_code", "ends_at"),
    )

    region_code: Mapped[str] = mapped_column(ForeignKey("regions.code"))
    kind: Mapped[str] = mapped_column(String(12))
    title_zh: Mapped[str] = mapped_column(String(60))
    title_en: Mapped[str] = mapped_column(String(120))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    declared_by: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    declared_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def title(self) -> str:
        return pick(self.title_zh, self.title_en)


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
        CheckConstraint(f"usable IN {USABLE}", name="usable"),
        CheckConstraint("(usable = 'after_days') = (usable_from_at IS NOT NULL)", name="usable_from"),
        CheckConstraint("round > 0", name="round_positive"),
        CheckConstraint("(state = 'queued' OR funded_at IS NOT NULL) OR state = 'void'", name="funded"),
        CheckConstraint("(state = 'void') = (void_at IS NOT NULL)", name="void_at"),
        Index("ix_awards_state_id", "state", "id"),
        Index("ix_awards_usable_from_at", "usable_from_at"),
    )

    recorded_fact_id: Mapped[UUID] = mapped_column(ForeignKey("recorded_facts.id"), index=True)
    fact_kind: Mapped[str] = mapped_column(String(20))
    fact_id: Mapped[UUID]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    rule_key: Mapped[str] = mapped_column(String(10))
    version_id: Mapped[UUID] = mapped_column(ForeignKey("rule_set_versions.id"), index=True)
    points: Mapped[int]
    usable: Mapped[str] = mapped_column(String(12))
    usable_from_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
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
        """Whether the points wait for an outcome or a day that has not come yet."""
        return self.usable != AT_ONCE and self.outcome_at is None


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
    period: Mapped[str] = mapped_column(String(60))
    points: Mapped[int] = mapped_column(default=0)
    times: Mapped[int] = mapped_column(default=0)


class Unwinding(IdMixin, Base):
    """A fact said to be void, by one person; if a second one agrees, everything that came of it is taken back."""

    __tablename__ = "unwindings"
    __table_args__ = (
        CheckConstraint(f"state IN {UNWINDING_STATES}", name="state"),
        CheckConstraint("(state = 'asked') = (decided_by IS NULL)", name="decided_by"),
        CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name="decided_at"),
        CheckConstraint("decided_by IS NULL OR decided_by <> asked_by", name="two_persons"),
        CheckConstraint("length(reason) > 0", name="reason"),
        # One that is open or done per fact: asking twice, or unwinding twice, is once. A refused one may be asked anew.
        Index(
            "uq_unwindings_once",
            "fact_kind",
            "fact_id",
            unique=True,
            sqlite_where=text("state <> 'refused'"),
            postgresql_where=text("state <> 'refused'"),
        ),
    )

    fact_kind: Mapped[str] = mapped_column(String(20))
    fact_id: Mapped[UUID]
    region_code: Mapped[str] = mapped_column(ForeignKey("regions.code"), index=True)
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(12), default=ASKED)
    asked_by: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[dict[str, Any] | None] = mapped_column(Json)

    def must_be_decidable_by(self, person_id: UUID) -> None:
        """Refuse unless it waits, and somebody else asked for it."""
        if self.state != ASKED:
            raise UnwindingDecided(state=self.state)
        if self.asked_by == person_id:
            raise AskedByYourself


class VoidFact(Base):
    """A fact that was unwound, or taken back by its station (then there is no unwinding).

    It never earns again, its part of every cap is free, and it is left out of every dry run.
    """

    __tablename__ = "void_facts"

    fact_kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    fact_id: Mapped[UUID] = mapped_column(primary_key=True)
    unwinding_id: Mapped[UUID | None] = mapped_column(ForeignKey("unwindings.id"), index=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


# --- guards that live in the database ------------------------------------------------------------------------------

append_only(RecordedFact.__table__)  # type: ignore[arg-type]
append_only(NoAward.__table__)  # type: ignore[arg-type]
append_only(VoidFact.__table__)  # type: ignore[arg-type]
guards.fix_published_versions(RuleSetVersion.__table__)  # type: ignore[arg-type]
guards.never_rewrite_awards(Award.__table__)  # type: ignore[arg-type]
guards.keep_periods_apart(RuleSet.__table__)  # type: ignore[arg-type]
