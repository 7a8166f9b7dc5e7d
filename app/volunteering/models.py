"""Activities, shifts, sign-ups, attendance and hours. Counted hours of one person never overlap, by constraint."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, Update
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel import geo
from app.kernel.db import Base, IdMixin, UtcDateTime, append_only, session
from app.kernel.i18n import pick
from app.volunteering import guards
from app.volunteering.errors import ActivityFixed, ActivityFoundVoid, HoursDecided

CATEGORIES = ("community", "safety", "care", "environment", "rescue", "training", "other")
ACTIVITY_STATES = ("draft", "open", "cancelled", "ended", "void")
TOOK_PLACE = ("open", "ended")  # riders could see it, and nobody called it off
SIGN_UP_STATES = ("active", "cancelled", "no_show")
COURSES = ("grid-member", "first-aid", "fire-safety", "road-safety", "other")
BASES = ("proven", "witnessed", "backfilled")
HOURS_STATES = ("pending", "confirmed", "rejected")
HOW = ("scanned", "organiser", "closed")
MAX_MINUTES = 16 * 60


class Activity(IdMixin, Base):
    """Something to help with, where, and who organises it."""

    __tablename__ = "activities"
    __table_args__ = (
        CheckConstraint(f"state IN {ACTIVITY_STATES}", name="state"),
        CheckConstraint(f"category IN {CATEGORIES}", name="category"),
        CheckConstraint("(lat IS NULL) = (lng IS NULL)", name="position"),
        CheckConstraint("(state = 'void') = (void_because IS NOT NULL)", name="void_because"),
        Index("ix_activities_box", "lat", "lng"),
    )

    title_zh: Mapped[str] = mapped_column(String(60))
    title_en: Mapped[str | None] = mapped_column(String(120))
    words: Mapped[str] = mapped_column(String(1000), default="")
    category: Mapped[str] = mapped_column(String(20))
    region_code: Mapped[str] = mapped_column(ForeignKey("regions.code"), index=True)
    station_id: Mapped[UUID | None] = mapped_column(ForeignKey("stations.id"), index=True)
    place_words: Mapped[str] = mapped_column(String(120))
    lat: Mapped[float | None]
    lng: Mapped[float | None]
    organiser_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    state: Mapped[str] = mapped_column(String(12), default="draft")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    is_demo: Mapped[bool] = mapped_column(default=False)
    void_because: Mapped[str | None] = mapped_column(Text)  # why it was found made up, for whoever was there

    @property
    def title(self) -> str:
        return pick(self.title_zh, self.title_en)

    @property
    def position(self) -> geo.Position | None:
        return geo.Position(self.lat, self.lng) if self.lat is not None and self.lng is not None else None

    def publish(self) -> None:
        """Let riders see it and sign up. Publishing twice changes nothing."""
        if self.state not in ("draft", "open"):
            raise ActivityFixed(state=self.state)
        self.state = "open"

    def cancel(self) -> None:
        """Call it off. Cancelling twice changes nothing."""
        if self.state not in ("draft", "open", "cancelled"):
            raise ActivityFixed(state=self.state)
        self.state = "cancelled"

    def must_be_planned(self) -> None:
        """Raises ActivityFixed once it is cancelled or over."""
        if self.state not in ("draft", "open"):
            raise ActivityFixed(state=self.state)

    def must_be_believed(self) -> None:
        """Raises ActivityFoundVoid once it was found made up: nothing that comes later counts."""
        if self.state == "void":
            raise ActivityFoundVoid(reason=self.void_because)

    def find_void(self, reason: str) -> None:
        """It was made up, whatever state it was in; that is for good (the database holds it)."""
        self.state, self.void_because = "void", reason


class Shift(IdMixin, Base):
    """A span of an activity with so many places. `taken` never exceeds `places`, whoever comes at once."""

    __tablename__ = "shifts"
    __table_args__ = (
        UniqueConstraint("short_code", name="short_code"),
        CheckConstraint("ends_at > starts_at", name="span"),
        CheckConstraint("taken BETWEEN 0 AND places", name="places"),
        Index("ix_shifts_soonest", "starts_at", "id"),
    )

    activity_id: Mapped[UUID] = mapped_column(ForeignKey("activities.id"), index=True)
    short_code: Mapped[str] = mapped_column(String(8))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    places: Mapped[int]
    taken: Mapped[int] = mapped_column(default=0)

    @property
    def places_left(self) -> int:
        return self.places - self.taken


class SignUp(IdMixin, Base):
    """A rider's place on a shift."""

    __tablename__ = "sign_ups"
    __table_args__ = (
        UniqueConstraint("shift_id", "person_id", name="shift_person"),
        CheckConstraint(f"state IN {SIGN_UP_STATES}", name="state"),
    )

    shift_id: Mapped[UUID] = mapped_column(ForeignKey("shifts.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    state: Mapped[str] = mapped_column(String(12), default="active")
    signed_up_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Attendance(IdMixin, Base):
    """When a rider was there: in by a scan, out by a scan or closed for him at the end of the shift."""

    __tablename__ = "attendances"
    __table_args__ = (
        UniqueConstraint("shift_id", "person_id", name="shift_person"),
        CheckConstraint("signed_out_at >= signed_in_at", name="span"),
        CheckConstraint(f"in_how IN {HOW}", name="in_how"),
        CheckConstraint(f"out_how IN {HOW}", name="out_how"),
        CheckConstraint("(signed_out_at IS NULL) = (out_how IS NULL)", name="out_how_said"),
    )

    shift_id: Mapped[UUID] = mapped_column(ForeignKey("shifts.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    signed_in_at: Mapped[datetime] = mapped_column(UtcDateTime)
    signed_out_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    in_how: Mapped[str] = mapped_column(String(12), default="scanned")
    out_how: Mapped[str | None] = mapped_column(String(12))

    @property
    def auto_closed(self) -> bool:
        """Whether the sign-out was forgotten and the shift's end stands in for it."""
        return self.out_how == "closed"

    @property
    def basis(self) -> str:
        """How the time is known: proven by two scans, otherwise by whoever vouches for it."""
        return "proven" if self.in_how == self.out_how == "scanned" else "witnessed"


class Hours(IdMixin, Base):
    """One interval of service and how it is known. Rejected ones do not count; all others are disjoint per person."""

    __tablename__ = "hours"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="span"),
        CheckConstraint(f"minutes BETWEEN 1 AND {MAX_MINUTES}", name="minutes"),
        CheckConstraint(f"basis IN {BASES}", name="basis"),
        CheckConstraint(f"state IN {HOURS_STATES}", name="state"),
        CheckConstraint("confirmed_by IS NULL OR confirmed_by <> person_id", name="not_by_himself"),
        CheckConstraint("approved_by IS NULL OR approved_by <> person_id", name="not_approved_by_himself"),
        CheckConstraint("state <> 'confirmed' OR confirmed_at IS NOT NULL", name="confirmed_when"),
        CheckConstraint("void_at IS NULL OR state = 'rejected'", name="void"),
        CheckConstraint(
            "basis <> 'backfilled' OR state <> 'confirmed' OR "
            "(approved_by IS NOT NULL AND created_by IS NOT NULL AND approved_by <> created_by)",
            name="second_person",
        ),
        CheckConstraint(
            "basis <> 'backfilled' OR (reason IS NOT NULL AND length(reason) > 0)", name="reason"
        ),
        Index("ix_hours_person_span", "person_id", "starts_at"),
        Index("ix_hours_state_span", "state", "starts_at"),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    activity_id: Mapped[UUID] = mapped_column(ForeignKey("activities.id"), index=True)
    shift_id: Mapped[UUID | None] = mapped_column(ForeignKey("shifts.id"), index=True)
    attendance_id: Mapped[UUID | None] = mapped_column(ForeignKey("attendances.id"), index=True)
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    minutes: Mapped[int]
    basis: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(12), default="pending")
    reason: Mapped[str | None] = mapped_column(String(300))
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    approved_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    rejected_because: Mapped[str | None] = mapped_column(String(300))
    void_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # two persons found that they never were

    def must_be_pending(self) -> None:
        """Raises HoursDecided once somebody has confirmed or rejected them."""
        if self.state != "pending":
            raise HoursDecided(state=self.state)

    def confirm(self, by_id: UUID | None, at: datetime) -> None:
        """From pending to confirmed, by somebody else than the rider (the database checks that too)."""
        self.must_be_pending()
        self.state, self.confirmed_by, self.confirmed_at = "confirmed", by_id, at

    def reject(self, reason: str, by_id: UUID | None, at: datetime) -> None:
        """From pending to rejected, with the reason the rider will read."""
        self.must_be_pending()
        self.state, self.rejected_because = "rejected", reason
        self.confirmed_by, self.confirmed_at = by_id, at

    def void(self, reason: str, at: datetime) -> bool:
        """From confirmed to rejected, because they were found void. False if they do not count anyway."""
        if self.state != "confirmed":
            return False
        self.state, self.rejected_because, self.void_at = "rejected", reason, at
        return True


class HeadCount(IdMixin, Base):
    """Whoever leads a shift looked round while it ran: so many were signed in, so many were there."""

    __tablename__ = "head_counts"
    __table_args__ = (CheckConstraint("here BETWEEN 0 AND signed_in", name="here"),)

    shift_id: Mapped[UUID] = mapped_column(ForeignKey("shifts.id"), index=True)
    counted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    counted_by: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    signed_in: Mapped[int]
    here: Mapped[int]


class Head(IdMixin, Base):
    """One who was signed in when heads were counted: seen, or not. The latest look counts; none is ever changed."""

    __tablename__ = "heads"
    __table_args__ = (UniqueConstraint("count_id", "attendance_id", name="once"),)

    count_id: Mapped[UUID] = mapped_column(ForeignKey("head_counts.id"))
    attendance_id: Mapped[UUID] = mapped_column(ForeignKey("attendances.id"), index=True)
    looked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen: Mapped[bool]


class Training(IdMixin, Base):
    """A training that a rider finished, and who wrote it down. The same course on the same day counts once."""

    __tablename__ = "trainings"
    __table_args__ = (
        UniqueConstraint("person_id", "course", "finished_on", name="once_a_day"),
        CheckConstraint(f"course IN {COURSES}", name="course"),
        CheckConstraint(f"minutes BETWEEN 1 AND {MAX_MINUTES}", name="minutes"),
        CheckConstraint("basis IN ('witnessed', 'backfilled')", name="basis"),
        CheckConstraint("recorded_by <> person_id", name="not_by_himself"),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))  # indexed by once_a_day
    course: Mapped[str] = mapped_column(String(20))
    region_code: Mapped[str] = mapped_column(ForeignKey("regions.code"), index=True)
    minutes: Mapped[int]
    finished_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_on: Mapped[date]  # the city day of finished_at
    basis: Mapped[str] = mapped_column(String(12))
    recorded_by: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)


def changed(statement: Update) -> int:
    """Run a conditional UPDATE and say how many rows met its condition."""
    return int(session.execute(statement.execution_options(synchronize_session=False)).rowcount)  # type: ignore[attr-defined]


guards.no_overlap(Hours.__table__)  # type: ignore[arg-type]
guards.void_for_good(Activity.__table__)  # type: ignore[arg-type]
guards.none_of_a_void_activity(Hours.__table__)  # type: ignore[arg-type]
append_only(HeadCount.__table__)  # type: ignore[arg-type]
append_only(Head.__table__)  # type: ignore[arg-type]
