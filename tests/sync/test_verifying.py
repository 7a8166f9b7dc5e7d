"""What a device took is believed, or refused, to the very moment: the borders of codes, clocks, leases and devices."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from app.codes import steps
from app.codes.models import GRACE, PersonalHandle
from app.kernel.errors import Problem
from app.kernel.ids import new_id
from app.sync import verifying
from app.sync.models import LATEST, MAX_SKEW_S, Lease, StationDevice, SyncItem
from tests.conftest import StandingClock

pytestmark = pytest.mark.once

MOMENT, SLACK = timedelta(microseconds=1), timedelta(seconds=MAX_SKEW_S)


def lease_of(at: datetime, **more: Any) -> Lease:
    values = {"id": new_id(), "device_id": new_id(), "granted_to": new_id(), "granted_at": at}
    return Lease(**values | {"ends_at": at + timedelta(hours=24)} | more)


def code(at: datetime, *, skew_s: int = 0, **more: Any) -> str:
    """What becomes of a code that was shown then."""
    handle = PersonalHandle(**{"person_id": new_id(), "expires_at": at + timedelta(days=1)} | more)
    lease = lease_of(at, granted_to=HOLDER)
    try:
        verifying.must_be_good(
            verifying.Shown(handle, 1, skew_s),
            at,
            lease,
            lambda whose: SimpleNamespace(is_rider=whose != STAFF),
        )
    except Problem as refusal:
        return refusal.slug
    return "good"


HOLDER, STAFF = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize(
    ("of_handle", "said"),
    [
        (lambda at: {"revoked_at": at}, "handle-revoked"),
        (lambda at: {"revoked_at": at + MOMENT}, "good"),  # taken back later, it was good then
        (lambda at: {"expires_at": at - GRACE}, "handle-expired"),
        (lambda at: {"expires_at": at - GRACE + MOMENT}, "good"),
        (lambda at: {"skew_s": steps.MAX_SKEW_S}, "good"),
        (lambda at: {"skew_s": -steps.MAX_SKEW_S}, "good"),
        (lambda at: {"skew_s": steps.MAX_SKEW_S + 1}, "code-skew"),
        (lambda at: {"skew_s": -steps.MAX_SKEW_S - 1}, "code-skew"),
        (lambda at: {"person_id": HOLDER}, "own-code"),
        (lambda at: {"person_id": STAFF}, "not-a-rider"),
    ],
)
def test_a_code_was_good_when_it_was_shown(clock: StandingClock, of_handle: Any, said: str):
    assert code(clock.at, **of_handle(clock.at)) == said


def entry(
    at: datetime, *, lease: Lease | None = None, revoked_at: datetime | None = None, **more: Any
) -> str:
    """What becomes of the second entry of a log that is in order but for this."""
    lease = lease or lease_of(at - timedelta(hours=1))
    values = {"seq": 2, "prev_hash": "first", "hash": "second", "signature": "signed", "clock_offset_s": 0}
    item = SyncItem(**values | {"happened_at": at, "arrived_at": at} | more)
    device = StationDevice(public_key="key", revoked_at=revoked_at)
    before = {(lease.id, 1): "first"}
    try:
        verifying.must_be_believed(
            item, lease, at, lambda whose, seq: before.get((whose, seq)), lambda _: device
        )
    except Problem as refusal:
        return refusal.slug
    return "believed"


@pytest.fixture(autouse=True)
def signs(monkeypatch: pytest.MonkeyPatch) -> None:
    def is_signed(key: str, text: str, signature: str) -> bool:
        return (key, text, signature) == ("key", "second", "signed")

    monkeypatch.setattr(verifying.chain, "is_signed", is_signed)


@pytest.mark.parametrize(
    ("of_entry", "said"),
    [
        (lambda at: {}, "believed"),
        (lambda at: {"seq": None}, "log-forked"),
        (lambda at: {"signature": None}, "log-broken"),
        (lambda at: {"hash": "another"}, "log-broken"),
        (lambda at: {"prev_hash": "another"}, "log-broken"),
        (lambda at: {"seq": 3}, "log-broken"),
        (lambda at: {"seq": 1}, "log-broken"),  # the first one names its lease
        (lambda at: {"revoked_at": at}, "device-revoked"),
        (lambda at: {"revoked_at": at + MOMENT}, "believed"),
        (lambda at: {"clock_offset_s": MAX_SKEW_S}, "believed"),
        (lambda at: {"clock_offset_s": -MAX_SKEW_S}, "believed"),
        (lambda at: {"clock_offset_s": MAX_SKEW_S + 1}, "clock-off"),
        (lambda at: {"clock_offset_s": -MAX_SKEW_S - 1}, "clock-off"),
        (lambda at: {"happened_at": at + SLACK}, "believed"),
        (lambda at: {"happened_at": at + SLACK + MOMENT}, "clock-off"),
        (lambda at: {"arrived_at": at + LATEST}, "believed"),
        (lambda at: {"arrived_at": at + LATEST + MOMENT}, "arrived-too-late"),
    ],
)
def test_an_entry_is_believed_as_far_as_a_devices_word_goes(clock: StandingClock, of_entry: Any, said: str):
    assert entry(clock.at, **of_entry(clock.at)) == said


def test_the_first_entry_of_a_log_names_its_lease(clock: StandingClock):
    lease = lease_of(clock.at)
    assert entry(clock.at, lease=lease, seq=1, prev_hash=lease.id.hex) == "believed"
    assert entry(clock.at, lease=lease, seq=1, prev_hash=new_id().hex) == "log-broken"


@pytest.mark.parametrize("closed_in_h", [None, 3, 48])
def test_a_lease_covers_what_happened_from_its_first_to_its_last_moment_and_a_clocks_slip(
    clock: StandingClock, closed_in_h: int | None
):
    at = clock.at
    closed_at = at + timedelta(hours=closed_in_h) if closed_in_h else None
    lease = lease_of(at, closed_at=closed_at)
    last = at + timedelta(hours=3 if closed_in_h == 3 else 24)
    for happened_at, said in (
        (at - SLACK - MOMENT, "outside-lease"),
        (at - SLACK, "believed"),
        (last + SLACK, "believed"),
        (last + SLACK + MOMENT, "outside-lease"),
    ):
        told = {"happened_at": happened_at, "arrived_at": at + timedelta(hours=48)}
        assert entry(at, lease=lease, **told) == said
