"""Riders are told when two facts do not go together, and when that is settled: a sibling, known by its shape."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from uuid import UUID

from app.kernel.i18n import LOCALES, format_instant, say
from app.notices.telling import About, tell


class AboutDoubt(Protocol):
    """An event about a fact that is looked at again."""

    doubt_id: UUID
    person_id: UUID
    fact_kind: str
    happened_at: datetime
    at: datetime


class OpenDoubt(AboutDoubt, Protocol):
    """One that waits: somebody will have looked by then."""

    due_at: datetime


def on_fact_doubted(event: OpenDoubt) -> None:
    """What does not match, that points may wait, and until when at the latest."""
    _tell(event, "fact-doubted", until=_until(event))


def on_doubt_upheld(event: OpenDoubt) -> None:
    """It takes longer than was said at first: a second person looks, and has time of their own."""
    _tell(event, "fact-doubted-again", until=_until(event))


def on_doubt_gone(event: AboutDoubt) -> None:
    """It counts: what was set aside is usable."""
    _tell(event, "doubt-gone")


def _until(event: OpenDoubt) -> dict[str, str]:
    return {name: format_instant(event.due_at, name) for name in LOCALES}


def _tell(event: AboutDoubt, slug: str, **facts: object) -> None:
    what = {name: say(f"doubts.kind.{event.fact_kind}", name) for name in LOCALES}
    when = {name: format_instant(event.happened_at, name) for name in LOCALES}
    tell(
        person_id=event.person_id,
        slug=slug,
        source=f"doubt:{event.doubt_id}:{slug}",
        facts={"what": what, "when": when, **facts},
        about=About("doubt", event.doubt_id),
        at=event.at,
    )
