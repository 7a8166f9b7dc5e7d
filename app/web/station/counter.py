"""The counter: scan whatever the rider shows, look, then confirm with a hand. A scan alone hands nothing over."""

from __future__ import annotations

import re
from collections.abc import Sequence
from uuid import UUID

from flask import Response, redirect
from marshmallow import fields, validate

from app.checkins.queries import count_today
from app.codes.decoding import codes_on
from app.codes.queries import session_in_use
from app.identity.actors import Actor
from app.identity.edge import named_caller
from app.kernel import clock
from app.kernel.http import limited, requires, takes_form, traced
from app.kernel.limits import Limit
from app.kernel.schemas import Id, Schema
from app.kernel.widths import narrow
from app.ledger.queries import balance_of
from app.places import queries as places
from app.places.models import Station
from app.rewards import queries, redemption
from app.rewards.books import queries as books
from app.rewards.errors import VoucherUnknown
from app.rewards.models import HANDED_OVER, RESERVED
from app.scans.scanning import CONFIRMED, PREVIEW, scan
from app.web.edge import Pages, go, once, page
from app.web.errors import NothingInPhoto
from app.web.forms import Nothing
from app.web.menus import menu_of
from app.web.notes import notes

pages = Pages("counter")

SCANS = Limit("counter-scan", tries=300, per_s=60)
PHOTOS = Limit("counter-photo", tries=60, per_s=600)
TYPED_SERIAL = re.compile(r"[0-9 ]{13,17}")


class ScanForm(Schema):
    """What the gun typed, the camera read or a hand put in."""

    text = fields.String(required=True, validate=validate.Length(max=512))


class GiveForm(Schema):
    """Which reward goes over the counter."""

    reward_id = Id(required=True)


def stations_of(by: Actor) -> Sequence[Station]:
    """The stations where this person may scan."""
    scopes = by.scopes("station.scan")
    found = [places.station(each) for each in scopes.station_ids]
    for path in scopes.region_paths:
        found += [each for each in places.stations(path) if each not in found]
    return found


@pages.get("/station")
@requires("station.scan")
def choose_station(by: Actor) -> Response | str:
    """Which station; whoever has one goes straight there"""
    mine = stations_of(by)
    if len(mine) == 1:
        return redirect(f"/station/{mine[0].id}", 303)  # type: ignore[return-value]
    return page("station/choose.html", stations=mine, menu=menu_of(by), at=clock.now())


@pages.get("/station/<uuid:station_id>")
@requires("station.scan")
def counter(station_id: UUID, by: Actor) -> str:
    """The scan field, today's three numbers and the last hand-overs"""
    # Drawn after every scan and left open on the counter: it says what was given and when, not to whom. Whoever needs
    # to know follows the link, and that look is written down.
    by.must("station.scan", station_id=station_id)
    notes().wasm = True
    at = clock.now()
    return page(
        "station/counter.html",
        station=places.station(station_id), day=books.today_at(station_id, at), menu=menu_of(by),
        checked_in=count_today([station_id], at), at=at, may_stock=by.can("station.stock", station_id=station_id),
        may_invite=by.can("people.invite", station_id=station_id),
        may_help=by.can("people.recover", station_id=station_id),
        may_devices=by.can("station.devices", station_id=station_id),
    )  # fmt: skip


@pages.post("/station/<uuid:station_id>/scan", refused="station/refused.html")
@requires("station.scan")
@limited(SCANS, named_caller)
@takes_form(ScanForm)
def scanned(station_id: UUID, text: str, by: Actor) -> Response:
    """On to what the code is about"""
    return go(_behind(station_id, text, by))


@pages.post("/station/<uuid:station_id>/scan/photo", refused="station/refused.html")
@requires("station.scan")
@limited(PHOTOS, named_caller)
@takes_form(Nothing, photo=codes_on)
def scanned_photo(station_id: UUID, photo: list[str], by: Actor) -> Response:
    """The same, read by the server"""
    if not photo:
        raise NothingInPhoto
    return go(_behind(station_id, photo[0], by))


