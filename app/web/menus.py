"""The one table of desks: who may enter which, what the menu shows, where staff land after signing in."""

from __future__ import annotations

from dataclasses import dataclass

from app.identity.actors import Actor
from app.identity.models import Person
from app.identity.queries import actor_of
from app.kernel.i18n import say


@dataclass(frozen=True, slots=True)
class Desk:
    """A desk and the permissions of which one is enough to enter it."""

    key: str
    path: str
    icon: str
    permissions: tuple[str, ...]

    def opens_to(self, by: Actor) -> bool:
        return any(by.holds(each) for each in self.permissions)


# In the order of the menu; the first that opens is where somebody lands.
DESKS = (
    Desk("overview", "/desk", "board", ("ledger.read", "selection.run", "selection.review", "people.appoint")),
    Desk("station", "/station", "station", ("station.scan",)),
    Desk("cases", "/grid", "flag", ("case.triage", "case.work", "case.mediate", "selection.review")),
    Desk("activities", "/activities/desk", "activity", ("activity.organise",)),
    Desk("hours", "/desk/hours", "hours", ("hours.confirm",)),
    Desk("rules", "/desk/rules", "rules", ("ledger.read",)),
    Desk("rewards", "/desk/rewards", "gift", ("rewards.manage",)),
    Desk("ledger", "/desk/ledger", "points", ("ledger.read",)),
    Desk("reversals", "/desk/ledger/reversals", "undo", ("ledger.correct",)),
    Desk("honours", "/desk/honours", "honour", ("selection.run", "selection.review", "honours.export")),
    Desk("doubts", "/desk/doubts", "flag", ("facts.unwind",)),
    Desk("conflicts", "/desk/conflicts", "clock", ("station.manage",)),
    Desk("moves", "/desk/number-moves", "scan", ("people.confirm-move",)),
    Desk("audit", "/desk/audit", "lock", ("audit.read",)),
    Desk("people", "/desk/people", "people", ("people.appoint",)),
)  # fmt: skip


def menu_of(by: Actor) -> list[tuple[str, str, str, str]]:
    """(key, path, icon, words) of every desk this person may enter."""
    if not by.roles:  # most who open a page are riders: nobody without a role enters a desk
        return []
    return [
        (each.key, each.path, each.icon, say(f"web.menu.{each.key}")) for each in DESKS if each.opens_to(by)
    ]


def must_enter(by: Actor, key: str) -> None:
    """Refuse whoever may not enter this desk, where more than one permission opens it. Raises Forbidden."""
    if not any(each.key == key and each.opens_to(by) for each in DESKS):
        raise by.refusal()


def landing_of(someone: Person) -> str:
    """Where a person lands after signing in: a rider at home, staff at their first desk."""
    desks = [] if someone.is_rider else menu_of(actor_of(someone))
    return desks[0][1] if desks else "/"
