"""Every table has a level of protection, and every level says how it is kept."""

from __future__ import annotations

import tomllib
from collections import Counter

from app.kernel.db import Base
from tools import layout

PROTECTION = tomllib.loads((layout.ROOT / "docs" / "security" / "protection.toml").read_text("utf-8"))
SAID = {"what", "stored", "logged", "read_by", "kept"}


def test_every_table_has_one_level(app):
    named = Counter(name for tables in PROTECTION["tables"].values() for name in tables)
    assert set(named) == set(Base.metadata.tables)
    assert set(named.values()) == {1}


def test_every_level_says_how_it_is_kept():
    assert set(PROTECTION["tables"]) == set(PROTECTION["levels"])
    for level in PROTECTION["levels"].values():
        assert set(level) == SAID
        assert all(level.values())
