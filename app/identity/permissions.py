"""The one table of who may do what. A role is always held in a region (and all below it) or at a station.

A use case asks for a permission and a place; nothing anywhere else asks for a role.
"""

from __future__ import annotations

RIDER = "rider"
STATION_MANAGER = "station-manager"
DISPATCHER = "dispatcher"
ORGANISER = "organiser"
DEPARTMENT = "department"
RULE_EDITOR = "rule-editor"
REVIEWER = "reviewer"
MEDIATOR = "mediator"
AUDITOR = "auditor"
ADMIN = "admin"
GRID_MEMBER = "grid-member"

SELF = "self"  # held by everybody who is signed in, over what is their own

PERMISSIONS: dict[str, frozenset[str]] = {
    STATION_MANAGER: frozenset(
        {
            "station.scan",
            "station.stock",
            "station.devices",
            "people.invite",
            "people.recover",
            "hours.witness",
        }
    ),
    DISPATCHER: frozenset({"case.triage", "case.work"}),
    ORGANISER: frozenset({"activity.organise", "hours.confirm", "hours.backfill", "hours.witness"}),
    DEPARTMENT: frozenset(
        {
            "activity.organise",
            "case.triage",
            "facts.unwind",
            "honours.export",
            "hours.approve",
            "hours.confirm",
            "ledger.correct",
            "ledger.read",
            "people.confirm-move",
            "people.invite",
            "people.recover",
            "rewards.manage",
            "rules.review",
            "selection.run",
            "station.devices",
            "station.manage",
        }
    ),
    RULE_EDITOR: frozenset({"rules.edit", "ledger.read"}),
    REVIEWER: frozenset({"selection.review"}),
    MEDIATOR: frozenset({"case.mediate"}),
    AUDITOR: frozenset({"audit.read", "ledger.read"}),
    ADMIN: frozenset(
        {
            "audit.read",
            "facts.unwind",
            "ledger.correct",
            "people.appoint",
            "people.confirm-move",
            "station.devices",
            "station.manage",
        }
    ),
    GRID_MEMBER: frozenset(),  # a rider who accepted the role in a home community; rules may ask for it
}

ROLES = tuple(PERMISSIONS)
ALL = frozenset().union(*PERMISSIONS.values()) | {SELF}
AT_A_STATION = frozenset({STATION_MANAGER})  # roles that may be held at a single station
