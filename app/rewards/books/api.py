"""The station's side of rewards: its shelf, its day, what it may ask the department for, and what it is owed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from flask import Response

from app.identity.actors import Actor
from app.identity.edge import named_caller
from app.identity.signing_in import normal_phone
from app.kernel import clock
from app.kernel.http import (
    Api,
    attachment,
    gives,
    gives_file,
    gives_page,
    idempotent,
    limited,
    requires,
    takes,
    takes_query,
    traced,
)
from app.kernel.limits import Limit
from app.kernel.paging import Page
from app.kernel.sheets import XLSX
from app.rewards import ordering, queries, stocking
from app.rewards.books import closing, refunding, settling
from app.rewards.books import queries as books
from app.rewards.books.closing import Counted
from app.rewards.books.models import DayClose, Refund, Settlement
from app.rewards.books.queries import ClosedDay, RefundDetail, StationDay
from app.rewards.books.schemas import (
    AskRefund,
    CloseDay,
    ClosedDayRead,
    DayCloseRead,
    DecideRefund,
    RefundDetailRead,
    RefundQuery,
    RefundRead,
    ReopenDay,
    ReserveOnBehalf,
    SettlementQuery,
    SettlementRead,
    SettleMonth,
    StationDayRead,
)
from app.rewards.books.statements import PDF, statement_pdf, statement_xlsx
from app.rewards.models import Stock, StockMovement
from app.rewards.queries import ShelfItem, VoucherDetail
from app.rewards.schemas import (
    Delivery,
    MovementRead,
    ShelfItemRead,
    StockCount,
    StockRead,
    VoucherRead,
    WriteOff,
)

api = Api("stations-rewards", "", "A station's shelf, day, refunds and settlement")

ON_BEHALF = Limit("voucher-on-behalf", tries=60, per_s=3600)


# --- the shelf -----------------------------------------------------------------------------------------------------


@api.get("/stations/<uuid:station_id>/stock")
@requires("station.scan")
@gives(ShelfItemRead, many=True)
def read_stock(station_id: UUID, by: Actor) -> Sequence[ShelfItem]:
    """What lies at a station"""
    by.must("station.scan", station_id=station_id)
    return queries.station_stock(station_id)


@api.get("/stations/<uuid:station_id>/stock/movements")
@requires("station.stock")
@gives_page(MovementRead)
def list_movements(station_id: UUID, cursor: str | None, limit: int, by: Actor) -> Page[StockMovement]:
    """How it came about, newest first"""
    by.must("station.stock", station_id=station_id)
    return queries.movements_at(station_id, cursor, limit)


@api.post("/stations/<uuid:station_id>/stock/deliveries")
@requires("station.stock")
@idempotent
@takes(Delivery)
@gives(StockRead, 201)
def record_delivery(station_id: UUID, reward_id: UUID, quantity: int, reason: str | None, by: Actor) -> Stock:
    """Put a delivery on the shelf"""
    return stocking.deliver(
        reward_id=reward_id, station_id=station_id, quantity=quantity, reason=reason, by=by, at=clock.now()
    )


@api.post("/stations/<uuid:station_id>/stock/counts")
@requires("station.stock")
@idempotent
@takes(StockCount)
@gives(StockRead, 201)
def record_count(station_id: UUID, reward_id: UUID, counted: int, reason: str | None, by: Actor) -> Stock:
    """Write down what was counted"""
    return stocking.count(
        reward_id=reward_id, station_id=station_id, counted=counted, reason=reason, by=by, at=clock.now()
    )


@api.post("/stations/<uuid:station_id>/stock/write-offs")
@requires("station.stock")
@idempotent
@takes(WriteOff)
@gives(StockRead, 201)
def record_write_off(station_id: UUID, reward_id: UUID, quantity: int, reason: str, by: Actor) -> Stock:
    """Take broken or lost items off the shelf"""
    return stocking.write_off(
        reward_id=reward_id, station_id=station_id, quantity=quantity, reason=reason, by=by, at=clock.now()
    )


# --- vouchers for riders without a phone ---------------------------------------------------------------------------


@api.post("/stations/<uuid:station_id>/vouchers")
@requires("station.scan")
@limited(ON_BEHALF, named_caller)
@idempotent
@takes(ReserveOnBehalf)
@gives(VoucherRead, 201)
def reserve_on_behalf(station_id: UUID, phone: str, reward_id: UUID, reason: str, by: Actor) -> VoucherDetail:
    """Reserve for a rider who has no phone at hand; the rider is told, the audit log knows who did it"""
    made = ordering.reserve_on_behalf(
        phone=normal_phone(phone),
        reward_id=reward_id,
        station_id=station_id,
        reason=reason,
        by=by,
        at=clock.now(),
    )
    return queries.detail_of(made)


# --- the day -------------------------------------------------------------------------------------------------------


@api.get("/stations/<uuid:station_id>/day")
@requires("station.scan")
@traced("day.seen")
@gives(StationDayRead)
def read_station_day(station_id: UUID, by: Actor) -> StationDay:
    """What went over the counter since the last closing, and what waits"""
    by.must("station.scan", station_id=station_id)
    return books.today_at(station_id, clock.now())


@api.get("/stations/<uuid:station_id>/closes")
@requires("station.stock")
@gives_page(DayCloseRead)
def list_closed_days(station_id: UUID, cursor: str | None, limit: int, by: Actor) -> Page[DayClose]:
    """Days that were closed, newest first"""
    by.must("station.stock", station_id=station_id)
    return books.closed_days(station_id, cursor, limit)


@api.post("/stations/<uuid:station_id>/closes")
@requires("station.stock")
@idempotent
@takes(CloseDay)
@gives(DayCloseRead, 201)
def close_station_day(station_id: UUID, day: date, counts: list[dict[str, Any]], by: Actor) -> DayClose:
    """Close a day: what lies there is counted, the list is locked"""
    counted = [Counted(**each) for each in counts]
    return closing.close_day(station_id=station_id, day=day, counts=counted, by=by, at=clock.now())


@api.get("/closes/<uuid:close_id>")
@requires("self")
@traced("day.seen")
@gives(ClosedDayRead)
def read_closed_day(close_id: UUID, by: Actor) -> ClosedDay:
    """A closed day with its list and counts"""
    return books.closed_day(close_id, by=by)


@api.post("/closes/<uuid:close_id>/reopen")
@requires("station.stock")
@takes(ReopenDay)
@gives(DayCloseRead)
def reopen_station_day(close_id: UUID, reason: str, by: Actor) -> DayClose:
    """Open the last closed day again, by somebody other than who closed it"""
    return closing.reopen_day(close_id=close_id, reason=reason, by=by, at=clock.now())


# --- refunds -------------------------------------------------------------------------------------------------------


@api.post("/redemptions/<uuid:voucher_id>/refund")
@requires("self")
@idempotent
@takes(AskRefund)
@gives(RefundRead, 201)
def ask_for_refund(voucher_id: UUID, reason: str, came_back: bool, by: Actor) -> Refund:
    """Ask for a hand-over to be taken back after its quarter of an hour"""
    return refunding.ask_refund(
        voucher_id=voucher_id, reason=reason, came_back=came_back, by=by, at=clock.now()
    )


@api.get("/refunds")
@requires("self")
@traced("refunds.seen")
@takes_query(RefundQuery)
@gives_page(RefundDetailRead)
def list_refunds(state: str | None, cursor: str | None, limit: int, by: Actor) -> Page[RefundDetail]:
    """Refunds of the stations the caller answers for, newest first"""
    return books.refunds(by=by, state=state, cursor=cursor, limit=limit)


@api.post("/refunds/<uuid:refund_id>/decision")
@requires("rewards.manage")
@idempotent
@takes(DecideRefund)
@gives(RefundRead)
def decide_on_refund(refund_id: UUID, approved: bool, by: Actor) -> Refund:
    """The second person's answer; approved, points and stock go back at once"""
    return refunding.decide_refund(refund_id=refund_id, approved=approved, by=by, at=clock.now())


