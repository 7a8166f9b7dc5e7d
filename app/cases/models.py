"""Cases, their steps, their photos, and who else saw the same thing."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.cases import states as s
from app.cases.errors import CaseMovedOn
from app.cases.grades import GRADES
from app.cases.kinds import KINDS
from app.cases.kinds.shape import Kind
from app.kernel import geo, i18n
from app.kernel.db import Base, IdMixin, UtcDateTime, append_only, ddl_for

REOPEN_WITHIN = timedelta(days=7)


class Case(IdMixin, Base):
    """One matter. It changes only by moves (moving.py), each of which leaves a step; `moves` counts them."""

    __tablename__ = "cases"
    __table_args__ = (
        UniqueConstraint("number", name="number"),
        UniqueConstraint("reporter_id", "client_ref", name="client_ref"),
        CheckConstraint(f"kind IN {tuple(KINDS)}", name="kind"),
        CheckConstraint(f"state IN {s.STATES}", name="state"),
        CheckConstraint(f"grade IN {GRADES}", name="grade"),
        CheckConstraint(f"answer IN {s.ANSWERS}", name="answer"),
        CheckConstraint("stars BETWEEN 1 AND 5", name="stars"),
        CheckConstraint("moves > 0", name="moves"),
        CheckConstraint("reporter_id IS NOT NULL OR kind = 'appeal'", name="reporter_known"),
        CheckConstraint("(lat IS NULL) = (lng IS NULL)", name="whole_position"),
        CheckConstraint("lat BETWEEN -90 AND 90 AND lng BETWEEN -180 AND 180", name="position"),
        CheckConstraint("kind <> 'report' OR lat IS NOT NULL OR place_words IS NOT NULL", name="somewhere"),
        CheckConstraint(
            f"state NOT IN {s.WORKING} OR "
            "(handler_id IS NOT NULL AND accepted_at IS NOT NULL AND resolve_by IS NOT NULL)",
            name="taken_on",
        ),
        CheckConstraint(
            f"state NOT IN ('{s.RESOLVED}', '{s.CLOSED}') OR resolved_at IS NOT NULL", name="done"
        ),
        CheckConstraint(f"state <> '{s.CLOSED}' OR closed_at IS NOT NULL", name="ended"),
        CheckConstraint(f"(due_at IS NOT NULL) = (state IN {s.OPEN})", name="clock_runs"),
        CheckConstraint(f"(duplicate_of IS NOT NULL) = (state = '{s.MERGED}')", name="merged_into"),
        Index("ix_cases_due", "due_at", "id"),
        Index("ix_cases_box", "lat", "lng"),
        Index(
            "ix_cases_with_place",
            "created_at",
            sqlite_where=text("lat IS NOT NULL"),
            postgresql_where=text("lat IS NOT NULL"),
        ),
    )

    number: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(20))
    category: Mapped[str] = mapped_column(String(30))
    grade: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(12), index=True)
    moves: Mapped[int] = mapped_column(default=1)

    reporter_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    client_ref: Mapped[str | None] = mapped_column(String(255))
    subject: Mapped[str | None] = mapped_column(String(80), index=True)  # what a query is about: entry:<id>

    region_code: Mapped[str] = mapped_column(ForeignKey("regions.code"), index=True)
    lat: Mapped[float | None]
    lng: Mapped[float | None]
    place_words: Mapped[str | None] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    happened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)

    unit_region_code: Mapped[str] = mapped_column(ForeignKey("regions.code"), index=True)
    handler_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    accept_by: Mapped[datetime] = mapped_column(UtcDateTime)
    resolve_by: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # whichever of the two runs now
    escalated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    resolved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    answer: Mapped[str | None] = mapped_column(String(12))
    stars: Mapped[int | None]
    reopened: Mapped[int] = mapped_column(default=0)
    duplicate_of: Mapped[UUID | None] = mapped_column(ForeignKey("cases.id"), index=True)

    @property
    def rules(self) -> Kind:
        """What its kind says."""
        return KINDS[self.kind]

    @property
    def category_key(self) -> str:
        """The category with its kind, as the words know it."""
        return f"{self.kind}.{self.category}"

    @property
    def position(self) -> geo.Position | None:
        return None if self.lat is None or self.lng is None else geo.Position(self.lat, self.lng)

    def not_before(self, at: datetime) -> datetime:
        """This instant, or the last known one of the case: a clock that was set back turns no story round."""
        return max(at, self.created_at, self.accepted_at or at, self.resolved_at or at)

    @property
    def is_open(self) -> bool:
        return self.state in s.OPEN

    def after(self, verb: str) -> str:
        """The state after `verb`. Raises CaseMovedOn where the kind does not declare it."""
        target = self.rules.target(verb, self.state)
        if target is None:
            raise self.moved_on()
        return target

    def moved_on(self) -> CaseMovedOn:
        """The refusal that tells where the case is now."""
        return CaseMovedOn(
            number=self.number, state=self.state, state_words=i18n.say(f"case.state.{self.state}")
        )

    def is_overdue(self, at: datetime) -> bool:
        """Whether the deadline that runs now has passed."""
        return self.due_at is not None and self.due_at < at

    def is_close(self, at: datetime) -> bool:
        """Whether less than a fifth of the time is left that runs now."""
        if self.due_at is None:
            return False
        began = self.accepted_at if self.due_at == self.resolve_by else self.created_at
        return began is not None and self.due_at - at < (self.due_at - began) / 5

    def reopen_until(self) -> datetime | None:
        """Until when it may be reopened, None while it is not resolved."""
        return self.resolved_at + REOPEN_WITHIN if self.resolved_at else None


class CaseStep(IdMixin, Base):
    """One move of a case: from where to where, by whom, when; `words` are for the reporter, `note` is for staff."""

    __tablename__ = "case_steps"
    __table_args__ = (
        UniqueConstraint("case_id", "seq", name="seq"),  # two moves at once: the second finds its place taken
        CheckConstraint(f"verb IN {s.VERBS}", name="verb"),
        CheckConstraint(f"to_state IN {s.STATES}", name="to_state"),
        CheckConstraint("(from_state IS NULL) = (seq = 1)", name="first"),
    )

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    seq: Mapped[int]
    verb: Mapped[str] = mapped_column(String(12))
    from_state: Mapped[str | None] = mapped_column(String(12))
    to_state: Mapped[str] = mapped_column(String(12))
    actor_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("people.id"), index=True
    )  # None: the system, by time
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(Text, default="")
    words: Mapped[str] = mapped_column(Text, default="")


class CasePhoto(IdMixin, Base):
    """A photo that belongs to a step of a case."""

    __tablename__ = "case_photos"
    __table_args__ = (UniqueConstraint("media_id", name="media"),)

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    step_id: Mapped[UUID] = mapped_column(ForeignKey("case_steps.id"), index=True)
    media_id: Mapped[UUID] = mapped_column(ForeignKey("media.id"))


class MeToo(IdMixin, Base):
    """Somebody else who saw the same thing and follows the case."""

    __tablename__ = "case_me_toos"
    __table_args__ = (UniqueConstraint("case_id", "person_id", name="once"),)

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


append_only(CaseStep.__table__)  # type: ignore[arg-type]

# A deadline, once set, stays. Only a reopened case drops it, and gets a new one when it is accepted again.
_MOVED = "OLD.resolve_by IS NOT NULL AND NEW.resolve_by IS NOT NULL AND NEW.resolve_by <> OLD.resolve_by"
_FIXED_ON_SQLITE = f"""CREATE TRIGGER cases_deadline_fixed BEFORE UPDATE ON cases WHEN {_MOVED}
BEGIN SELECT RAISE(ABORT, 'cases_deadline_fixed'); END"""
_FIXED_ON_POSTGRESQL = f"""CREATE FUNCTION cases_deadline_fixed() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'cases_deadline_fixed' USING ERRCODE = 'check_violation'; END $$;
CREATE TRIGGER cases_deadline_fixed BEFORE UPDATE ON cases FOR EACH ROW WHEN ({_MOVED})
EXECUTE FUNCTION cases_deadline_fixed()"""

ddl_for(
    Case.__table__,  # type: ignore[arg-type]
    sqlite=(_FIXED_ON_SQLITE, "DROP TRIGGER IF EXISTS cases_deadline_fixed"),
    postgresql=(
        _FIXED_ON_POSTGRESQL,
        "DROP TRIGGER IF EXISTS cases_deadline_fixed ON cases; DROP FUNCTION IF EXISTS cases_deadline_fixed()",
    ),
)
