"""Keys come from the settings, so every test here needs the application built."""

from __future__ import annotations

import pytest
from flask import Flask


@pytest.fixture(autouse=True)
def _settings(built_app: Flask) -> None:
    """The settings that `built_app` reads."""
