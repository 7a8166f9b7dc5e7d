"""Shapes of devices, leases, manifests, batches and conflicts."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import marshmallow as ma
from marshmallow import fields, validate

from app.identity.queries import masked_of, person
from app.kernel.i18n import has, pick, say
from app.kernel.schemas import Id, Instant, Line, PageQuery, PositionIn, Schema, Text, Whole
from app.places.queries import station
from app.sync.models import ASLEEP, AWAKE, DECISIONS

MAX_ITEMS = 1_000
MAX_SEQ = 1_000_000
HASH = validate.Regexp(r"^(?:[0-9a-f]{32}|[0-9a-f]{64})\Z")  # the first entry follows the id of its lease
BASE64 = validate.Regexp(r"^[A-Za-z0-9_-]{1,100}\Z")


class EnrolmentCodeRead(Schema):
    """The code to type into the device; it is told this once."""

    code = fields.String(required=True)
    expires_at = fields.AwareDateTime(required=True, format="iso")


class EnrolStationDevice(Schema):
    """A device that wants to become one of a station's."""

    code = Text(20, required=True)
    name = Line(60, required=True)
    public_key = fields.String(required=True, validate=BASE64)


class StationDeviceRead(Schema):
    """A device of a station."""

    id = fields.UUID(required=True)
    station_id = fields.UUID(required=True)
    name = fields.String(required=True)
    enrolled_at = fields.AwareDateTime(required=True)
    revoked_at = fields.AwareDateTime(required=True, allow_none=True)


class LeaseRead(Schema):
    """The permission to work without a signal."""

    id = fields.UUID(required=True)
    granted_at = fields.AwareDateTime(required=True, format="iso")
    ends_at = fields.AwareDateTime(required=True, format="iso")
    points_limit = fields.Integer(required=True)
    points_used = fields.Integer(required=True)
    points_lost = fields.Integer(required=True)


class ManifestRider(Schema):
    """A rider as an offline station knows them: a number for a week and a key for a day."""

    handle = fields.String(required=True)
    alg = fields.String(required=True)
    keys = fields.List(
        fields.String(), required=True, metadata={"description": "one per day of `days`, base64url"}
    )
    spend = fields.Integer(required=True, metadata={"description": "points that may be spent on trust"})


class ManifestVoucher(Schema):
    """A voucher that waits at this station, known by a digest."""

    digest = fields.String(required=True)
    reward = fields.String(required=True)
    points = fields.Integer(required=True)
    expires_at = fields.AwareDateTime(required=True, format="iso")


class ManifestReward(Schema):
    """What lies on the station's shelf."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    points = fields.Integer(required=True)
    free = fields.Integer(required=True)


class ManifestRead(Schema):
    """What a device needs for a day without a signal."""

    server_time = fields.AwareDateTime(required=True, format="iso")
    lease = fields.Nested(LeaseRead, required=True)
    per_rider_a_day = fields.Integer(required=True)
    days = fields.List(fields.Date(), required=True)
    riders = fields.List(fields.Nested(ManifestRider), required=True)
    vouchers = fields.List(fields.Nested(ManifestVoucher), required=True)
    rewards = fields.List(fields.Nested(ManifestReward), required=True)


class LogState(Schema):
    """How long a device's log is and how it ends, signed by the device."""

    device_id = Id(required=True)
    lease_id = Id(required=True)
    count = Whole(0, MAX_SEQ, required=True)
    head = fields.String(required=True, validate=HASH)
    mood = fields.String(load_default=AWAKE, validate=validate.OneOf([AWAKE, ASLEEP]))
    signature = fields.String(required=True, validate=BASE64)


class BatchIn(Schema):
    """What was done without a signal: by a station's device (`log`), or by the signed-in rider's phone.

    Each item is judged by itself; one that cannot be read is answered as such and stops none of the others.
    """

    owner = Id(
        load_default=None, metadata={"description": "whose outbox; another signed-in rider is refused"}
    )
    sent_at = fields.String(required=True, validate=validate.Length(20, 40))
    clock_offset_s = Whole(-10_000_000, 10_000_000, load_default=0)
    log = fields.Nested(LogState, load_default=None, allow_none=True)
    items = fields.List(fields.Raw(allow_none=True), required=True, validate=validate.Length(max=MAX_ITEMS))


class EntryIn(Schema):
    """One entry of a device's log: its text as it was signed."""

    text = fields.String(required=True, validate=validate.Length(2, 1_000))
    prev = fields.String(required=True, validate=HASH)
    signature = fields.String(required=True, validate=BASE64)


class EntryText(Schema):
    """What stands in an entry's text."""

    id = Id(required=True)
    seq = Whole(1, MAX_SEQ, required=True)
    kind = fields.String(required=True, validate=validate.OneOf(["scan", "redeem", "voucher"]))
    at = Instant(required=True)
    code = fields.String(required=True, validate=validate.Length(1, 100))
    reward_id = Id(load_default=None)


