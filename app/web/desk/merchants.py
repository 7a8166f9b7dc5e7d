"""Merchants: naming them, which stations are theirs from which month on, and what they are owed."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import fields, validate

from app.identity.actors import Actor
from app.kernel import clock
from app.kernel.clock import city_day
from app.kernel.http import requires, takes_form, takes_query
from app.kernel.schemas import Day, Line, Schema
from app.places import queries as places
from app.rewards.books import queries as books
from app.rewards.books.models import MADE, SIGNED
from app.rewards.books.settling import last_month, next_month
from app.rewards.merchants import belonging, settling
from app.rewards.merchants.settling import MerchantMonth
from app.web.edge import Pages, go, once, page
from app.web.forms import Continue, Nothing
from app.web.looks import month as month_words
from app.web.menus import menu_of
from app.web.scopes import regions_of

pages = Pages("merchants")

HERE = "/desk/rewards/merchants"
MAY = "rewards.manage"


class NameForm(Schema):
    """What they are called, and where they belong."""

    name = Line(100, required=True)
    region_code = fields.String(required=True, validate=validate.Regexp(r"^[0-9]{2,20}\Z"))


class TurnForm(Schema):
    """Which station, from the month of which day on."""

    station_id = fields.UUID(required=True)
    from_month = Day(required=True)


@pages.get(HERE)
@requires(MAY)
@takes_query(Continue)
def listed(by: Actor, cursor: str | None = None) -> str:
    """Everybody who is settled with for several stations"""
    found, month = belonging.merchants(by=by, cursor=cursor), city_day(clock.now())
    return page(
        "desk/merchants.html",
        rows=[(each, len(belonging.stations_in(each.id, month))) for each in found.items],
        next_cursor=found.next_cursor, regions=regions_of(by, MAY), menu=menu_of(by),
    )  # fmt: skip


@pages.post(HERE, again=listed)
@requires(MAY)
@once
@takes_form(NameForm)
def name(name: str, region_code: str, by: Actor) -> Response:
    """One more merchant"""
    made = belonging.name_merchant(name=name, region_code=region_code, by=by, at=clock.now())
    return go(f"{HERE}/{made.id}", said="web.said.merchant-named")


@pages.get(f"{HERE}/<uuid:merchant_id>")
@requires(MAY)
@takes_query(Continue)
def merchant(merchant_id: UUID, by: Actor, cursor: str | None = None) -> str:
    """A merchant's stations and statements"""
    at = clock.now()
    found, today = belonging.merchant_for(merchant_id, by), city_day(at)
    path = places.region_path(found.region_code)
    theirs = belonging.stations_in(merchant_id, next_month(today))
    months = settling.months_of(merchant_id, by=by, cursor=cursor)
    return page(
        "desk/merchant.html",
        merchant=found, region=places.full_name(found.region_code), theirs=theirs,
        others=_others(path, {station.id for station, _ in theirs}),
        months=_months(last_month(at), today.replace(day=1), next_month(today)),
        statements=[(each, _next_step(each, by)) for each in months.items], next_cursor=months.next_cursor,
        due=_due(merchant_id, months.items, last_month(at)), can=by.can(MAY, region_path=path), menu=menu_of(by),
    )  # fmt: skip


@pages.post(f"{HERE}/<uuid:merchant_id>/stations", again=merchant, blame={"month-settled": "from_month"})
@requires(MAY)
@takes_form(TurnForm)
def attach(merchant_id: UUID, station_id: UUID, from_month: date, by: Actor) -> Response:
    """From this month on the station is settled with this merchant"""
    belonging.attach(
        merchant_id=merchant_id, station_id=station_id, from_month=from_month, by=by, at=clock.now()
    )
    return go(f"{HERE}/{merchant_id}", said="web.said.merchant-joined")


@pages.post(
    f"{HERE}/<uuid:merchant_id>/stations/release", again=merchant, blame={"month-settled": "from_month"}
)
@requires(MAY)
@takes_form(TurnForm)
def release(merchant_id: UUID, station_id: UUID, from_month: date, by: Actor) -> Response:
    """From this month on the station is settled with for itself again"""
    belonging.release(
        merchant_id=merchant_id, station_id=station_id, from_month=from_month, by=by, at=clock.now()
    )
    return go(f"{HERE}/{merchant_id}", said="web.said.merchant-left")


@pages.post(f"{HERE}/<uuid:merchant_id>/statements", again=merchant)
@requires(MAY)
@once
@takes_form(Nothing)
def settle(merchant_id: UUID, by: Actor) -> Response:
    """Last month's statement, now"""
    at = clock.now()
    settling.settle_merchant(merchant_id=merchant_id, month=last_month(at), by=by, at=at)
    return go(f"{HERE}/{merchant_id}", said="web.said.settled")


@pages.post(f"{HERE}/<uuid:merchant_id>/statements/<uuid:merchant_statement_id>/sign", again=merchant)
@requires(MAY)
@once
@takes_form(Nothing)
def sign(merchant_id: UUID, merchant_statement_id: UUID, by: Actor) -> Response:
    """The department has checked all of it"""
    settling.sign(statement_id=merchant_statement_id, by=by, at=clock.now())
    return go(f"{HERE}/{merchant_id}", said="web.said.settlement-signed")


@pages.post(f"{HERE}/<uuid:merchant_id>/statements/<uuid:merchant_statement_id>/paid", again=merchant)
@requires(MAY)
@once
@takes_form(Nothing)
def paid(merchant_id: UUID, merchant_statement_id: UUID, by: Actor) -> Response:
    """The merchant was paid, says somebody other than who signed"""
    settling.mark_paid(statement_id=merchant_statement_id, by=by, at=clock.now())
    return go(f"{HERE}/{merchant_id}", said="web.said.settlement-paid")


def _others(path: str, theirs: set[UUID]) -> list[tuple[str, str]]:
    return [(str(each.id), each.name) for each in places.stations(path) if each.id not in theirs]


def _months(*days: date) -> list[tuple[str, str]]:
    return [(day.isoformat(), month_words(day)) for day in days]


def _due(merchant_id: UUID, made: Any, month: date) -> str | None:
    """The month that is over, had stations and has no statement, in words."""
    is_there = any(each.statement.month == month for each in made)
    return None if is_there or not belonging.stations_in(merchant_id, month) else month_words(month)


def _next_step(each: MerchantMonth, by: Actor) -> str:
    """What this person can do with a statement now: sign, pay, or the reason why they cannot; empty once paid."""
    if each.state == MADE:
        return "sign"
    if each.state != SIGNED:
        return ""
    if not each.owed:
        return "nothing-owed"
    if any(books.is_carried_over(one) for one in each.owed):
        return "carried-over"
    return "signed-by-you" if any(one.signed_by == by.id for one in each.owed) else "pay"
