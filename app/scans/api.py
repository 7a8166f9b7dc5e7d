"""POST /scans: whatever is scanned. The way of one scan begins here."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from app.codes.decoding import codes_on
from app.identity.actors import Actor
from app.identity.edge import named_caller
from app.kernel import clock
from app.kernel.answering import Asked
from app.kernel.geo import Position
from app.kernel.http import (
    Api,
    gives,
    idempotent,
    in_a_lane,
    in_one_message,
    limited,
    requires,
    takes,
    takes_form,
)
from app.kernel.limits import Limit
from app.scans import together
from app.scans.scanning import Scan
from app.scans.scanning import scan as scan_it
from app.scans.schemas import Nothing, ScanIn, ScanRead, TextsRead

api = Api("scans", "/scans", "Whatever is scanned")

PHOTOS = Limit("scan-photo", tries=60, per_s=600)
SCANS = Limit("scan", tries=600, per_s=60)


def _together(group: Sequence[Asked]) -> list[Scan | None]:
    shown = [together.Asked(**each.arguments, by=each.by, language=each.language) for each in group]
    return together.scan_together(shown, at=clock.now())


@api.post("")
@requires("self")
@limited(SCANS, named_caller)
@idempotent
@in_one_message
@in_a_lane(_together)
@takes(ScanIn)
@gives(ScanRead)
def scan(
    text: str, station_id: UUID | None, position: Position | None, accuracy_m: int | None, by: Actor
) -> Scan:
    """Do what a scanned code asks for

    A rider scans a station's poster (checks in) or a shift's code (signs in or out). A station scans a rider's code
    (checks the rider in, opens a session of two minutes) or a voucher (shows it; handing over is a second step).
    """
    return scan_it(
        text=text, station_id=station_id, position=position, accuracy_m=accuracy_m, by=by, at=clock.now()
    )


@api.post("/photo")
@requires("self")
@limited(PHOTOS, named_caller)
@takes_form(Nothing, photo=codes_on)
@gives(TextsRead)
def read_photo(photo: list[str], by: Actor) -> dict[str, list[str]]:
    """Read the codes on a photo, for phones whose browser has no camera"""
    return {"texts": photo}