class CheckinIn(Schema):
    """A poster that a phone scanned without a signal."""

    id = Id(required=True)
    kind = fields.String(required=True, validate=validate.Equal("checkin"))
    at = Instant(required=True)
    code = fields.String(required=True, validate=validate.Length(1, 512))
    position = fields.Nested(PositionIn, load_default=None, allow_none=True)
    accuracy_m = Whole(0, 100_000, load_default=None, allow_none=True)


class ItemRead(Schema):
    """What became of one item, in words."""

    id = fields.UUID(required=True, allow_none=True)
    seq = fields.Integer(required=True, allow_none=True)
    kind = fields.String(required=True, allow_none=True)
    state = fields.String(required=True)
    code = fields.String(required=True, allow_none=True, attribute="slug")
    words = fields.Function(
        lambda each: pick(each.words["zh"], each.words["en"]) if each.words else "", required=True
    )
    points = fields.Integer(required=True, allow_none=True)
    happened_at = fields.AwareDateTime(required=True, allow_none=True)
    arrived_at = fields.AwareDateTime(required=True, allow_none=True)
    checkin_id = fields.UUID(required=True, allow_none=True)
    voucher_id = fields.UUID(required=True, allow_none=True)


class Outcomes(fields.List[Any]):
    """What `ItemRead` makes of each, written out: a batch has a thousand, and a field costs more than its value."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(fields.Nested(ItemRead), **kwargs)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> list[Any] | None:
        return None if value is None else [_outcome(each) for each in value]


def _outcome(each: Any) -> dict[str, Any]:
    return {
        "id": _text(each.id),
        "seq": each.seq,
        "kind": each.kind,
        "state": each.state,
        "code": each.slug,
        "words": pick(each.words["zh"], each.words["en"]) if each.words else "",
        "points": each.points,
        "happened_at": _iso(each.happened_at),
        "arrived_at": _iso(each.arrived_at),
        "checkin_id": _text(each.checkin_id),
        "voucher_id": _text(each.voucher_id),
    }


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)


def _iso(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()


class BatchRead(Schema):
    """The answer to a batch: one line per item sent, and how much of the log has arrived."""

    server_time = fields.AwareDateTime(required=True, format="iso")
    have = fields.Integer(
        required=True, allow_none=True, metadata={"description": "entries of the log that arrived"}
    )
    missing = fields.List(fields.Integer(), required=True, metadata={"description": "places to send again"})
    items = Outcomes(required=True)


class ConflictRead(Schema):
    """A conflict with its evidence."""

    id = fields.UUID(required=True)
    item_id = fields.UUID(required=True)
    code = fields.String(required=True, attribute="slug")
    words = fields.Function(lambda each: why(each.slug), required=True)
    station = fields.Function(lambda each: station(each.station_id).name, required=True)
    rider = fields.Function(
        lambda each: masked_of(person(each.person_id)) if each.person_id else None,
        required=True,
        allow_none=True,
    )
    evidence = fields.Dict(keys=fields.String(), required=True)
    loss = fields.Integer(required=True)
    decisions = fields.List(fields.String(), required=True)
    opened_at = fields.AwareDateTime(required=True)
    decision = fields.String(required=True, allow_none=True)
    note = fields.String(required=True, allow_none=True)
    decided_at = fields.AwareDateTime(required=True, allow_none=True)


class ConflictQuery(PageQuery):
    """Open ones or decided ones."""

    show = fields.String(load_default="open", validate=validate.OneOf(["open", "decided"]))


class DecideConflict(Schema):
    """What was decided, and a word about why."""

    decision = fields.String(required=True, validate=validate.OneOf(DECISIONS))
    note = Text(200, load_default=None)


class TrustRead(Schema):
    """What one station may lose without a signal."""

    station = fields.Function(lambda each: each.station.name, required=True)
    device = fields.Function(lambda each: each.device.name, required=True)
    lease = fields.Nested(LeaseRead, required=True)
    heard_at = fields.AwareDateTime(required=True, attribute="lease.heard_at")
    waiting = fields.Integer(required=True)


class TrustList(Schema):
    """All of them, and the sum that may be lost at worst."""

    worst_loss = fields.Integer(required=True)
    lost_30_days = fields.Integer(required=True)
    stations = fields.List(fields.Nested(TrustRead), required=True)


def why(slug: str) -> str:
    """Why a person has to look, in a few words."""
    return say(f"sync.why-{slug}" if has(f"sync.why-{slug}") else "sync.why-other")


def checked(schema: ma.Schema, data: Any) -> dict[str, Any]:
    """What came in, if it is of this shape. Raises ma.ValidationError."""
    if not isinstance(data, dict):
        raise ma.ValidationError("field.not-an-object")
    return dict(schema.load(data))
