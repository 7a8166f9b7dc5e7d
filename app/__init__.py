"""Fengxing: the backend and mobile web of a city's rider-volunteer programme. Floors: see docs/architecture.md."""

from app.main import create_app

__all__ = ["create_app"]