def _behind(station_id: UUID, text: str, by: Actor) -> str:
    by.must("station.scan", station_id=station_id)
    at = clock.now()
    if TYPED_SERIAL.fullmatch(typed := narrow(text)):  # the short number under a voucher, typed by hand
        shown = redemption.preview(
            serial=redemption.serial_of(typed, at=at), station_id=station_id, by=by, at=at
        )
        return f"/station/{station_id}/vouchers/{shown.voucher.id}"
    found = scan(text=text, station_id=station_id, position=None, accuracy_m=None, by=by, at=at)
    if found.outcome == CONFIRMED:
        return f"/station/{station_id}/poster"
    if found.outcome == PREVIEW:
        return f"/station/{station_id}/vouchers/{found.voucher_id}"
    return f"/station/{station_id}/riders/{found.scan_session_id}"


@pages.get("/station/<uuid:station_id>/riders/<uuid:session_id>")
@requires("station.scan")
@traced("rider.seen")
def rider(station_id: UUID, session_id: UUID, by: Actor) -> str:
    """A rider who has just shown a code: checked in, and what their points can buy here"""
    by.must("station.scan", station_id=station_id)
    at = clock.now()
    here = session_in_use(session_id, station_id=station_id, at=at)
    return page(
        "station/rider.html",
        station=places.station(station_id), session=here, rider=queries.masked_rider(here.person_id),
        balance=balance_of(here.person_id),
        shelf=[each for each in queries.station_stock(station_id) if each.stock.free > 0 and each.reward.active],
        seconds_left=int((here.expires_at - at).total_seconds()), menu=menu_of(by),
    )  # fmt: skip


@pages.post("/station/<uuid:station_id>/riders/<uuid:session_id>/give", refused="station/refused.html")
@requires("station.scan")
@once
@takes_form(GiveForm)
def give(station_id: UUID, session_id: UUID, reward_id: UUID, by: Actor) -> Response:
    """Hand one over at the counter"""
    by.must("station.scan", station_id=station_id)
    at = clock.now()
    here = session_in_use(session_id, station_id=station_id, at=at)
    made = redemption.hand_over_at_counter(
        person_id=here.person_id, reward_id=reward_id, station_id=station_id, by=by, at=at
    )
    return go(f"/station/{station_id}/vouchers/{made.id}")


@pages.get("/station/<uuid:station_id>/vouchers/<uuid:voucher_id>")
@requires("station.scan")
@traced("voucher.seen")
def voucher(station_id: UUID, voucher_id: UUID, by: Actor) -> str:
    """One voucher: to be confirmed, or what became of it"""
    by.must("station.scan", station_id=station_id)
    found = queries.voucher_at(station_id, voucher_id=voucher_id)
    if found.station_id != station_id:
        raise VoucherUnknown
    at = clock.now()
    return page(
        "station/voucher.html",
        station=places.station(station_id), voucher=found, detail=queries.detail_of(found), menu=menu_of(by),
        rider=queries.masked_rider(found.person_id),
        can_undo=found.state == HANDED_OVER and at < (found.undo_until or at),
        can_ask_back=found.state == HANDED_OVER and at > (found.undo_until or at), refund=books.refund_of(voucher_id),
        can_print=found.state == RESERVED and at < found.expires_at,
    )  # fmt: skip


@pages.post("/station/<uuid:station_id>/vouchers/<uuid:voucher_id>/confirm", refused="station/refused.html")
@requires("station.scan")
@once
@takes_form(Nothing)
def confirm(station_id: UUID, voucher_id: UUID, by: Actor) -> Response:
    """Handed over: stock and points move together"""
    redemption.hand_over(voucher_id=voucher_id, station_id=station_id, by=by, at=clock.now())
    return go(f"/station/{station_id}/vouchers/{voucher_id}")


@pages.post("/station/<uuid:station_id>/vouchers/<uuid:voucher_id>/undo", refused="station/refused.html")
@requires("station.scan")
@once
@takes_form(Nothing)
def undo(station_id: UUID, voucher_id: UUID, by: Actor) -> Response:
    """Taken back within a quarter of an hour"""
    by.must("station.scan", station_id=station_id)
    redemption.undo(voucher_id=voucher_id, by=by, at=clock.now())
    return go(f"/station/{station_id}/vouchers/{voucher_id}")
