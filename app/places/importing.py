"""Reading the official divisions from a CSV file: all of it or nothing, and twice changes nothing."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import insert, select, update

from app.kernel.db import session
from app.places.errors import BadRow
from app.places.models import LEVELS, Region

COLUMNS = ["code", "name", "level", "parent_code"]
CODE = re.compile(r"^[0-9]{2,20}$")


@dataclass(frozen=True, slots=True)
class ImportResult:
    """How many regions were added, renamed or moved, and found unchanged in the file."""

    added: int
    changed: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    code: str
    name: str
    level: str
    parent_code: str | None


def import_divisions(*, lines: Iterable[str], file: str) -> ImportResult:
    """Take every division of a file with the columns code,name,level,parent_code.

    Rows may stand in any order. What lies in a region moves with it, whether or not the file says so. The first bad row
    raises BadRow(file, line, reason) and nothing is taken.
    """
    rows = _read(lines, file)
    known = {each.code: each for each in session.scalars(select(Region))}
    paths = _paths(rows, known, file)
    added, changed = [], []
    for row in rows.values():
        values = {
            "name": row.name,
            "level": row.level,
            "parent_code": row.parent_code,
            "path": paths[row.code],
        }
        before = known.get(row.code)
        if before is None:
            added.append({"code": row.code, **values})
        elif any(getattr(before, name) != value for name, value in values.items()):
            changed.append({"code": row.code, **values})
    unchanged = len(rows) - len(added) - len(changed)
    changed += [
        {"code": each.code, "path": paths[each.code]}
        for each in known.values()
        if each.code not in rows and each.path != paths[each.code]
    ]
    added.sort(key=lambda each: len(paths[str(each["code"])]))  # parents first, for the foreign key
    if added:
        session.execute(insert(Region), added)
    for values in changed:
        session.execute(update(Region).where(Region.code == values["code"]).values(**values))
    return ImportResult(len(added), len(changed), unchanged)


def _read(lines: Iterable[str], file: str) -> dict[str, _Row]:
    reader = csv.reader(lines, strict=True)
    rows: dict[str, _Row] = {}
    try:
        header = next(reader, [])
        if [name.strip().lstrip("\ufeff") for name in header] != COLUMNS:
            raise BadRow(file=file, line=1, reason=f"the first line must be {','.join(COLUMNS)}")
        for cells in reader:
            if cells:
                row = _row(cells, reader.line_num, file)
                if row.code in rows:
                    raise _bad(
                        file, row.line, f"code {row.code} stands twice (first in line {rows[row.code].line})"
                    )
                rows[row.code] = row
    except csv.Error as error:
        raise _bad(file, reader.line_num, str(error)) from None
    except UnicodeDecodeError:
        raise _bad(file, reader.line_num + 1, "the file is not UTF-8") from None
    if not rows:
        raise _bad(file, 1, "the file holds no division")
    return rows


def _row(cells: list[str], line: int, file: str) -> _Row:
    if len(cells) != len(COLUMNS):
        raise _bad(file, line, f"{len(COLUMNS)} columns are needed, {len(cells)} were found")
    code, name, level, parent = (cell.strip() for cell in cells)
    if not CODE.match(code):
        raise _bad(file, line, f"code {code!r} is not a number of 2 to 20 digits")
    if not name or len(name) > 100 or not name.isprintable():
        raise _bad(file, line, "the name is empty, longer than 100 characters, or not printable")
    if level not in LEVELS:
        raise _bad(file, line, f"level {level!r} is not one of {', '.join(LEVELS)}")
    # A city may name the province above it, which the file does not hold; a city is the top of its own tree.
    return _Row(line, code, name, level, None if level == "city" else parent or None)


def _paths(rows: dict[str, _Row], known: dict[str, Region], file: str) -> dict[str, str]:
    paths: dict[str, str] = {}
    for level in LEVELS:
        for row in (each for each in rows.values() if each.level == level):
            paths[row.code] = _parent_path(row, rows, known, paths, file) + row.code + "/"
        for each in known.values():
            if each.level == level and each.code not in rows:
                above = paths.get(each.parent_code or "")
                paths[each.code] = f"{above}{each.code}/" if above else each.path
    return paths


def _parent_path(
    row: _Row, rows: dict[str, _Row], known: dict[str, Region], paths: dict[str, str], file: str
) -> str:
    if row.level == "city":
        return ""
    if row.parent_code is None:
        raise _bad(file, row.line, f"a {row.level} needs a parent_code")
    parent = rows.get(row.parent_code) or known.get(row.parent_code)
    if parent is None:
        raise _bad(file, row.line, f"parent {row.parent_code} is neither in the file nor in the city")
    if parent.level != LEVELS[LEVELS.index(row.level) - 1]:
        raise _bad(file, row.line, f"a {row.level} cannot lie under {parent.code}, which is a {parent.level}")
    return paths[row.parent_code]


def _bad(file: str, line: int, reason: str) -> BadRow:
    return BadRow(file=file, line=line, reason=reason)
