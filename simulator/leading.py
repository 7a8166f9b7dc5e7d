"""Whoever leads a shift counts heads: most do, some type what the screen says, now and then one is missed."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from simulator import looks
from simulator.city import City
from simulator.product import organising
from simulator.staff import Official
from simulator.takings import Takings

COUNTS = 0.8  # shifts at which somebody counts at all
ONLY_TYPES = 0.1  # counts at which whoever leads types the number on the screen and looks at nobody
OVERLOOKS = 0.01  # heads that are there and not seen: somebody fetches water
LOOKS_AGAIN = 0.7  # towards the end, for whoever came late
TOGETHER = 0.4  # shifts whose hours are confirmed in one go on the same evening


class Leader(Official):
    """Stands where the shift is."""

    def __init__(self, city: City, username: str, takings: Takings) -> None:
        super().__init__(city, city.staff[username], "leader", username)
        self.takings = takings

    def lead(self, shift_id: str, starts_at: datetime, ends_at: datetime) -> None:
        """Mean to count at some moment of the shift, not always the same, and again towards the end."""
        if not self.chance.happens(COUNTS):
            return
        span_s = (ends_at - starts_at).total_seconds()
        moment = self.chance.after(starts_at, 0.2 * span_s, 0.9 * span_s)
        self.city.agenda.plan(moment, partial(self.count, shift_id))
        if self.chance.happens(LOOKS_AGAIN):
            late = self.chance.after(ends_at - timedelta(minutes=15), 0, 600)
            self.city.agenda.plan(late, partial(self.count, shift_id))

        if self.chance.happens(TOGETHER):
            evening = self.chance.after(ends_at, 3600, 10_800)
            self.city.agenda.plan(evening, partial(self.confirm_together, shift_id))

    def confirm_together(self, shift_id: str, at: datetime) -> None:
        """One tap for all who were looked for; the others are confirmed next morning, one by one."""
        self.ask_for(organising.confirm_counted, at, shift_id=shift_id)

    def count(self, shift_id: str, at: datetime) -> None:
        """Count, then say who is missing; of cheats, a friend may say that they are just round the corner."""
        listed = self.look(lambda: looks.heads_to_count(shift_id, self.by, at), at)
        if not listed:
            return
        only_types = self.chance.happens(ONLY_TYPES)
        heads = {str(each): only_types or self._sees(each) for each in listed}
        self.ask_for(
            organising.count_heads,
            at,
            shift_id=shift_id,
            here=sum(heads.values()),
            heads=sorted(heads.items()),
        )

    def _sees(self, attendance_id: UUID) -> bool:
        answered_for = self.takings.attendances.get(attendance_id)
        return self.chance.happens(1 - OVERLOOKS if answered_for is None else answered_for)
