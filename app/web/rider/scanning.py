"""Scanning inside the app: camera, a photo read by the server, or typing. It only finds the page behind a code."""

from __future__ import annotations

from flask import Response
from marshmallow import fields, validate

from app.codes import reading
from app.codes.decoding import codes_on
from app.codes.kinds.personal import PersonalCode
from app.codes.kinds.voucher import VoucherCode
from app.identity.actors import Actor
from app.kernel import clock
from app.kernel.answering import SIGNED_IN
from app.kernel.http import requires, takes_form
from app.kernel.limits import Limit
from app.kernel.schemas import Schema
from app.rewards.queries import voucher_by_serial
from app.web.edge import Pages, go, kept_offline, page
from app.web.errors import CodeForCounter, NothingInPhoto
from app.web.forms import Nothing
from app.web.notes import notes

pages = Pages("scanning")

PHOTOS = Limit("scan-photo", tries=60, per_s=600)
UNREADABLE = (
    "screen-old",
    "poster-ended",
    "code-format",
    "code-of-goods",
    "code-of-payment",
    "code-foreign",
    "code-checksum",
    "code-forged",
    "code-skew",
    "code-unknown",
)


class ScanForm(Schema):
    """What was read or typed."""

    text = fields.String(required=True, validate=validate.Length(max=512))


@pages.get("/scan")
@requires(SIGNED_IN)
def scan(by: Actor) -> Response:
    """The camera, a photo, or typing"""
    notes().wasm = True
    return kept_offline(page("rider/scan.html"))


@pages.post(
    "/scan", again=scan, blame=dict.fromkeys((*UNREADABLE, "scan-for-counter", "voucher-unknown"), "text")
)
@requires(SIGNED_IN)
@takes_form(ScanForm)
def scanned(text: str, by: Actor) -> Response:
    """On to the page behind the code"""
    return go(_page_behind(text))


@pages.post(
    "/scan/photo",
    again=scan,
    blame=dict.fromkeys((*UNREADABLE, "code-photo-too-large", "photo-unreadable"), "photo"),
)
@requires(SIGNED_IN)
@takes_form(Nothing, photo=codes_on)
def scanned_photo(photo: list[str], by: Actor) -> Response:
    """The same, read by the server"""
    if not photo:
        raise NothingInPhoto
    return go(_page_behind(photo[0]))


def _page_behind(text: str) -> str:
    """The page that a code leads to. Opening it changes nothing."""
    code = reading.read(text, at=clock.now())
    if isinstance(code, VoucherCode):
        return f"/vouchers/{voucher_by_serial(code.serial).id}"
    if not isinstance(code, PersonalCode):
        return reading.canonical_of(text)
    raise CodeForCounter
