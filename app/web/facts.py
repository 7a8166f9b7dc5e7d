"""The facts of a refusal that is kept, so that it is told in the same words when its form is sent again."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

MOMENT = "moment"


def to_keep(facts: Any) -> str:
    """As text. A moment stays one: what tells it puts it on the reader's clock."""
    return json.dumps(facts, default=_plain)


def kept(text: str) -> Any:
    """What `to_keep` made text of."""
    return json.loads(text, object_hook=_as_it_was)


def _plain(value: Any) -> Any:
    return {MOMENT: value.isoformat()} if isinstance(value, datetime) else str(value)


def _as_it_was(found: dict[str, Any]) -> Any:
    return datetime.fromisoformat(found[MOMENT]) if found.keys() == {MOMENT} else found
