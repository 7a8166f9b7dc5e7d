"""Who and what an item is about, before anything is proven: to know whose other items it must wait for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from app.codes import reading
from app.codes.kinds.personal import PersonalCode
from app.codes.kinds.screen import ScreenCode
from app.codes.kinds.shape import Scanned
from app.codes.kinds.station import StationCode
from app.codes.kinds.voucher import VoucherCode
from app.codes.posters import station_behind
from app.codes.queries import handle_named, handles_named
from app.kernel import strict_json
from app.kernel.db import session
from app.kernel.errors import Problem
from app.kernel.geo import Position
from app.kernel.plain import Plain
from app.rewards import queries as rewards
from app.sync import schemas
from app.sync.models import VOUCHER, SaidPosition, SyncItem
from app.sync.queries import Waiting

_TEXT, _CHECKIN = Plain(schemas.EntryText()), schemas.CheckinIn()


def entry_in(text: str) -> dict[str, Any]:
    """What stands in an entry's text. Raises what speaks against it.

    It is read as it comes in and again as it is settled, mostly in one unit of work: that remembers.
    """
    known: dict[str, dict[str, Any]] = session.info.setdefault("entries-read", {})
    told = known.get(text)
    if told is None:
        told = known[text] = _TEXT.load(strict_json.loads(text.encode()))
    return told


def scanned_in(code: str, happened_at: datetime) -> Scanned:
    """As `reading.read`, remembered in the same way."""
    known: dict[tuple[str, datetime], Scanned] = session.info.setdefault("codes-read", {})
    read = known.get((code, happened_at))
    if read is None:
        read = known[code, happened_at] = reading.read(code, at=happened_at)
    return read


def rider_shown(kind: str, code: str, happened_at: datetime) -> UUID | None:
    """The rider whose code or voucher this says it is; None if it is nobody's."""
    try:
        read = reading.read(code, at=happened_at)
        if kind == VOUCHER:
            return rewards.voucher_by_serial(read.serial).person_id if isinstance(read, VoucherCode) else None
        handle = handle_named(read.handle) if isinstance(read, PersonalCode) else None
    except Problem:
        return None
    return handle.person_id if handle else None


def riders_shown(entries: Sequence[Mapping[str, Any]]) -> list[UUID | None]:
    """The same of many entries: the handles that they name are looked up in one go."""
    named = [None if each["kind"] == VOUCHER else handle_in(each["code"], each["at"]) for each in entries]
    handles = handles_named({each for each in named if each is not None})
    return [
        rider_shown(entry["kind"], entry["code"], entry["at"])
        if entry["kind"] == VOUCHER
        else handles[digits].person_id
        if digits in handles
        else None
        for entry, digits in zip(entries, named, strict=True)
    ]


def handle_in(code: str, happened_at: datetime) -> str | None:
    """The handle that a rider's code names; None if it is no such code."""
    try:
        read = scanned_in(code, happened_at)
    except Problem:
        return None
    return read.handle if isinstance(read, PersonalCode) else None


def station_shown(code: str, happened_at: datetime) -> UUID | None:
    """The station whose poster this says it is; None if it is no genuine poster."""
    try:
        read = reading.read(code, at=happened_at)
        return station_behind(read, at=happened_at).id if isinstance(read, StationCode | ScreenCode) else None
    except Problem:
        return None


def told_by(item: SyncItem | Waiting) -> dict[str, Any]:
    """What the item says, read again from what was kept; where it was, for as long as it waits."""
    if item.of_station:
        return entry_in(item.body)
    body = strict_json.loads(item.body.encode())
    told, said = schemas.checked(_CHECKIN, body), session.get(SaidPosition, item.id)
    there = {"position": Position(said.lat, said.lng), "accuracy_m": said.accuracy_m} if said else {}
    return told | there
