"""When a reward can be picked up: within its own hours and the station's, until the end of its last day."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.kernel.clock import city_day, city_midnight
from app.kernel.i18n import format_instant
from app.places import hours as wall
from app.places.models import Station
from app.rewards.errors import PickUpClosed
from app.rewards.models import Reward

LOOK_AHEAD = 14  # days; a station that is shut for longer has its vouchers extended by nobody


def deadline(reward: Reward, station: Station, at: datetime) -> datetime:
    """The end of the last pick-up day, or of the next one on which both station and pick-up are open.

    A day ends at midnight, so a rider who reserved at 14:02 is not turned away at 14:03; and nobody's last day is one
    on which the doors stay shut.
    """
    last = city_day(at) + timedelta(days=reward.pick_up_days)
    for later in range(LOOK_AHEAD):
        day = last + timedelta(days=later)
        if wall.opens_on(station.hours, day) and (
            reward.pick_up_hours is None or wall.opens_on(reward.pick_up_hours, day)
        ):
            return city_midnight(day + timedelta(days=1))
    return city_midnight(last + timedelta(days=1))


def must_be_open(reward: Reward, at: datetime) -> None:
    """Refuse, with the next opening, outside the reward's own hours. The station is open if somebody stands there."""
    if reward.pick_up_hours is None or wall.is_open(reward.pick_up_hours, at):
        return
    opens_at = wall.next_opening(reward.pick_up_hours, at)
    raise PickUpClosed(reward=reward.name, opens_at=format_instant(opens_at) if opens_at else "—")
