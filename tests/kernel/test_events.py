"""What happened is told to those who asked for it, in their order, one by one or all at once; to nobody else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from app.kernel import events

AT = datetime(2026, 11, 24, 6, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sown(events.Event):
    """Something that happened."""

    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaped(events.Event):
    """Something else."""

    n: int


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int | tuple[int, ...]]]:
    """What each of three has heard: one of them hears many in one go."""
    monkeypatch.setattr(events, "_handlers", {})
    monkeypatch.setattr(events, "_together", {})
    told: list[tuple[str, int | tuple[int, ...]]] = []

    def many(event: Sown) -> None:
        told.append(("many", event.n))

    events.wire(
        [
            (Sown, lambda event: told.append(("first", event.n))),
            (Sown, many, lambda those: told.append(("many", tuple(each.n for each in those)))),
            (Reaped, lambda event: told.append(("other", event.n))),
        ]
    )
    return told


def test_each_is_told_in_the_order_in_which_they_asked(heard) -> None:
    events.publish(Sown(n=1, at=AT))
    assert heard == [("first", 1), ("many", 1)]


def test_who_hears_many_at_once_is_told_once_and_the_others_one_by_one(heard) -> None:
    events.publish_all([Sown(n=1, at=AT), Sown(n=2, at=AT)])
    assert heard == [("first", 1), ("first", 2), ("many", (1, 2))]


def test_where_nothing_happened_nobody_is_told(heard) -> None:
    events.publish_all([])
    assert heard == []


def test_whoever_is_wired_anew_replaces_all_before(heard) -> None:
    events.wire([(Sown, lambda event: heard.append(("new", event.n)))])
    for event in (Sown(n=3, at=AT), Reaped(n=4, at=AT)):
        events.publish(event)
    events.publish_all([Sown(n=5, at=AT)])
    assert heard == [("new", 3), ("new", 5)]


def test_one_that_fails_fails_whoever_told_it(heard) -> None:
    def fail(_event: Sown) -> None:
        raise RuntimeError

    events.wire([(Sown, fail), (Sown, lambda event: heard.append(("later", event.n)))])
    with pytest.raises(RuntimeError):
        events.publish(Sown(n=1, at=AT))
    assert heard == []
