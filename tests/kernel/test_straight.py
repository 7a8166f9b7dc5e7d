"""A read's statement by the shortest way: it says what the long way says, and the server keeps no more than it should.

On SQLite both ways are the same one.
"""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import Boolean, Date, Integer, String, Uuid, bindparam, cast, literal, select, text
from sqlalchemy.exc import DBAPIError

from app.identity.models import Person
from app.kernel import straight
from app.kernel.db import Json, UtcDateTime, dialect_name, disconnect, reader_at_rest, session, transaction
from app.kernel.driving import rows
from tests import make

GIVEN = {
    "whole": [0, 1, -1, 32_768, 2_147_483_647, None],
    "words": ["", "100 % of %(it)s", "$1", "字'\"\\", "🐝", None],
    "id": [UUID(int=0), UUID(int=2**128 - 1), None],
    "at": [datetime(2026, 2, 28, 16, 0, 0, 1, tzinfo=UTC), None],
    "yes": [True, False, None],
    "held": [{"a": [1, "字", None]}, [], 0],
}
TYPES = {"whole": Integer, "words": String, "id": Uuid, "at": UtcDateTime, "yes": Boolean, "held": Json}
ECHOES = {
    name: select(bindparam(name, type_=kind).label("said"), literal("50 %").label("beside"))
    for name, kind in TYPES.items()
}
NAMES = select(Person.nickname).where(Person.id == bindparam("who"))
NEVER_KEPT = select(bindparam("words", type_=String).label("said"), literal("never").label("kept"))
UNKNOWN = select(text("no_such_column")).select_from(Person)
NOT_A_DAY = select(
    cast(bindparam("words", type_=String), Date).label("said")
)  # the server finds out as it carries it out


@pytest.mark.parametrize("name", GIVEN)
def test_what_goes_straight_is_what_the_long_way_says(app, name):
    for value in GIVEN[name]:
        with transaction(write=False):
            straightly = [tuple(row) for row in rows(ECHOES[name], {name: value})]
            planned_anew = [tuple(row) for row in rows(ECHOES[name], {name: value}, anew=True)]
            assert (reader_at_rest() is not None) == (dialect_name() == "postgresql"), "it went the long way"
        with transaction(write=False):
            at_length = [tuple(row) for row in session.execute(ECHOES[name], {name: value})]
        assert straightly == planned_anew == at_length


def kept() -> int:
    """How many statements the server keeps ready for the connection that reads use next."""
    if dialect_name() != "postgresql":
        return 0
    ready = text("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'straight%'")
    return int(session.scalar(ready) or 0)


def test_the_server_keeps_a_bounded_number_of_statements_ready(app, monkeypatch):
    disconnect()
    monkeypatch.setattr(straight, "MOST", 2)
    with transaction():
        rider = make.rider()
    for _ in range(2):
        with transaction(write=False):
            told = [rows(ECHOES[name], {name: GIVEN[name][0]})[0][0] for name in GIVEN]
            assert rows(NAMES, {"who": rider.id})[0][0] == rider.nickname
        assert told == [values[0] for values in GIVEN.values()]
    with transaction(write=False):
        assert kept() <= 2


def test_what_is_planned_anew_is_not_kept(app):
    with transaction(write=False):
        before = kept()
    with transaction(write=False):
        rows(NEVER_KEPT, {"words": "x"}, anew=True)
    with transaction(write=False):
        assert kept() == before


def test_what_the_server_refuses_fails_as_ever_and_the_next_one_is_answered(app):
    with pytest.raises(DBAPIError), transaction(write=False):
        rows(UNKNOWN, {})
    if dialect_name() == "postgresql":
        with pytest.raises(DBAPIError), transaction(write=False):
            rows(NOT_A_DAY, {"words": "no day"})
    with transaction(write=False):
        assert rows(ECHOES["whole"], {"whole": 7})[0][0] == 7
