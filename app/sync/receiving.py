"""Taking in what comes back: every item is written down first, once, whoever sends it how often; then it is judged."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import marshmallow as ma

from app.identity.actors import Actor
from app.kernel import i18n
from app.kernel.bulk import insert_new
from app.kernel.db import insert_all_if_absent, insert_if_absent, session
from app.kernel.errors import Problem, Unauthenticated
from app.kernel.plain import Plain
from app.sync import chain, queries, resolving, schemas
from app.sync.errors import ItemChanged, ItemUnreadable, LogSignature
from app.sync.models import ASLEEP, CHECKIN, LATEST, REFUSED, WAITING, Lease, SaidPosition, SyncItem
from app.sync.queries import Told
from app.sync.settling import settle_posters, settle_ripe

_ENTRY, _CHECKIN = Plain(schemas.EntryIn()), schemas.CheckinIn()


@dataclass(frozen=True, slots=True)
class Unkept:
    """The answer about an item that could not be written down: unreadable, or its id was used for something else."""

    id: UUID | None
    slug: str
    words: dict[str, str]
    state: str = REFUSED
    seq: int | None = None
    kind: str | None = None
    points: int | None = None
    happened_at: datetime | None = None
    arrived_at: datetime | None = None
    checkin_id: UUID | None = None
    voucher_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of each item of a batch, in the order sent, and how much of the log is here."""

    server_time: datetime
    items: Sequence[Told | Unkept]
    have: int | None
    missing: Sequence[int]


def receive(
    *,
    owner: UUID | None = None,
    sent_at: str,
    clock_offset_s: int,
    log: dict[str, Any] | None,
    items: Sequence[Any],
    by: Actor,
    at: datetime,
) -> Receipt:
    """Write down a batch of a device (`log`) or of the signed-in rider's phone, and settle what is ripe.

    The same item again is the same item; its answer is how it stands now.
    """
    lease = _lease_of(log, sent_at) if log is not None else None
    if lease is None and (by.is_anonymous or owner not in (None, by.person_id)):
        raise Unauthenticated  # what one rider kept is never counted for another who signed in meanwhile
    arrived = {"clock_offset_s": clock_offset_s, "arrived_at": at, "state": WAITING}
    taken = _take_all(_read_all(items, lease, by), arrived, by)
    session.flush()
    if lease is None or log is None:
        settle_posters(person_id=by.id, at=at)
    elif _hear(lease, log, sent_at, at):
        settle_ripe(at=at)
    stored = queries.told_of([each for each in taken if isinstance(each, UUID)])
    return Receipt(
        server_time=at,
        items=[stored[each] if isinstance(each, UUID) else each for each in taken],
        have=queries.count_of(lease.id) if lease else None,
        missing=queries.missing_of(lease) if lease else [],
    )


def _lease_of(log: dict[str, Any], sent_at: str) -> Lease:
    """The lease whose device signed this. A device that was taken out of use is still heard; its items are judged."""
    device = queries.device(log["device_id"])
    said = chain.state_of_log(
        device_id=str(log["device_id"]),
        lease_id=str(log["lease_id"]),
        count=log["count"],
        head=log["head"],
        sent_at=sent_at,
        mood=log["mood"],
    )
    lease = queries.lease_to_change(log["lease_id"])
    if (
        lease is None
        or lease.device_id != device.id
        or not chain.is_signed(device.public_key, said, log["signature"])
    ):
        raise LogSignature
    return lease


ON_ITS_WAY = timedelta(minutes=5)  # longer than that no message is: then the device's clock was set back


def _hear(lease: Lease, log: dict[str, Any], sent_at: str, at: datetime) -> bool:
    """Remember up to when the device has told everything; a message that comes late takes nothing back.

    Returns whether any item may be ripe by that: not while the log of an open lease has gaps, and not if the message
    brought nothing for which somebody waits.
    """
    lease.told = max(lease.told, log["count"])
    said_at = _instant(sent_at)
    is_newest = said_at is None or not _is_overtaken(lease, said_at)
    if is_newest and said_at is not None:
        lease.said_at = said_at
    if queries.count_of(lease.id) < lease.told:
        session.flush()
        return lease.closed_at is not None or at >= lease.ends_at + LATEST
    before = lease.heard_at
    lease.heard_at = max(before, at)
    if is_newest:
        lease.asleep_at = at if log["mood"] == ASLEEP else None
    session.flush()
    return queries.somebody_waits(lease.id, before)


def _is_overtaken(lease: Lease, said_at: datetime) -> bool:
    """Whether a newer message of the device was here before: a farewell that comes after "I am back" is none."""
    return lease.said_at is not None and timedelta() < lease.said_at - said_at <= ON_ITS_WAY