# --- statements ----------------------------------------------------------------------------------------------------


@api.post("/stations/<uuid:station_id>/settlements")
@requires("self")
@idempotent
@takes(SettleMonth)
@gives(SettlementRead, 201)
def settle_month(station_id: UUID, month: date, by: Actor) -> Settlement:
    """Make the statement of a month that is over"""
    return settling.settle(station_id=station_id, month=month, by=by, at=clock.now())


@api.get("/settlements")
@requires("self")
@takes_query(SettlementQuery)
@gives_page(SettlementRead)
def list_settlements(station_id: UUID | None, cursor: str | None, limit: int, by: Actor) -> Page[Settlement]:
    """Statements of the stations the caller answers for, newest first"""
    return books.settlements(by=by, station_id=station_id, cursor=cursor, limit=limit)


@api.get("/settlements/<uuid:settlement_id>")
@requires("self")
@gives(SettlementRead)
def read_settlement(settlement_id: UUID, by: Actor) -> Settlement:
    """One statement"""
    return books.settlement(settlement_id, by=by)


@api.get("/settlements/<uuid:settlement_id>/statement.pdf")
@requires("self")
@gives_file(PDF)
def read_statement_pdf(settlement_id: UUID, by: Actor) -> Response:
    """The statement to sign on; asked again, the same bytes"""
    made = books.settlement(settlement_id, by=by)
    return attachment(statement_pdf(made), PDF, f"{made.number}.pdf")


@api.get("/settlements/<uuid:settlement_id>/statement.xlsx")
@requires("self")
@gives_file(XLSX)
def read_statement_xlsx(settlement_id: UUID, by: Actor) -> Response:
    """The same with every single entry"""
    made = books.settlement(settlement_id, by=by)
    return attachment(statement_xlsx(made), XLSX, f"{made.number}.xlsx")


@api.post("/settlements/<uuid:settlement_id>/sign")
@requires("rewards.manage")
@gives(SettlementRead)
def sign_settlement(settlement_id: UUID, by: Actor) -> Settlement:
    """The department has checked it"""
    return settling.sign(settlement_id=settlement_id, by=by, at=clock.now())


@api.post("/settlements/<uuid:settlement_id>/paid")
@requires("rewards.manage")
@idempotent
@gives(SettlementRead)
def mark_settlement_paid(settlement_id: UUID, by: Actor) -> Settlement:
    """The station was paid: its account is cleared, by somebody other than who signed"""
    return settling.mark_paid(settlement_id=settlement_id, by=by, at=clock.now())
