"""A statement to PostgreSQL in one call of its client library, which sends it, waits and has the whole answer.

The driver's cursor does the same in a dozen steps, and lets go of the interpreter at each of them; among many threads
that is where most of the time of a short statement goes (ADR 46). Only for reads that stand for themselves: on their
connections nothing begins, nothing is rolled back, and so nothing makes the driver forget what was prepared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ExecStatus
from sqlalchemy import ClauseElement
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.pool import PoolProxiedConnection

from app.kernel.prepared import Prepared, prepared

MOST = 256  # statements that the server keeps ready for one connection
_NUMBERED = PGDialect_psycopg(paramstyle="numeric_dollar")
_HERE = "straight"


def ask(
    statement: ClauseElement, values: Mapping[str, Any], lent: PoolProxiedConnection, *, anew: bool = False
) -> Sequence[Sequence[Any]]:
    """All rows of a statement that was built once, with its values left open. Raises psycopg.Error.

    `anew`: the server plans it for these values, and keeps nothing ready.
    """
    mine: _Straight | None = lent.info.get(_HERE)
    if mine is None:
        mine = lent.info[_HERE] = _Straight(lent.driver_connection)
    made = prepared(statement, _NUMBERED)
    return made.converted(mine.rows(made, made.in_order(values), anew))


class _Straight:
    """One connection, and the statements that the server keeps ready for it: by text and types of the values."""

    def __init__(self, connection: Any) -> None:
        self._server = connection.pgconn
        self._types = Transformer(connection)
        self._kept: dict[tuple[str, tuple[int, ...]], bytes] = {}
        self._made = 0

    def rows(self, made: Prepared, given: Sequence[Any], anew: bool) -> list[tuple[Any, ...]]:
        sent = self._types.dump_sequence(given, [PyFormat.AUTO] * len(given))
        types, formats = tuple(self._types.types or ()), self._types.formats
        if anew:
            told = self._server.exec_params(made.text.encode(), sent, types, formats)
        else:
            told = self._server.exec_prepared(self._name(made.text, types), sent, formats)
        if told.status != ExecStatus.TUPLES_OK:
            raise psycopg.DatabaseError(told.error_message)
        self._types.set_pgresult(told)
        return self._types.load_rows(0, told.ntuples, tuple)

    def _name(self, text: str, types: tuple[int, ...]) -> bytes:
        name = self._kept.get((text, types))
        if name is not None:
            return name
        if len(self._kept) >= MOST:
            oldest = self._kept.pop(next(iter(self._kept)))
            self._server.exec_(b"DEALLOCATE " + oldest)
        self._made += 1
        name = b"straight_%d" % self._made
        told = self._server.prepare(name, text.encode(), types)
        if told.status != ExecStatus.COMMAND_OK:
            raise psycopg.DatabaseError(told.error_message)
        self._kept[text, types] = name
        return name
