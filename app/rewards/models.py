"""What points buy, how many lie where, how each number came about, and the vouchers."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.kernel.db import Base, IdMixin, Json, UtcDateTime
from app.kernel.i18n import pick
from app.rewards import guards
from app.rewards.errors import (
    UndoTooLate,
    VoucherCancelled,
    VoucherExpired,
    VoucherHandedOver,
    VoucherNotHandedOver,
    VoucherRefunded,
    VoucherUndone,
)
from app.rewards.kinds import KINDS
from app.rewards.kinds.shape import Kind
from app.rewards.limits import PERIODS

RESERVED, HANDED_OVER, CANCELLED, EXPIRED, UNDONE, REFUNDED = (
    "reserved",
    "handed_over",
    "cancelled",
    "expired",
    "undone",
    "refunded",
)
STATES = (RESERVED, HANDED_OVER, CANCELLED, EXPIRED, UNDONE, REFUNDED)

DELIVERY, COUNT, WRITE_OFF, HAND_OVER, UNDO, REFUND = (
    "delivery",
    "count",
    "write_off",
    "hand_over",
    "undo",
    "refund",
)
MOVEMENTS = (DELIVERY, COUNT, WRITE_OFF, HAND_OVER, UNDO, REFUND)
AT_THE_COUNTER = (HAND_OVER, UNDO, REFUND)  # the movements that make a station's day list

MAX_OPEN_VOUCHERS = 3  # per rider, so that nobody can keep a station's stock by reserving it
UNDO_WITHIN = timedelta(minutes=15)


class Reward(IdMixin, Base):
    """Something offered for points in a region. A withdrawn one stays, because vouchers point at it.

    `kind` names one of `rewards.kinds`; a new kind needs no migration. `pick_up_hours` has the shape of a station's
    hours and narrows them: seven days from Monday, each a list of [from, until]; None is whenever the doors are open.
    """

    __tablename__ = "rewards"
    __table_args__ = (
        CheckConstraint("points > 0", name="points_positive"),
        CheckConstraint("limit_count > 0", name="limit_positive"),
        CheckConstraint(f"limit_period IN {PERIODS}", name="limit_period"),
        CheckConstraint("(limit_count IS NULL) = (limit_period IS NULL)", name="limit_whole"),
        CheckConstraint("pick_up_days BETWEEN 1 AND 60", name="pick_up_days"),
    )

    name_zh: Mapped[str] = mapped_column(String(60))
    name_en: Mapped[str] = mapped_column(String(60))
    words_zh: Mapped[str] = mapped_column(String(300), default="")
    words_en: Mapped[str] = mapped_column(String(300), default="")
    kind: Mapped[str] = mapped_column(String(12))
    points: Mapped[int]
    region_code: Mapped[str] = mapped_column(ForeignKey("regions.code"), index=True)
    limit_count: Mapped[int | None]
    limit_period: Mapped[str | None] = mapped_column(String(8))
    pick_up_days: Mapped[int] = mapped_column(default=7)
    pick_up_hours: Mapped[list[list[list[str]]] | None] = mapped_column(Json)
    photo_id: Mapped[UUID | None] = mapped_column(ForeignKey("media.id"), index=True)
    active: Mapped[bool] = mapped_column(default=True)
    is_demo: Mapped[bool] = mapped_column(default=False)
    offered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def name(self) -> str:
        return pick(self.name_zh, self.name_en)

    @property
    def words(self) -> str:
        return pick(self.words_zh, self.words_en)

    @property
    def of_kind(self) -> Kind:
        return KINDS[self.kind]


class Stock(IdMixin, Base):
    """How many of a reward lie at a station, and how many of those are promised to vouchers."""

    __tablename__ = "stock"
    __table_args__ = (
        UniqueConstraint("reward_id", "station_id", name="reward_station"),
        CheckConstraint("on_hand >= 0", name="on_hand_not_negative"),
        CheckConstraint("held >= 0", name="held_not_negative"),
        CheckConstraint("on_hand - held >= 0", name="no_oversell"),
    )

    reward_id: Mapped[UUID] = mapped_column(ForeignKey("rewards.id"))  # indexed by reward_station
    station_id: Mapped[UUID] = mapped_column(ForeignKey("stations.id"), index=True)
    on_hand: Mapped[int] = mapped_column(default=0)  # moved by the trigger below only
    held: Mapped[int] = mapped_column(default=0)

    @property
    def free(self) -> int:
        return self.on_hand - self.held


class StockMovement(IdMixin, Base):
    """One change of a stock. The number on hand is the sum of these; a trigger keeps it so.

    A refund moves nothing (0) when the thing did not come back.
    """

    __tablename__ = "stock_movements"
    __table_args__ = (
        CheckConstraint(f"kind IN {MOVEMENTS}", name="kind"),
        CheckConstraint(
            "(kind IN ('delivery', 'undo') AND quantity > 0) OR (kind IN ('write_off', 'hand_over') AND quantity < 0)"
            " OR (kind = 'refund' AND quantity IN (0, 1)) OR kind = 'count'",
            name="sign",
        ),
        CheckConstraint(f"(kind IN {AT_THE_COUNTER}) = (voucher_id IS NOT NULL)", name="voucher"),
        CheckConstraint("kind <> 'write_off' OR reason IS NOT NULL", name="write_off_reason"),
        CheckConstraint("kind <> 'count' OR quantity = 0 OR reason IS NOT NULL", name="difference_reason"),
        UniqueConstraint("voucher_id", "kind", name="once_per_voucher"),
        Index("ix_stock_movements_stock_id_at", "stock_id", "at"),
    )

    stock_id: Mapped[UUID] = mapped_column(ForeignKey("stock.id"))
    kind: Mapped[str] = mapped_column(String(12))
    quantity: Mapped[int]
    reason: Mapped[str | None] = mapped_column(String(200))
    voucher_id: Mapped[UUID | None] = mapped_column(ForeignKey("vouchers.id"))
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    stock: Mapped[Stock] = relationship(lazy="raise", viewonly=True)


class Voucher(IdMixin, Base):
    """A promise of one reward at one station, paid for with held points, good once.

    `open_slot` numbers the rider's open vouchers and `share_no` the rider's share of a reward in the period that began
    on `period_on`: two requests of one rider at the same moment cannot take the same number, so no limit can be passed
    by hurrying. `reserved_by` is set when a member of staff reserved it for the rider.
    """

    __tablename__ = "vouchers"
    __table_args__ = (
        UniqueConstraint("serial", name="serial"),
        UniqueConstraint("person_id", "open_slot", name="open_slot"),
        UniqueConstraint("person_id", "reward_id", "period_on", "share_no", name="share_no"),
        UniqueConstraint("hold_id", name="hold"),
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint("points > 0", name="points_positive"),
        CheckConstraint(f"open_slot BETWEEN 1 AND {MAX_OPEN_VOUCHERS}", name="open_slot"),
        CheckConstraint("(state = 'reserved') = (open_slot IS NOT NULL)", name="slot_while_reserved"),
        CheckConstraint(
            "(state IN ('handed_over', 'undone', 'refunded')) = (handed_over_at IS NOT NULL)",
            name="handed_over_at",
        ),
        CheckConstraint(
            "(state IN ('cancelled', 'expired', 'undone', 'refunded')) = (ended_at IS NOT NULL)",
            name="ended_at",
        ),
        Index("ix_vouchers_state_expires_at", "state", "expires_at"),
        Index("ix_vouchers_station_id_handed_over_at", "station_id", "handed_over_at"),
    )

    serial: Mapped[str] = mapped_column(String(13))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))  # indexed by open_slot
    reward_id: Mapped[UUID] = mapped_column(ForeignKey("rewards.id"), index=True)
    station_id: Mapped[UUID] = mapped_column(ForeignKey("stations.id"))
    stock_id: Mapped[UUID] = mapped_column(ForeignKey("stock.id"), index=True)
    hold_id: Mapped[UUID]
    points: Mapped[int]
    state: Mapped[str] = mapped_column(String(12), default=RESERVED)
    open_slot: Mapped[int | None]
    period_on: Mapped[date]
    share_no: Mapped[int | None]
    reserved_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    reserved_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    handed_over_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    handed_over_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)

    @property
    def undo_until(self) -> datetime | None:
        return self.handed_over_at + UNDO_WITHIN if self.handed_over_at else None

    def seconds_left(self, at: datetime) -> int:
        """How long it can still be picked up."""
        return max(0, int((self.expires_at - at).total_seconds()))

    def can_be_picked_up(self, at: datetime) -> bool:
        return self.state == RESERVED and at < self.expires_at

    def must_be_waiting(self, at: datetime) -> None:
        """Refuse, with the reason, unless this voucher can still be picked up."""
        if self.state == HANDED_OVER:
            raise VoucherHandedOver(handed_over_at=self.handed_over_at)
        if self.state == UNDONE:
            raise VoucherUndone(undone_at=self.ended_at)
        if self.state == REFUNDED:
            raise VoucherRefunded(refunded_at=self.ended_at)
        if self.state == CANCELLED:
            raise VoucherCancelled(cancelled_at=self.ended_at)
        if self.state == EXPIRED or at >= self.expires_at:
            raise VoucherExpired(expired_at=self.expires_at)

    def must_be_undoable(self, at: datetime) -> None:
        """Refuse, with the reason, unless the hand-over was made within the last quarter of an hour."""
        handed_over_at = self._must_stand()
        if at - handed_over_at > UNDO_WITHIN:
            raise UndoTooLate(handed_over_at=handed_over_at)

    def must_be_refundable(self) -> None:
        """Refuse, with the reason, unless it was handed over and not taken back since."""
        self._must_stand()

    def _must_stand(self) -> datetime:
        if self.state == UNDONE:
            raise VoucherUndone(undone_at=self.ended_at)
        if self.state == REFUNDED:
            raise VoucherRefunded(refunded_at=self.ended_at)
        if self.handed_over_at is None:
            raise VoucherNotHandedOver
        return self.handed_over_at


guards.attach(movements=StockMovement.__table__, vouchers=Voucher.__table__)  # type: ignore[arg-type]
