"""Keys come from the settings, so every test here needs the application built; a database, only some."""

from __future__ import annotations

import pytest
from flask import Flask


@pytest.fixture(autouse=True)
def settings_only(built_app: Flask) -> None:
    """The settings that `built_app` reads."""
