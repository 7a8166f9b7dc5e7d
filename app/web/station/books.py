"""The station's books: the day is counted and closed, a hand-over is asked back, a month is settled."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import Response
from marshmallow import fields, validate

from app.identity.actors import Actor
from app.kernel import clock
from app.kernel.http import requires, takes_form, takes_query, traced
from app.kernel.schemas import Day, Id, QueryWhole, Schema, Text
from app.places import queries as places
from app.rewards.books import closing, refunding, settling
from app.rewards.books import queries as books
from app.rewards.books.closing import Counted
from app.rewards.errors import DayCloseUnknown
from app.rewards.merchants import belonging
from app.web.edge import Pages, go, once, page
from app.web.forms import Choice, Continue, Nothing
from app.web.menus import menu_of
from app.web.station.counter import voucher

pages = Pages("station-books")

_COUNT = re.compile(r"counts\.([0-9]{1,4})\.(reward_id|counted|reason)")


class CountForm(Schema):
    """How many of one reward lie there, and why they are not as many as the system says."""

    reward_id = Id(required=True)
    counted = QueryWhole(0, 1_000_000, required=True)
    reason = Text(200, load_default=None)


class CloseForm(Schema):
    """A day and its counts; a count is three fields of the page, named as in the API: `counts.0.counted`."""

    day = Day(required=True)
    counts = fields.List(fields.Nested(CountForm), load_default=list, validate=validate.Length(max=500))

    @ma.pre_load
    def _gather(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        rows: dict[int, dict[str, Any]] = {}
        rest: dict[str, Any] = {}
        for name, value in data.items():
            if (found := _COUNT.fullmatch(name)) is not None:
                rows.setdefault(int(found[1]), {})[found[2]] = value
            else:
                rest[name] = value
        return rest | {"counts": [rows[number] for number in sorted(rows)]}


class ReopenForm(Schema):
    """Why."""

    reason = Text(200, required=True)


class RefundForm(Schema):
    """Why, and whether the thing lies on the shelf again."""

    reason = Text(200, required=True)
    came_back = Choice(("yes", "no"), required=True)


# --- the day -------------------------------------------------------------------------------------------------------


@pages.get("/station/<uuid:station_id>/day")
@requires("station.stock")
@traced("day.seen")
@takes_query(Continue)
def day(station_id: UUID, by: Actor, cursor: str | None = None) -> str:
    """What no closed day has yet, the count that closes it, and the days before; with a cursor those further back"""
    by.must("station.stock", station_id=station_id)
    at = clock.now()
    running, before = books.today_at(station_id, at), books.closed_days(station_id, cursor)
    return page(
        "station/day.html",
        station=places.station(station_id), running=running, today=clock.city_day(at),
        closable=running.day <= clock.city_day(at), shelf=closing.shelf_to_count(station_id),
        closes=before.items, next_cursor=before.next_cursor, further_back=cursor is not None, menu=menu_of(by),
    )  # fmt: skip


@pages.post("/station/<uuid:station_id>/day", again=day, blame={"day-closed": "day", "day-not-over": "day"})
@requires("station.stock")
@once
@takes_form(CloseForm)
def close(station_id: UUID, day: date, counts: list[dict[str, Any]], by: Actor) -> Response:
    """Close it: the list is locked, what was counted is the new number"""
    counted = [Counted(**each) for each in counts]
    made = closing.close_day(station_id=station_id, day=day, counts=counted, by=by, at=clock.now())
    return go(f"/station/{station_id}/day/{made.id}", said="web.said.day-closed")


@pages.get("/station/<uuid:station_id>/day/<uuid:close_id>")
@requires("station.stock")
@traced("day.seen")
def closed(station_id: UUID, close_id: UUID, by: Actor) -> str:
    """A closed day: its list, what was counted, and opening it again"""
    by.must("station.stock", station_id=station_id)
    found = books.closed_day(close_id, by=by)
    if found.close.station_id != station_id:
        raise DayCloseUnknown
    last = books.last_close(station_id)
    return page(
        "station/closed_day.html",
        station=places.station(station_id), found=found, close=found.close, menu=menu_of(by),
        is_last=last is not None and last.id == close_id, is_mine=found.close.closed_by == by.id,
    )  # fmt: skip


@pages.post("/station/<uuid:station_id>/day/<uuid:close_id>/reopen", again=closed)
@requires("station.stock")
@once
@takes_form(ReopenForm)
def reopen(station_id: UUID, close_id: UUID, reason: str, by: Actor) -> Response:
    """Open it again, by somebody other than who closed it"""
    closing.reopen_day(close_id=close_id, reason=reason, by=by, at=clock.now())
    return go(f"/station/{station_id}/day", said="web.said.day-reopened")


# --- refunds -------------------------------------------------------------------------------------------------------


@pages.post("/station/<uuid:station_id>/vouchers/<uuid:voucher_id>/refund", again=voucher)
@requires("station.scan")
@once
@takes_form(RefundForm)
def ask_refund(station_id: UUID, voucher_id: UUID, reason: str, came_back: str, by: Actor) -> Response:
    """Ask the department to take a hand-over back, once the quarter of an hour is over"""
    by.must("station.scan", station_id=station_id)
    refunding.ask_refund(
        voucher_id=voucher_id, reason=reason, came_back=came_back == "yes", by=by, at=clock.now()
    )
    return go(f"/station/{station_id}/vouchers/{voucher_id}", said="web.said.refund-asked")


# --- statements ----------------------------------------------------------------------------------------------------


@pages.get("/station/<uuid:station_id>/settlements")
@requires("station.stock")
@takes_query(Continue)
def settlements(station_id: UUID, by: Actor, cursor: str | None = None) -> str:
    """What this station is owed, month by month"""
    by.must("station.stock", station_id=station_id)
    last, month = books.last_settlement(station_id), _last_month()
    found = books.settlements(by=by, station_id=station_id, cursor=cursor)
    return page(
        "station/settlements.html",
        station=places.station(station_id), made=found.items, next_cursor=found.next_cursor,
        due=month if cursor is None and (last is None or last.month < month) else None, menu=menu_of(by),
        merchant=belonging.merchant_in(station_id, clock.city_day(clock.now())),
    )  # fmt: skip


@pages.post("/station/<uuid:station_id>/settlements", again=settlements)
@requires("station.stock")
@once
@takes_form(Nothing)
def settle(station_id: UUID, by: Actor) -> Response:
    """Make last month's statement without waiting for the night's"""
    by.must("station.stock", station_id=station_id)
    settling.settle(station_id=station_id, month=_last_month(), by=by, at=clock.now())
    return go(f"/station/{station_id}/settlements", said="web.said.settled")


def _last_month() -> date:
    return (clock.city_day(clock.now()).replace(day=1) - timedelta(days=1)).replace(day=1)
