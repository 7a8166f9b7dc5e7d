"""Statements as the driver takes them: the text once, and what makes their values and columns ready."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ClauseElement, Dialect


class Prepared:
    """The text of a statement with its values left open.

    `names` are the values that an INSERT or UPDATE without its own is given. `one`: it must change a row, or it fails.
    """

    def __init__(self, statement: ClauseElement, dialect: Dialect, names: tuple[str, ...], one: bool) -> None:
        compiled: Any = statement.compile(dialect=dialect, column_keys=list(names) or None)
        text = str(compiled)
        if "POSTCOMPILE" in text:
            raise ValueError("a list inside of IN is written out each time: see `bulk.one_of`")
        self.text = f"WITH done AS ({text} RETURNING 1) SELECT 1 / count(*) FROM done" if one else text  # noqa: S608
        self._compiled = compiled
        binds = {
            name: bind.type.dialect_impl(dialect).bind_processor(dialect)
            for bind, name in compiled.bind_names.items()
        }
        self._makes = [(name, make) for name, make in binds.items() if make is not None]
        self._given = None if names else dict(compiled.params)
        self._fixed = {
            name: bind.effective_value for bind, name in compiled.bind_names.items() if not bind.required
        }
        self._places = [(name, binds[name]) for name in compiled.positiontup or ()]
        columns = [each.type.dialect_impl(dialect) for each in _told(statement)]
        readers = [each.result_processor(dialect, None) for each in columns]
        self._readers = [(at, read) for at, read in enumerate(readers) if read is not None]

    def parameters(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """What fills the gaps, in the driver's types."""
        if self._given is None:
            given: dict[str, Any] = dict(self._compiled.construct_params(dict(values)) or {})
        else:
            given = {**self._given, **values}
        for name, make in self._makes:
            given[name] = make(given[name])
        return given

    def in_order(self, values: Mapping[str, Any]) -> Sequence[Any]:
        """The same for a driver that counts places."""
        given = {**self._fixed, **values} if self._fixed else values
        return [given[name] if make is None else make(given[name]) for name, make in self._places]

    def all_in_order(self, rows: Sequence[Mapping[str, Any]]) -> Sequence[Sequence[Any]]:
        """The same of several; what all of them share is made ready once."""
        if len(rows) == 1:
            return [self.in_order(rows[0])]
        columns = []
        for name, make in self._places:
            values = [row[name] if name in row else self._fixed[name] for row in rows]
            if make is not None:
                first = values[0]
                alike = all(each is first for each in values)
                values = [make(first)] * len(values) if alike else [make(each) for each in values]
            columns.append(values)
        return list(zip(*columns, strict=True))

    def converted(self, found: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
        """The rows in our types."""
        if not self._readers:
            return found
        made = [list(row) for row in found]
        for row in made:
            for at, read in self._readers:
                row[at] = read(row[at])
        return made


def _told(statement: Any) -> Any:
    """The columns that it gives back."""
    return getattr(statement, "selected_columns", None) or getattr(statement, "exported_columns", ())


@lru_cache(maxsize=512)
def prepared(
    statement: ClauseElement, dialect: Dialect, names: tuple[str, ...] = (), one: bool = False
) -> Prepared:
    """The same statement is prepared once; it has to be the same object each time."""
    return Prepared(statement, dialect, names, one)