def _instant(sent_at: str) -> datetime | None:
    try:
        return datetime.fromisoformat(sent_at).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _read_all(items: Sequence[Any], lease: Lease | None, by: Actor) -> list[dict[str, Any] | Unkept]:
    """Each item as it will be kept, or why it cannot be."""
    read: list[dict[str, Any] | Unkept] = []
    for raw in items:
        try:
            read.append(_entry(raw, lease) if lease is not None else _checkin(raw, by))
        except (ma.ValidationError, Problem):
            read.append(_unkept(_id_in(raw), ItemUnreadable()))
    if lease is not None:
        entries = [each for each in read if isinstance(each, dict)]
        shown = resolving.riders_shown([each | {"at": each["happened_at"]} for each in entries])
        for each, person_id in zip(entries, shown, strict=True):
            each["person_id"] = person_id
            del each["code"]
    return read


def _take_all(
    read: Sequence[dict[str, Any] | Unkept], arrived: dict[str, Any], by: Actor
) -> list[UUID | Unkept]:
    """Write them down: what is new in one statement, the rest (an id or a place that is taken) one by one."""
    ids: set[UUID] = set()
    places: set[int] = set()
    new = []
    for each in read:
        if isinstance(each, dict) and each["id"] not in ids and each.get("seq") not in places:
            ids.add(each["id"])
            places |= {each["seq"]} if each.get("seq") is not None else set()
            new.append(each | arrived)
    written = {row["id"] for row in insert_new(SyncItem, [_row(each) for each in new])}
    _keep_positions([each for each in new if each["id"] in written])
    taken: list[UUID | Unkept] = []
    for each in read:
        if isinstance(each, Unkept):
            taken.append(each)
        elif each["id"] in written:
            written.remove(each["id"])  # once: the same id again is the same item, or another
            taken.append(each["id"])
        else:
            taken.append(_take(each | arrived, by))
    return taken


def _take(values: dict[str, Any], by: Actor) -> UUID | Unkept:
    if insert_if_absent(SyncItem, _row(values)):
        _keep_positions([values])
        return values["id"]  # type: ignore[no-any-return]
    before = session.get(SyncItem, values["id"])
    if before is None and values.get("seq") is not None:
        # Another entry holds this place: a log that was forked. It is kept beside it, for a person to see.
        insert_if_absent(SyncItem, _row(values) | {"seq": None})
        before = session.get(SyncItem, values["id"])
    if before is None or before.hash != values["hash"] or before.lease_id != values.get("lease_id"):
        return _unkept(values["id"], ItemChanged())
    if before.lease_id is None and before.person_id != by.person_id:
        return _unkept(values["id"], ItemChanged())
    return before.id


APART = (
    "position",
    "accuracy_m",
)  # where the phone was: not in the journal, which keeps what came in for good


def _row(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in APART}


def _keep_positions(items: Sequence[Mapping[str, Any]]) -> None:
    """Where the phones were, for as long as their items wait."""
    said = [(each, each["position"]) for each in items if each.get("position") is not None]
    rows = [
        {
            "item_id": each["id"],
            "person_id": each["person_id"],
            "lat": position.lat,
            "lng": position.lng,
            "accuracy_m": each["accuracy_m"],
        }
        for each, position in said
    ]
    insert_all_if_absent(SaidPosition, rows)


def _entry(raw: Any, lease: Lease) -> dict[str, Any]:
    entry = _ENTRY.load(raw)
    told = resolving.entry_in(entry["text"])
    return {
        "id": told["id"],
        "kind": told["kind"],
        "body": entry["text"],
        "code": told["code"],  # says whose it is
        "station_id": lease.station_id,
        "lease_id": lease.id,
        "seq": told["seq"],
        "prev_hash": entry["prev"],
        "hash": chain.hash_of(entry["prev"], entry["text"]),
        "signature": entry["signature"],
        "happened_at": told["at"],
    }


def _checkin(raw: Any, by: Actor) -> dict[str, Any]:
    told = schemas.checked(_CHECKIN, raw)
    return {
        "id": told["id"],
        "kind": CHECKIN,
        "body": _packed({name: value for name, value in raw.items() if name not in APART}),
        "person_id": by.id,
        "station_id": resolving.station_shown(told["code"], told["at"]),
        "hash": hashlib.sha256(
            _packed(raw).encode()
        ).hexdigest(),  # of all that was sent: the same again is known by it
        "happened_at": told["at"],
        "position": told["position"],
        "accuracy_m": told["accuracy_m"],
    }


def _packed(raw: Mapping[str, Any]) -> str:
    return json.dumps(raw, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _id_in(raw: Any) -> UUID | None:
    try:
        return UUID(str(raw["id"]))
    except (KeyError, TypeError, ValueError):
        return None


def _unkept(item_id: UUID | None, problem: Problem) -> Unkept:
    words = {name: i18n.say(problem.slug, locale=name) for name in i18n.LOCALES}
    return Unkept(id=item_id, slug=problem.slug, words=words)
