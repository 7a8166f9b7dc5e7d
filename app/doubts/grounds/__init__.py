"""Grounds for a second look: one module each, and this list. A new ground is a module with `found` and a line here.

A ground compares recorded facts with each other, and says which one cannot be right beside which: facts of one rider,
or two pictures. It never looks at who somebody is, how often they come or what others do: there is no score, and no
picture of a person.
"""

from __future__ import annotations

from app.doubts.grounds import away_from_shift, not_seen, one_matter, one_photo, two_places
from app.doubts.grounds.shape import Ground

ALL: dict[str, Ground] = {
    "two-places": two_places.found,
    "away-from-shift": away_from_shift.found,
    "not-seen": not_seen.found,
    "one-matter": one_matter.found,
    "one-photo": one_photo.found,
}
