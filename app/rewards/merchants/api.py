"""Merchants: who is settled with for several stations, which stations are theirs, what they are owed."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from flask import Response

from app.identity.actors import Actor
from app.kernel import clock
from app.kernel.http import (
    Api,
    attachment,
    gives,
    gives_file,
    gives_page,
    idempotent,
    requires,
    takes,
    takes_query,
)
from app.kernel.paging import Page
from app.kernel.schemas import PageQuery
from app.kernel.sheets import XLSX
from app.rewards.books.schemas import SettleMonth
from app.rewards.books.statements import PDF, statement_pdf, statement_xlsx
from app.rewards.merchants import belonging, settling
from app.rewards.merchants.models import Merchant, MerchantStation
from app.rewards.merchants.schemas import (
    FromMonth,
    MerchantMonthRead,
    MerchantRead,
    NameMerchant,
    StationFromMonth,
    TurnRead,
)
from app.rewards.merchants.settling import MerchantMonth

api = Api("merchants", "", "Merchants that are settled with for several stations")


@api.get("/merchants")
@requires("ledger.read")
@takes_query(PageQuery)
@gives_page(MerchantRead)
def list_merchants(cursor: str | None, limit: int, by: Actor) -> Page[Merchant]:
    """The merchants of my regions, newest first"""
    return belonging.merchants(by=by, cursor=cursor, limit=limit)


@api.post("/merchants")
@requires("rewards.manage")
@idempotent
@takes(NameMerchant)
@gives(MerchantRead, 201)
def name_merchant(name: str, region_code: str, by: Actor) -> Merchant:
    """Name somebody who is settled with"""
    return belonging.name_merchant(name=name, region_code=region_code, by=by, at=clock.now())


@api.post("/merchants/<uuid:merchant_id>/stations")
@requires("rewards.manage")
@takes(StationFromMonth)
@gives(TurnRead)
def attach_station(merchant_id: UUID, station_id: UUID, from_month: date, by: Actor) -> MerchantStation:
    """From this month on the station is settled with this merchant"""
    return belonging.attach(
        merchant_id=merchant_id, station_id=station_id, from_month=from_month, by=by, at=clock.now()
    )


@api.post("/merchants/<uuid:merchant_id>/stations/<uuid:station_id>/release")
@requires("rewards.manage")
@takes(FromMonth)
@gives(TurnRead)
def release_station(merchant_id: UUID, station_id: UUID, from_month: date, by: Actor) -> MerchantStation:
    """From this month on the station is settled with for itself again"""
    return belonging.release(
        merchant_id=merchant_id, station_id=station_id, from_month=from_month, by=by, at=clock.now()
    )


@api.get("/merchants/<uuid:merchant_id>/statements")
@requires("ledger.read")
@takes_query(PageQuery)
@gives_page(MerchantMonthRead)
def list_statements(merchant_id: UUID, cursor: str | None, limit: int, by: Actor) -> Page[MerchantMonth]:
    """A merchant's statements, newest first"""
    return settling.months_of(merchant_id, by=by, cursor=cursor, limit=limit)


@api.post("/merchants/<uuid:merchant_id>/statements")
@requires("rewards.manage")
@idempotent
@takes(SettleMonth)
@gives(MerchantMonthRead, 201)
def settle_merchant(merchant_id: UUID, month: date, by: Actor) -> MerchantMonth:
    """Make the statement of a month that is over, over all stations of the merchant"""
    return settling.settle_merchant(merchant_id=merchant_id, month=month, by=by, at=clock.now())


@api.get("/merchant-statements/<uuid:merchant_statement_id>")
@requires("ledger.read")
@gives(MerchantMonthRead)
def read_statement(merchant_statement_id: UUID, by: Actor) -> MerchantMonth:
    """One statement, with those of its stations"""
    return settling.merchant_month(merchant_statement_id, by)


@api.get("/merchant-statements/<uuid:merchant_statement_id>/statement.pdf")
@requires("ledger.read")
@gives_file(PDF)
def read_merchant_statement_pdf(merchant_statement_id: UUID, by: Actor) -> Response:
    """The statement to sign on; asked again, the same bytes"""
    made = settling.merchant_month(merchant_statement_id, by).statement
    return attachment(statement_pdf(made), PDF, f"{made.number}.pdf")


@api.get("/merchant-statements/<uuid:merchant_statement_id>/statement.xlsx")
@requires("ledger.read")
@gives_file(XLSX)
def read_merchant_statement_xlsx(merchant_statement_id: UUID, by: Actor) -> Response:
    """The same with every single entry and its station"""
    made = settling.merchant_month(merchant_statement_id, by).statement
    return attachment(statement_xlsx(made), XLSX, f"{made.number}.xlsx")


@api.post("/merchant-statements/<uuid:merchant_statement_id>/sign")
@requires("rewards.manage")
@gives(MerchantMonthRead)
def sign_statement(merchant_statement_id: UUID, by: Actor) -> MerchantMonth:
    """The department has checked it: the statement of each station is signed"""
    return settling.sign(statement_id=merchant_statement_id, by=by, at=clock.now())


@api.post("/merchant-statements/<uuid:merchant_statement_id>/paid")
@requires("rewards.manage")
@idempotent
@gives(MerchantMonthRead)
def mark_statement_paid(merchant_statement_id: UUID, by: Actor) -> MerchantMonth:
    """The merchant was paid for all its stations, by somebody other than who signed"""
    return settling.mark_paid(statement_id=merchant_statement_id, by=by, at=clock.now())
