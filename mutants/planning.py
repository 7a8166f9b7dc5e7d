"""The planted bugs: read from `plan/`, chosen by name, and held against the source they are meant for."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tools.progress import Refused

PLAN = Path(__file__).parent / "plan"
SQLITE, POSTGRESQL = "sqlite", "postgresql"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One bug: in `file`, `old` becomes `new`. It breaks `promise`, and `test` must fail.

    `on` names the database that tells it: a row lock, or a guard in PostgreSQL's own words, is nothing to a file.
    """

    name: str  # its package, a dot, what is wrong
    breaks: str
    promise: str
    file: str
    old: str
    new: str
    test: str
    on: str = SQLITE

    @property
    def package(self) -> str:
        """The part of the product it is planted in."""
        return self.name.partition(".")[0]


@cache
def planned(folder: Path = PLAN) -> tuple[Mutant, ...]:
    """Every planted bug, package by package; the file's name is the package."""
    return tuple(
        Mutant(**each | {"name": f"{file.stem}.{each['name']}"})
        for file in sorted(folder.glob("*.toml"))
        for each in tomllib.loads(file.read_text("utf-8"))["mutant"]
    )


def chosen(mutants: Sequence[Mutant], only: str) -> list[Mutant]:
    """Those with these names or of these packages; all of them without any. Raises Refused for an unknown word."""
    wanted = set(only.replace(",", " ").split())
    unknown = wanted - {each.name for each in mutants} - {each.package for each in mutants}
    if unknown:
        raise Refused(f"no planted bug and no package is called {', '.join(sorted(unknown))}")
    return [each for each in mutants if not wanted or wanted & {each.name, each.package}]


def misfits(mutants: Iterable[Mutant], root: Path) -> list[str]:
    """What no longer fits the source, in words: the source moved on and the plan must follow."""
    found, seen = [], set[str]()
    for each in mutants:
        if each.name in seen:
            found.append(f"{each.name}: the name is used twice")
        seen.add(each.name)
        if each.on not in (SQLITE, POSTGRESQL):
            found.append(f"{each.name}: nobody knows the database {each.on}")
        if why := _misfit(each, root):
            found.append(f"{each.name}: {why}")
    return found


def _misfit(mutant: Mutant, root: Path) -> str | None:
    file = root / mutant.file
    if not file.is_file():
        return f"there is no {mutant.file}"
    count = file.read_text("utf-8").count(mutant.old)
    if count != 1:
        return f"its text is {count} times in {mutant.file}, not once"
    if mutant.new == mutant.old:
        return "it changes nothing"
    return _missing_test(mutant.test, root)


def _missing_test(test: str, root: Path) -> str | None:
    path, _, name = test.partition("::")
    if not (root / path).is_file():
        return f"there is no {path}"
    function = re.escape(name.partition("[")[0])
    if name and not re.search(rf"^def {function}\(", (root / path).read_text("utf-8"), re.MULTILINE):
        return f"there is no test {name} in {path}"
    return None
