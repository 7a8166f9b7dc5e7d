"""The kinds of code, each a module of one shape. A new kind is a new module and a line here."""

from __future__ import annotations

from app.codes.kinds import certificate, invite, personal, screen, shift, station, voucher
from app.codes.kinds.shape import Kind

KINDS: dict[str, Kind] = {
    each.name: each
    for each in (
        personal.KIND,
        station.KIND,
        screen.KIND,
        shift.KIND,
        voucher.KIND,
        invite.KIND,
        certificate.KIND,
    )
}
