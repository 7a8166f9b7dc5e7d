"""The menu of the desks: only what this person may enter."""

from __future__ import annotations

from app.identity.actors import Actor
from app.kernel.i18n import say

# key, path, icon, permissions of which one is enough
ENTRIES = (
    ("overview", "/desk", "board", ("case.triage", "ledger.read", "rules.edit", "rules.review", "selection.run",
                                    "selection.review", "people.appoint", "audit.read")),
    ("cases", "/grid", "flag", ("case.triage", "case.work")),
    ("activities", "/activities/desk", "activity", ("activity.organise",)),
    ("hours", "/desk/hours", "hours", ("hours.confirm", "hours.approve")),
    ("station", "/station", "station", ("station.scan",)),
    ("rules", "/desk/rules", "rules", ("rules.edit", "rules.review")),
    ("rewards", "/desk/rewards", "gift", ("rewards.manage",)),
    ("ledger", "/desk/ledger", "points", ("ledger.read",)),
    ("honours", "/desk/honours", "honour", ("selection.run", "selection.review")),
    ("people", "/desk/people", "people", ("people.appoint",)),
)  # fmt: skip


def menu_of(by: Actor) -> list[tuple[str, str, str, str]]:
    """(key, path, icon, words) of every desk this person may enter."""
    return [
        (key, path, icon, say(f"web.menu.{key}"))
        for key, path, icon, needed in ENTRIES
        if any(by.holds(each) for each in needed)
    ]
