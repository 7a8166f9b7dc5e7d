"""What one item is worth, by its kind: the same use cases as with a signal, as of when it happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from app.checkins import queries as checkins
from app.checkins.checking_in import check_in_by_code, check_in_by_poster
from app.checkins.errors import CheckedInAlready
from app.checkins.models import Checkin
from app.codes.errors import CodeForged
from app.identity import queries as people
from app.identity.actors import Actor
from app.kernel.db import session
from app.kernel.errors import Problem
from app.kernel.geo import Position
from app.kernel.i18n import format_time
from app.rewards import queries as rewards
from app.rewards.models import Voucher
from app.rules.queries import points_given_for
from app.sync import resolving, trusting, verifying
from app.sync.errors import ItemUnreadable
from app.sync.models import ALREADY, CHECKIN, COUNTED, REDEEM, SCAN, Lease, SyncItem
from app.sync.outcomes import DOUBTFUL, UNPROVEN, Outcome, refused, said


def judge(item: SyncItem, *, at: datetime) -> Outcome:
    """Apply one item. Raises the Problem that stands in its way; what was written until then is undone."""
    told = resolving.told_by(item)
    if item.kind == CHECKIN:
        return _checkin(item, told, at)
    lease = session.get_one(Lease, item.lease_id)
    by = holder_of(lease)
    if item.kind == SCAN:
        return _scan(item, told, lease, by, at)
    return _goods(item, told, lease, by, at)


def holder_of(lease: Lease) -> Actor:
    """The programme itself, on behalf of whoever stood at the counter: their role then, not now, is what counts."""
    return Actor(person_id=lease.granted_to, is_system=True)


def _checkin(item: SyncItem, told: dict[str, Any], at: datetime) -> Outcome:
    person_id, station_id = item.person_id, item.station_id
    if station_id is None or person_id is None:
        raise CodeForged
    position: Position | None = told["position"]
    return _present(
        item,
        person_id,
        station_id,
        lambda: check_in_by_poster(
            station_id=station_id,
            position=position,
            accuracy_m=told["accuracy_m"],
            happened_at=item.happened_at,
            by=people.actor_of(people.person(person_id)),
            at=item.arrived_at,
        ),
    )


def _scan(item: SyncItem, told: dict[str, Any], lease: Lease, by: Actor, at: datetime) -> Outcome:
    person_id = _proven(item, told, lease, at).handle.person_id
    return _present(
        item,
        person_id,
        lease.station_id,
        lambda: check_in_by_code(
            person_id=person_id,
            station_id=lease.station_id,
            happened_at=item.happened_at,
            by=by,
            at=item.arrived_at,
        ),
    )


def _present(item: SyncItem, person_id: UUID, station_id: UUID, check_in: Callable[[], Checkin]) -> Outcome:
    made, is_new = in_its_window(person_id, station_id, item.happened_at, check_in)
    return counted(made.id, points_given_for("checkin", made.id)) if is_new else already(made)


def in_its_window(
    person_id: UUID, station_id: UUID, happened_at: datetime, check_in: Callable[[], Checkin]
) -> tuple[Checkin, bool]:
    """The one presence of a window, and whether it is new: else it was there, or came in this very moment."""
    there = checkins.check_in_of_window(person_id, station_id, happened_at)
    if there is not None:
        return there, False
    try:
        return check_in(), True
    except CheckedInAlready:
        there = checkins.check_in_of_window(person_id, station_id, happened_at)
        if there is None:
            raise
        return there, False


def _proven(item: SyncItem, told: dict[str, Any], lease: Lease, at: datetime) -> verifying.Shown:
    shown = verifying.shown_code(told["code"], item.happened_at)
    verifying.must_be_believed(item, lease, at)
    verifying.must_be_good(shown, item.happened_at, lease)
    verifying.take_step(shown, lease.station_id, lease, item.happened_at)
    return shown


def _goods(item: SyncItem, told: dict[str, Any], lease: Lease, by: Actor, at: datetime) -> Outcome:
    """Something went over the counter. If it cannot be booked as it was meant, it is still gone: somebody bears it."""
    worth = 0
    try:
        with session.begin_nested():
            worth = _worth(item, told)
            return _handed_over(_hand_over(item, told, lease, by, at))
    except Problem as problem:
        if problem.slug in UNPROVEN:
            raise
        found = refused(item, problem)
        loss = 0 if problem.slug in DOUBTFUL else trusting.bear_loss(item, worth, lease, by=by)
        return replace(found, points=worth, loss=loss)


def _worth(item: SyncItem, told: dict[str, Any]) -> int:
    if item.kind != REDEEM:
        return trusting.voucher_in(told["code"], item.happened_at).points
    if told["reward_id"] is None:
        raise ItemUnreadable
    verifying.shown_code(told["code"], item.happened_at)
    return rewards.reward(told["reward_id"]).points


def _hand_over(item: SyncItem, told: dict[str, Any], lease: Lease, by: Actor, at: datetime) -> Voucher:
    if item.kind == REDEEM:
        shown = _proven(item, told, lease, at)
        return trusting.hand_over_reward(item, told["reward_id"], shown.handle.person_id, lease, by=by)
    verifying.must_be_believed(item, lease, at)
    return trusting.hand_over_voucher(item, told["code"], lease, by=by)


def counted(checkin_id: UUID, points: int) -> Outcome:
    """A presence that counted, and what it gave."""
    return Outcome(state=COUNTED, words=_words_of(points), points=points, checkin_id=checkin_id)


@lru_cache(maxsize=1024)
def _words_of(points: int) -> dict[str, str]:
    key = "sync.counted" if points else "sync.counted-without-points"
    return said(key, points=points)


def already(there: Checkin) -> Outcome:
    """A presence in a window that has one."""
    words = said("sync.already", at=format_time(there.happened_at))
    return Outcome(state=ALREADY, slug="checked-in-already", words=words, points=0, checkin_id=there.id)


def _handed_over(voucher: Voucher) -> Outcome:
    reward = rewards.reward(voucher.reward_id)
    names = {"zh": reward.name_zh, "en": reward.name_en or reward.name_zh}
    words = {
        name: said("sync.handed-over", reward=names[name], points=voucher.points)[name] for name in names
    }
    return Outcome(state=COUNTED, words=words, points=-voucher.points, voucher_id=voucher.id)
