"""Holding answers against rows: what is missing, what is there twice, what was sold that was not there."""

from __future__ import annotations

import json
from uuid import UUID

import pytest

from faults import books
from faults.city import PRICE
from faults.traffic import Answer, Ask, Journal, Line

FIRST, SECOND, RIDER, PLACE = (UUID(int=number) for number in range(4))


def _line(kind: str, about: tuple[object, ...], answer: Answer | None) -> Line:
    return Line(Ask(kind, "/", "token", about=about), answer, 1, 0.1)


def _journal() -> Journal:
    """One visit, all of it acknowledged."""
    reserved = Answer(201, json.dumps({"id": str(FIRST)}).encode())
    return Journal(
        lines=[
            _line("check-in", (RIDER, PLACE), Answer(200, b"{}")),
            _line("reserve", (RIDER, None), reserved),
            _line("hand-over", (FIRST,), Answer(201, b"{}")),
        ]
    )


def _rows(**other: object) -> books._Rows:
    rows = {
        "vouchers": {FIRST},
        "handed_over": {FIRST},
        "check_ins": [(RIDER, PLACE)],
        "spent": PRICE,
        "oversold": 0,
    }
    return books._Rows(**(rows | other))


@pytest.mark.parametrize(
    ("rows", "lost", "doubled", "oversold"),
    [
        ({}, 0, 0, 0),
        ({"vouchers": set(), "handed_over": set(), "spent": 0}, 2, 0, 0),
        ({"handed_over": set(), "spent": 0}, 1, 0, 0),
        ({"check_ins": []}, 1, 0, 0),
        ({"vouchers": {FIRST, SECOND}}, 0, 1, 0),
        ({"check_ins": [(RIDER, PLACE)] * 2}, 0, 1, 0),
        ({"spent": 2 * PRICE}, 0, 1, 0),
        ({"oversold": 3}, 0, 0, 3),
    ],
)
def test_what_differs_is_named(monkeypatch, rows, lost, doubled, oversold):
    monkeypatch.setattr(books, "_rows", lambda url: _rows(**rows))
    found = books.compare("", _journal())
    assert (found.lost, found.doubled, found.oversold) == (lost, doubled, oversold)
    assert found.is_clean is (lost + doubled + oversold == 0)


def test_what_was_handed_over_though_nobody_was_told_so_is_there_twice(monkeypatch):
    journal = _journal()
    journal.lines.append(
        _line("reserve", (RIDER, None), Answer(201, json.dumps({"id": str(SECOND)}).encode()))
    )
    both = {FIRST, SECOND}
    monkeypatch.setattr(books, "_rows", lambda url: _rows(vouchers=both, handed_over=both))
    assert books.compare("", journal).doubled == 1


@pytest.mark.parametrize(("prices", "doubled"), [(1, 0), (2, 0), (3, 1)])
def test_a_hand_over_without_an_answer_may_have_been_paid_once(monkeypatch, prices, doubled):
    monkeypatch.setattr(books, "_rows", lambda url: _rows(spent=prices * PRICE))
    journal = _journal()
    journal.lines.append(_line("hand-over", (SECOND,), None))
    assert books.compare("", journal).doubled == doubled


def test_a_request_without_an_answer_may_have_been_done_but_is_a_failure(monkeypatch):
    monkeypatch.setattr(books, "_rows", lambda url: _rows(vouchers={FIRST, SECOND}))
    journal = _journal()
    journal.lines.append(_line("reserve", (RIDER, None), None))
    found = books.compare("", journal)
    assert (found.doubled, found.unanswered, found.is_clean) == (0, 1, False)


def test_a_replay_that_differs_is_a_failure(monkeypatch):
    monkeypatch.setattr(books, "_rows", lambda url: _rows())
    journal = _journal()
    journal.lines[0].differing = True
    assert not books.compare("", journal).is_clean
    assert "1 replays differ" in str(books.compare("", journal))


def test_a_replay_without_an_answer_is_a_failure_of_another_sort(monkeypatch):
    monkeypatch.setattr(books, "_rows", lambda url: _rows())
    journal = _journal()
    journal.lines[0].silent = True
    found = books.compare("", journal)
    assert (found.differing, found.is_clean) == (0, False)
    assert "1 unanswered when sent again" in str(found)
