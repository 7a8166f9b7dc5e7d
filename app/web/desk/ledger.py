"""The auditor's and the department's view of the books, and funding a budget."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import Response, request
from marshmallow import fields, validate

from app.identity.actors import Actor
from app.kernel import clock
from app.kernel.clock import city_time
from app.kernel.http import attachment, requires, takes_form, takes_query, traced
from app.kernel.i18n import say
from app.kernel.schemas import QueryWhole, Schema, Text
from app.ledger import exporting, queries, reporting, sealing
from app.ledger.accounts import quarter
from app.ledger.budgets import fund_budget
from app.ledger.exporting import Export
from app.ledger.reversing import REVERSIBLE
from app.ledger.scoping import reads_city
from app.ledger.wording import explain
from app.places import queries as places
from app.rules.queries import queued_awards
from app.web.edge import Pages, go, once, page
from app.web.forms import CityMoment, Continue, Key, PickedDay
from app.web.menus import menu_of
from app.web.scopes import regions_of

pages = Pages("books")


class FundForm(Schema):
    """How many points, for which region and quarter."""

    region_code = fields.String(required=True, validate=validate.Regexp(r"^[0-9]{2,20}\Z"))
    period = Key(8, required=True)
    points = QueryWhole(1, 100_000_000, required=True)


class Moment(Schema):
    """At the end of which minute on the city's clock; now, if none is picked."""

    at = CityMoment(load_default=None)

    @ma.post_load
    def _whole_minute(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        data["moment"] = end_of_minute(data.pop("at"))
        return data


class Which(Moment, Continue):
    """Which accounts: of a kind, with a text in their name, as at a moment; and where the list continues."""

    kind = fields.String(load_default=None, validate=validate.OneOf(["", *reporting.KINDS]))
    key = Text(80, min_length=0, load_default="")


class Span(Moment):
    """From the beginning of a day to the end of a minute."""

    from_on = PickedDay()


@pages.get("/desk/ledger")
@requires("ledger.read")
@takes_query(Moment)
def books(by: Actor, moment: datetime | None = None) -> str:
    """Trial balance at any past moment, for who reads the whole city; and budgets"""
    at, whole = clock.now(), reads_city(by)
    return page(
        "desk/ledger.html",
        whole=whole, kinds=reporting.trial_balance(moment or at, by=by) if whole else (),
        picked=picked(moment), now=picked(at),
        budgets=[(each, places.region(each.region_code).name) for each in queries.budgets(by=by)],
        queued=queued_awards() if whole else (0, 0), regions=regions_of(by, "rules.review"),
        period=quarter(at), can_fund=by.holds("rules.review"), menu=menu_of(by),
    )  # fmt: skip


@pages.get("/desk/ledger/trial-balance.xlsx", write=True)
@requires("ledger.read")
@takes_query(Moment)
def trial_balance_xlsx(by: Actor, moment: datetime | None = None) -> Response:
    """The trial balance as a workbook"""
    return _trial_balance("xlsx", moment, by)


@pages.get("/desk/ledger/trial-balance.csv", write=True)
@requires("ledger.read")
@takes_query(Moment)
def trial_balance_csv(by: Actor, moment: datetime | None = None) -> Response:
    """The trial balance as CSV"""
    return _trial_balance("csv", moment, by)


@pages.get("/desk/ledger/accounts")
@requires("ledger.read")
@traced("accounts.seen")
@takes_query(Which)
def accounts(
    by: Actor, key: str, kind: str | None = None, cursor: str | None = None, moment: datetime | None = None
) -> str:
    """Find an account, with its balance now or at any past moment"""
    found = reporting.accounts(kind=kind or None, key=key or None, cursor=cursor, by=by)
    balances = reporting.balances_at(found.items, moment or clock.now())
    return page(
        "desk/ledger_accounts.html",
        accounts=found.items, balances=balances, next_cursor=found.next_cursor,
        kind=kind or "", key=key, picked=picked(moment),
        kinds=[(each, say(f"ledger.account.{each}")) for each in reporting.KINDS], menu=menu_of(by),
    )  # fmt: skip


@pages.get("/desk/ledger/accounts/<uuid:account_id>")
@requires("ledger.read")
@traced("account.seen")
@takes_query(Span)
def account(account_id: UUID, by: Actor, from_on: date | None = None, moment: datetime | None = None) -> str:
    """What moved an account up to any moment, and the balance after each line"""
    first, last = reporting.span_asked(from_on, None, moment, clock.now())
    statement = reporting.statement_of(account_id, from_at=first, to_at=last, by=by)
    return page(
        "desk/ledger_account.html",
        statement=statement, picked=picked(last), explain=explain, menu=menu_of(by),
        reversible=REVERSIBLE if by.holds("ledger.correct") else (),
    )  # fmt: skip


@pages.get("/desk/ledger/accounts/<uuid:account_id>/statement.xlsx", write=True)
@requires("ledger.read")
@takes_query(Span)
def statement_xlsx(
    account_id: UUID, by: Actor, from_on: date | None = None, moment: datetime | None = None
) -> Response:
    """A statement as a workbook, with all its lines"""
    return _statement("xlsx", account_id, from_on, moment, by)


@pages.get("/desk/ledger/accounts/<uuid:account_id>/statement.csv", write=True)
@requires("ledger.read")
@takes_query(Span)
def statement_csv(
    account_id: UUID, by: Actor, from_on: date | None = None, moment: datetime | None = None
) -> Response:
    """A statement as CSV, with all its lines"""
    return _statement("csv", account_id, from_on, moment, by)


@pages.get("/desk/ledger/entries/<uuid:entry_id>/proof.json")
@requires("ledger.read")
@traced("entry.seen")
def proof(entry_id: UUID, by: Actor) -> Response:
    """The proof that an entry stands in the sealed book, as a file"""
    found = sealing.proof_of(reporting.entry(entry_id, by=by).id)
    data = json.dumps(found, ensure_ascii=False, indent=1).encode()
    return attachment(data, "application/json", f"fengxing-proof-{entry_id}.json")


@pages.get("/desk/ledger/liability")
@requires("ledger.read")
def liability(by: Actor) -> str:
    """What is owed to riders, when it runs out, and what the budgets can still give"""
    found = reporting.liability(by=by)
    return page(
        "desk/ledger_liability.html",
        owed=found, queued=queued_awards(),
        budgets=[(each, places.region(each.region_code).name) for each in found.budgets], menu=menu_of(by),
    )  # fmt: skip


@pages.post("/desk/ledger/budgets", again=books, blame={"period-unreadable": "period"})
@requires("rules.review")
@once
@takes_form(FundForm)
def fund(region_code: str, period: str, points: int, by: Actor) -> Response:
    """Fund a budget"""
    fund_budget(
        region_code=region_code, period=period, points=points, source=f"desk:{request.form['idempotency_key']}",
        by=by, at=clock.now(),
    )  # fmt: skip
    return go("/desk/ledger", said="web.said.funded")


def end_of_minute(moment: datetime | None) -> datetime | None:
    """A clock that shows minutes means the whole minute, as a calendar means the whole day."""
    return moment and moment.replace(second=0, microsecond=0) + timedelta(minutes=1, microseconds=-1)


def picked(moment: datetime | None) -> str:
    """A moment as a `datetime-local` input has it."""
    return city_time(moment).strftime("%Y-%m-%dT%H:%M") if moment else ""


def _trial_balance(form: str, moment: datetime | None, by: Actor) -> Response:
    at = clock.now()
    return _download(exporting.trial_balance(moment=moment or at, form=form, by=by, at=at))


def _statement(
    form: str, account_id: UUID, from_on: date | None, moment: datetime | None, by: Actor
) -> Response:
    at = clock.now()
    first, last = reporting.span_asked(from_on, None, moment, at)
    return _download(
        exporting.statement(account_id=account_id, from_at=first, to_at=last, form=form, by=by, at=at)
    )


def _download(export: Export) -> Response:
    return attachment(export.data, export.media_type, export.filename)
