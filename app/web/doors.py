"""Which desks a person may enter, by what their roles permit."""

from __future__ import annotations

from app.identity.actors import Actor
from app.identity.models import Person
from app.identity.queries import actor_of

# (path, icon, words, permissions of which one is enough)
DOORS = (
    ("/station", "station", "web.door.station", ("station.scan",)),
    ("/grid", "flag", "web.door.grid", ("case.triage", "case.work")),
    ("/activities/desk", "activity", "web.door.organiser", ("activity.organise",)),
    (
        "/desk",
        "board",
        "web.door.desk",
        ("rules.edit", "rules.review", "selection.run", "selection.review", "people.appoint", "audit.read"),
    ),
)


def open_doors(by: Actor) -> list[tuple[str, str, str]]:
    """The desks this person may enter: (path, icon, key of its words)."""
    return [
        (path, icon, words) for path, icon, words, needed in DOORS if any(by.holds(each) for each in needed)
    ]


def door_of(someone: Person) -> str:
    """Where a person lands after signing in: a rider at home, staff at their first desk."""
    doors = [] if someone.is_rider else open_doors(actor_of(someone))
    return doors[0][0] if doors else "/"
