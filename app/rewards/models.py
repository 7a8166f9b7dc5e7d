"""What points buy, how many lie where, how each number came about, and the vouchers."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.kernel.clock import city_day, city_midnight
from app.kernel.db import Base, IdMixin, UtcDateTime, append_only, ddl_for
from app.kernel.i18n import pick
from app.rewards.errors import (
    UndoTooLate,
    VoucherCancelled,
    VoucherExpired,
    VoucherHandedOver,
    VoucherNotHandedOver,
    VoucherUndone,
)

GOODS, SERVICE = "goods", "service"
KINDS = (GOODS, SERVICE)

RESERVED, HANDED_OVER, CANCELLED, EXPIRED, UNDONE = (
    "reserved",
    "handed_over",
    "cancelled",
    "expired",
    "undone",
)
STATES = (RESERVED, HANDED_OVER, CANCELLED, EXPIRED, UNDONE)

DELIVERY, COUNT, WRITE_OFF, HAND_OVER, UNDO = "delivery", "count", "write_off", "hand_over", "undo"
MOVEMENTS = (DELIVERY, COUNT, WRITE_OFF, HAND_OVER, UNDO)

MAX_OPEN_VOUCHERS = 3  # per rider, so that nobody can keep a station's stock by reserving it
UNDO_WITHIN = timedelta(minutes=15)


class Reward(IdMixin, Base):
    """Goods or a service offered for points in a region. A withdrawn one stays, because vouchers point at it."""

    __tablename__ = "rewards"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint("points > 0", name="points_positive"),
        CheckConstraint("limit_per_month > 0", name="limit_positive"),
        CheckConstraint("pick_up_days BETWEEN 1 AND 60", name="pick_up_days"),
    )

    name_zh: Mapped[str] = mapped_column(String(60))
    name_en: Mapped[str] = mapped_column(String(60))
    words_zh: Mapped[str] = mapped_column(String(300), default="")
    words_en: Mapped[str] = mapped_column(String(300), default="")
    kind: Mapped[str] = mapped_column(String(12))
    points: Mapped[int]
    region_code: Mapped[str] = mapped_column(ForeignKey("regions.code"), index=True)
    limit_per_month: Mapped[int | None]
    pick_up_days: Mapped[int] = mapped_column(default=7)
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

    def pick_up_until(self, at: datetime) -> datetime:
        """The end of the last pick-up day: a rider who reserved at 14:02 is not turned away at 14:03."""
        return city_midnight(city_day(at) + timedelta(days=self.pick_up_days + 1))


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
    """One change of a stock. The number on hand is the sum of these; a trigger keeps it so."""

    __tablename__ = "stock_movements"
    __table_args__ = (
        CheckConstraint(f"kind IN {MOVEMENTS}", name="kind"),
        CheckConstraint(
            "(kind IN ('delivery', 'undo') AND quantity > 0) OR (kind IN ('write_off', 'hand_over') AND quantity < 0)"
            " OR kind = 'count'",
            name="sign",
        ),
        CheckConstraint("(kind IN ('hand_over', 'undo')) = (voucher_id IS NOT NULL)", name="voucher"),
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

    `open_slot` numbers the rider's open vouchers and `month_no` the rider's share of a reward in a month: two requests
    of one rider at the same moment cannot take the same number, so no limit can be passed by hurrying.
    """

    __tablename__ = "vouchers"
    __table_args__ = (
        UniqueConstraint("serial", name="serial"),
        UniqueConstraint("person_id", "open_slot", name="open_slot"),
        UniqueConstraint("person_id", "reward_id", "month", "month_no", name="month_no"),
        UniqueConstraint("hold_id", name="hold"),
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint("points > 0", name="points_positive"),
        CheckConstraint(f"open_slot BETWEEN 1 AND {MAX_OPEN_VOUCHERS}", name="open_slot"),
        CheckConstraint("(state = 'reserved') = (open_slot IS NOT NULL)", name="slot_while_reserved"),
        CheckConstraint(
            "(state IN ('handed_over', 'undone')) = (handed_over_at IS NOT NULL)", name="handed_over_at"
        ),
        CheckConstraint(
            "(state IN ('cancelled', 'expired', 'undone')) = (ended_at IS NOT NULL)", name="ended_at"
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
    month: Mapped[date]
    month_no: Mapped[int | None]
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
        if self.state == CANCELLED:
            raise VoucherCancelled(cancelled_at=self.ended_at)
        if self.state == EXPIRED or at >= self.expires_at:
            raise VoucherExpired(expired_at=self.expires_at)

    def must_be_undoable(self, at: datetime) -> None:
        """Refuse, with the reason, unless the hand-over was made within the last quarter of an hour."""
        if self.state == UNDONE:
            raise VoucherUndone(undone_at=self.ended_at)
        if self.handed_over_at is None:
            raise VoucherNotHandedOver
        if at - self.handed_over_at > UNDO_WITHIN:
            raise UndoTooLate(handed_over_at=self.handed_over_at)


def month_of(at: datetime) -> date:
    """The first day of the city month in which a limit counts."""
    return city_day(at).replace(day=1)


# --- guards that live in the database ------------------------------------------------------------------------------

append_only(StockMovement.__table__)  # type: ignore[arg-type]

_MOVE_ON_HAND = "UPDATE stock SET on_hand = on_hand + NEW.quantity WHERE id = NEW.stock_id"


def _pair(*create: str, drop: tuple[str, ...]) -> tuple[str, str]:
    return " ".join(create), "; ".join(drop)


ddl_for(
    StockMovement.__table__,  # type: ignore[arg-type]
    sqlite=_pair(
        "CREATE TRIGGER stock_movements_move_on_hand AFTER INSERT ON stock_movements",
        f"BEGIN {_MOVE_ON_HAND}; END",
        drop=("DROP TRIGGER IF EXISTS stock_movements_move_on_hand",),
    ),
    postgresql=_pair(
        "CREATE FUNCTION stock_movements_move_on_hand() RETURNS trigger LANGUAGE plpgsql AS",
        f"$$ BEGIN {_MOVE_ON_HAND}; RETURN NULL; END $$;",
        "CREATE TRIGGER stock_movements_move_on_hand AFTER INSERT ON stock_movements",
        "FOR EACH ROW EXECUTE FUNCTION stock_movements_move_on_hand()",
        drop=(
            "DROP TRIGGER IF EXISTS stock_movements_move_on_hand ON stock_movements",
            "DROP FUNCTION IF EXISTS stock_movements_move_on_hand()",
        ),
    ),
)

# A voucher changes only by moving forward, and what it promises never changes.
_KEPT = (
    "id",
    "serial",
    "person_id",
    "reward_id",
    "station_id",
    "stock_id",
    "hold_id",
    "points",
    "reserved_at",
    "expires_at",
)
_FORWARD = (
    "((OLD.state = 'reserved' AND NEW.state IN ('handed_over', 'cancelled', 'expired'))"
    " OR (OLD.state = 'handed_over' AND NEW.state = 'undone' AND NEW.handed_over_at = OLD.handed_over_at))"
    + "".join(f" AND NEW.{column} = OLD.{column}" for column in _KEPT)
)
_REFUSAL = "vouchers only move forward"


def _voucher_guard(name: str, action: str, condition: str) -> None:
    ddl_for(
        Voucher.__table__,  # type: ignore[arg-type]
        sqlite=_pair(
            f"CREATE TRIGGER {name} BEFORE {action} ON vouchers WHEN {condition}",
            f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END",
            drop=(f"DROP TRIGGER IF EXISTS {name}",),
        ),
        postgresql=_pair(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS",
            f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}' USING ERRCODE = 'check_violation'; END $$;",
            f"CREATE TRIGGER {name} BEFORE {action} ON vouchers FOR EACH ROW WHEN ({condition})",
            f"EXECUTE FUNCTION {name}()",
            drop=(f"DROP TRIGGER IF EXISTS {name} ON vouchers", f"DROP FUNCTION IF EXISTS {name}()"),
        ),
    )


_voucher_guard("vouchers_forward_update", "UPDATE", f"NOT ({_FORWARD})")
_voucher_guard("vouchers_forward_delete", "DELETE", "1 = 1")
