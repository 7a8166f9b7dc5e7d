"""Kinds of facts a rule may speak about: one module each, and this list. Nothing else can ever earn points.

A new kind is a module with KIND and a function that makes the fact from its event, and one line here.
"""

from __future__ import annotations

from app.rules.kinds import checkin, honour, hours, report, suggestion, training
from app.rules.kinds.shape import FactKind

KINDS: dict[str, FactKind] = {
    kind.name: kind
    for kind in (checkin.KIND, report.KIND, hours.KIND, training.KIND, suggestion.KIND, honour.KIND)
}
