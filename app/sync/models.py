"""Devices that may work without a signal, the lease that bounds what they may do, and the journal of what came back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, IdMixin, Json, UtcDateTime, ddl_for
from app.sync.errors import ConflictDecided, DeviceRevoked

# --- how far an offline station is trusted -------------------------------------------------------------------------

LEASE_LIVES = timedelta(hours=24)
LEASE_POINTS = 200  # the most that one station can lose in one day
PER_RIDER_A_DAY = 1  # rewards without a voucher, for one rider
CODE_LIVES = timedelta(minutes=15)
LATEST = timedelta(hours=72)  # after that an item goes to a person
MAX_SKEW_S = 120
SEEN_WITHIN = timedelta(days=30)

# --- what an item is, and what became of it --------------------------------------------------------------------------

CHECKIN, SCAN, REDEEM, VOUCHER = "checkin", "scan", "redeem", "voucher"
KINDS = (CHECKIN, SCAN, REDEEM, VOUCHER)

WAITING, COUNTED, ALREADY, REFUSED, REVIEW = "waiting", "counted", "already", "refused", "review"
STATES = (WAITING, COUNTED, ALREADY, REFUSED, REVIEW)

COUNT, CHARGE, WRITE_OFF, REFUSE = "count", "charge", "write-off", "refuse"
DECISIONS = (COUNT, CHARGE, WRITE_OFF, REFUSE)

AWAKE, ASLEEP = "awake", "asleep"


class StationDevice(IdMixin, Base):
    """A tablet or PC that may take scans at a station without a signal. Its private key never leaves it."""

    __tablename__ = "station_devices"

    station_id: Mapped[UUID] = mapped_column(ForeignKey("stations.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    public_key: Mapped[str] = mapped_column(String(100))  # P-256 point, base64url
    enrolled_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    enrolled_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def must_be_in_use(self) -> None:
        """Refuse a device that was taken out of use."""
        if self.revoked_at is not None:
            raise DeviceRevoked


class EnrolmentCode(IdMixin, Base):
    """Eight characters that a member of staff types into a device, once and within a quarter of an hour."""

    __tablename__ = "enrolment_codes"
    __table_args__ = (UniqueConstraint("code_hash", name="code_hash"),)

    station_id: Mapped[UUID] = mapped_column(ForeignKey("stations.id"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64))
    made_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Lease(IdMixin, Base):
    """A station's single permission to work without a signal: which device, until when, for how many points.

    `heard_at` is the last instant up to which the device has told everything. `points_used` is what was given on trust,
    `points_lost` the part of it that no wallet paid. Neither can pass `points_limit`, whatever a device sends: that is
    the bound on the worst loss.
    """

    __tablename__ = "leases"
    __table_args__ = (
        Index(
            "uq_leases_one_open",
            "station_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        CheckConstraint("points_used BETWEEN 0 AND points_limit", name="within_limit"),
        CheckConstraint("points_lost BETWEEN 0 AND points_used", name="bounded_loss"),
    )

    device_id: Mapped[UUID] = mapped_column(ForeignKey("station_devices.id"), index=True)
    station_id: Mapped[UUID] = mapped_column(ForeignKey("stations.id"), index=True)
    granted_to: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    granted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    points_limit: Mapped[int]
    points_used: Mapped[int] = mapped_column(default=0)
    points_lost: Mapped[int] = mapped_column(default=0)
    told: Mapped[int] = mapped_column(default=0)  # how many entries the device says its log has
    heard_at: Mapped[datetime] = mapped_column(UtcDateTime)
    asleep_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the device was put away, not cut off
    said_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when its newest message was, by its clock
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SyncItem(IdMixin, Base):
    """One thing done without a signal, as it was sent, and what became of it. The id is made where it happened.

    The primary key and the place in the log make it count once, however often and in whatever order it arrives.
    """

    __tablename__ = "sync_items"
    __table_args__ = (
        UniqueConstraint("lease_id", "seq", name="lease_seq"),
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint("(state = 'waiting') = (settled_at IS NULL)", name="settled_at"),
        Index("ix_sync_items_state_happened_at", "state", "happened_at"),
        Index("ix_sync_items_person_id_happened_at", "person_id", "happened_at"),
    )

    kind: Mapped[str] = mapped_column(String(8))
    body: Mapped[str] = mapped_column(Text)
    person_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("people.id")
    )  # whose: the phone's rider, or whom it shows
    station_id: Mapped[UUID | None] = mapped_column(ForeignKey("stations.id"), index=True)
    lease_id: Mapped[UUID | None] = mapped_column(ForeignKey("leases.id"))
    seq: Mapped[int | None]
    prev_hash: Mapped[str | None] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
    signature: Mapped[str | None] = mapped_column(String(100))
    clock_offset_s: Mapped[int] = mapped_column(default=0)
    happened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    arrived_at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(8), default=WAITING)
    slug: Mapped[str | None] = mapped_column(String(40))
    words: Mapped[dict[str, str] | None] = mapped_column(Json)
    points: Mapped[int | None]
    checkin_id: Mapped[UUID | None] = mapped_column(ForeignKey("checkins.id"), index=True)
    voucher_id: Mapped[UUID | None] = mapped_column(ForeignKey("vouchers.id"), index=True)

    @property
    def of_station(self) -> bool:
        """Whether a station's device made it (else a rider's phone)."""
        return self.lease_id is not None

    @property
    def of_goods(self) -> bool:
        """Whether something went over the counter."""
        return self.kind in (REDEEM, VOUCHER)

    @property
    def known_at(self) -> datetime:
        """When it happened, as far as that can be: never after it arrived."""
        return min(self.happened_at, self.arrived_at)


class SaidPosition(Base):
    """Where a phone said to be as it scanned a poster, WGS-84: kept apart, and only until its item is settled."""

    __tablename__ = "sync_positions"

    item_id: Mapped[UUID] = mapped_column(ForeignKey("sync_items.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    lat: Mapped[float]
    lng: Mapped[float]
    accuracy_m: Mapped[int | None]


class Conflict(IdMixin, Base):
    """An item that no rule can judge: evidence for a person, and what that person decided, once."""

    __tablename__ = "sync_conflicts"
    __table_args__ = (
        UniqueConstraint("item_id", name="item"),
        CheckConstraint("(decided_at IS NULL) = (decision IS NULL)", name="decided"),
        CheckConstraint(f"decision IN {DECISIONS}", name="decision"),
        CheckConstraint("loss BETWEEN 0 AND points", name="loss"),
        Index("ix_sync_conflicts_region_code_decided_at", "region_code", "decided_at"),
    )

    item_id: Mapped[UUID] = mapped_column(ForeignKey("sync_items.id"))
    slug: Mapped[str] = mapped_column(String(40))
    region_code: Mapped[str] = mapped_column(ForeignKey("regions.code"))
    station_id: Mapped[UUID] = mapped_column(ForeignKey("stations.id"), index=True)
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    evidence: Mapped[dict[str, Any]] = mapped_column(Json)
    points: Mapped[int] = mapped_column(default=0)  # what was handed over is worth
    loss: Mapped[int] = mapped_column(
        default=0
    )  # the part of it that lies on the account for unmatched hand-overs
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decision: Mapped[str | None] = mapped_column(String(10))
    note: Mapped[str | None] = mapped_column(String(200))
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def decisions(self) -> tuple[str, ...]:
        """How it can be decided: a presence counts or not; goods are gone, so somebody bears them."""
        return (CHARGE, WRITE_OFF, REFUSE) if self.points else (COUNT, REFUSE)

    def must_be_open(self) -> None:
        """Refuse to decide twice."""
        if self.decided_at is not None:
            raise ConflictDecided(decided_at=self.decided_at)


class Turn(Base):
    """One row. Whoever settles items holds it, so that two batches at once are still applied in one order."""

    __tablename__ = "sync_turns"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)


# --- guards that live in the database --------------------------------------------------------------------------------

_KEPT = ("kind", "body", "hash", "happened_at", "arrived_at")
_FORWARD = (
    "(OLD.state = 'waiting' OR NEW.state = OLD.state"
    " OR (OLD.state = 'review' AND NEW.state IN ('counted', 'refused')))"
    + "".join(f" AND NEW.{column} = OLD.{column}" for column in _KEPT)
)
_GUARDS = (
    (
        "sync_items",
        SyncItem,
        "UPDATE",
        f"NOT ({_FORWARD})",
        "what came in stays as it came, and is settled once",
    ),
    ("sync_items", SyncItem, "DELETE", "1 = 1", "nothing that came in is lost"),
    ("sync_conflicts", Conflict, "UPDATE", "OLD.decided_at IS NOT NULL", "a conflict is decided once"),
    ("sync_conflicts", Conflict, "DELETE", "1 = 1", "a conflict is never lost"),
)


def _guard(table: str, model: type[Base], action: str, condition: str, words: str) -> None:
    name = f"{table}_guard_{action.lower()}"
    on = f"BEFORE {action} ON {table}"
    raising = f"BEGIN RAISE EXCEPTION '{words}' USING ERRCODE = 'check_violation'; END"
    function = f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {raising} $$;"
    trigger = f"CREATE TRIGGER {name} {on} FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION {name}()"
    ddl_for(
        model.__table__,  # type: ignore[arg-type]
        sqlite=(
            f"CREATE TRIGGER {name} {on} WHEN {condition} BEGIN SELECT RAISE(ABORT, '{words}'); END",
            f"DROP TRIGGER IF EXISTS {name}",
        ),
        postgresql=(
            f"{function} {trigger}",
            f"DROP TRIGGER IF EXISTS {name} ON {table}; DROP FUNCTION IF EXISTS {name}()",
        ),
    )


for _each in _GUARDS:
    _guard(*_each)
