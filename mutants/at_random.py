"""`make mutants-at-random`: bugs nobody chose, in the functions of some packages; prints each that no test caught.

The plan holds the bugs we thought of. These are mutmut's: an operator turned round, a boundary moved by one, an
argument or a condition left out. Each is tried with the tests of its own package that run the function. What survives
is a hole in the tests, needless code, or a change nobody could see: which of them, a person says. So it is no failure.

--packages a,b  of app/ (default: ONLY, or ledger)
--count N       so many, drawn by chance (default: COUNT, or 40)
--seed N        the same seed draws the same from the same source (default: SEED, or 1)
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from mutants.running import LINKED, copy
from tools import environment, layout, progress

WORKERS = 2
OF_OURS = ("mutants", "tests/mutants")  # the tool wants a folder of the first name for itself
BESIDE = (
    "bench", "data", "docs", "faults", "migrations", "package.json", "requirements", "simulator", "tests", "tools",
    "wsgi.py",
)  # fmt: skip
# Of those that read the product's own text: it has the tool's functions beside ours.
READ_ITS_TEXT = ("tests/audit/test_log.py::test_every_action_has_words",)
# A browser for each bug takes longer than all other tests of pages together.
PYTEST = (
    "-q",
    "-x",
    "-p",
    "no:cacheprovider",
    "-m",
    "not browser",
    *(f"--deselect={each}" for each in READ_ITS_TEXT),
)
NOBODY = "no.such.mutant"
SURVIVED = "survived"
TOLD = {"timeout": "caught", "killed": "caught", "no tests": "in nothing that they run"}
FAILED_ANYWAY = ("failed to collect stats", "Failed to run clean test")
_FAILED = re.compile(r"^FAILED (.+?)(?: - .*)?$", re.MULTILINE)
_NAME = re.compile(r"(?P<function>.+)__mutmut_(?P<number>\d+)$")
_RESULT = re.compile(r"^\s*(?P<name>\S+__mutmut_\d+): (?P<status>.+)$", re.MULTILINE)


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw, plant, try, and print what was not caught."""
    asked = _parser().parse_args(arguments)
    packages = asked.packages.replace(",", " ").split()
    if unknown := [name for name in packages if not (layout.ROOT / "app" / name / "__init__.py").is_file()]:
        raise progress.Refused(f"app/ has no package {', '.join(unknown)}")
    environment.ensure("mutants")
    with tempfile.TemporaryDirectory(prefix="fengxing-mutants-") as folder:
        tree = prepared(copy(layout.ROOT, Path(folder)), packages)
        with progress.Progress(f"mutating {', '.join(packages)}, and finding out which test runs what"):
            said = _mutmut(tree, "run", NOBODY)  # there is none of this name: it stops when it has found out
            must_have_passed(said)
        names = drawn(tree, random.Random(asked.seed), asked.count)  # noqa: S311 -- repeatable on purpose
        if not names:
            raise progress.Refused(f"there is nothing to mutate:\n{_mutmut(tree, 'results')[-2000:]}")
        with progress.Progress(f"trying {len(names)} of them"):
            must_have_passed(_mutmut(tree, "run", "--max-children", str(WORKERS), *names))
        found = verdicts(_mutmut(tree, "results", "--all", "true"), names)
        for name in sorted(name for name, told in found.items() if told == SURVIVED):
            progress.say(f"\n{name}\n{difference(_mutmut(tree, 'show', name))}")
    counted = ", ".join(f"{count} {told}" for told, count in Counter(found.values()).most_common())
    progress.say(f"\n{counted}; SEED={asked.seed} COUNT={asked.count} ONLY={','.join(packages)}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m mutants.at_random", description="Bugs nobody chose.")
    parser.add_argument("--packages", default=os.environ.get("ONLY") or "ledger")
    parser.add_argument("--count", type=int, default=int(os.environ.get("COUNT") or 40))
    parser.add_argument("--seed", type=int, default=int(os.environ.get("SEED") or 1))
    return parser


def prepared(tree: Path, packages: Sequence[str]) -> Path:
    """The copy, with what the tool has to know of it."""
    for name in OF_OURS:
        shutil.rmtree(tree / name)
    for name in LINKED:  # the tool copies files, and follows no links
        (tree / "mutants" / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / "mutants" / name).symlink_to((tree / name).resolve())
    told = {
        "source_paths": ["app"],
        "only_mutate": [f"app/{name}/*" for name in packages],
        "also_copy": BESIDE,
        "pytest_add_cli_args": PYTEST,
        "pytest_add_cli_args_test_selection": [f"tests/{name}" for name in packages],
        "process_isolation": ["forkserver"],
    }
    lines = [f"{name} =\n" + "".join(f"    {each}\n" for each in values) for name, values in told.items()]
    text = "[mutmut]\n" + "".join(lines).replace("process_isolation =\n   ", "process_isolation =")
    (tree / "setup.cfg").write_text(text, "utf-8")
    return tree


def must_have_passed(said: str) -> None:
    """A test that fails without any bug proves nothing. Raises Refused."""
    if any(words in said for words in FAILED_ANYWAY):
        failed = ", ".join(_FAILED.findall(said)) or said[-2000:]
        raise progress.Refused(f"without any bug the tests must pass: {failed}")


def drawn(tree: Path, chance: random.Random, count: int) -> list[str]:
    """So many of the mutants that were made in this copy, by the names the tool gave them."""
    root = tree / "mutants"
    names = [
        f"{'.'.join(file.relative_to(root).with_suffix('').parts).removesuffix('.__init__')}.{name}"
        for file in sorted((root / "app").rglob("*.py"))
        for name in changing(file.read_text("utf-8"))
    ]
    return chance.sample(names, min(count, len(names)))


def changing(source: str) -> Iterator[str]:
    """The mutants in a file of the tool's making that change more than the letters of a text."""
    if "__mutmut_orig" not in source:
        return
    functions = {each.name: each for each in _functions(ast.parse(source))}
    for name, function in functions.items():
        named = _NAME.match(name)
        first = functions.get(f"{named['function']}__mutmut_orig") if named else None
        if first is not None and _without_texts(first) != _without_texts(function):
            yield name


def _functions(tree: ast.Module | ast.ClassDef) -> Iterator[ast.FunctionDef]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node)


class _Texts(ast.NodeTransformer):
    """Makes all texts the same."""

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        return ast.Constant("") if isinstance(node.value, str) else node


def _without_texts(function: ast.FunctionDef) -> str:
    copied = ast.parse(ast.unparse(function)).body[0]
    assert isinstance(copied, ast.FunctionDef)
    copied.name = ""
    return ast.unparse(_Texts().visit(copied))


def verdicts(said: str, names: Sequence[str]) -> dict[str, str]:
    """What became of each, from what the tool says of all."""
    statuses = {each["name"]: each["status"].strip() for each in _RESULT.finditer(said)}
    told = {name: statuses.get(name, "not tried") for name in names}
    return {name: TOLD.get(status, status) for name, status in told.items()}


def difference(shown: str) -> str:
    """What the mutant changes, out of what the tool shows of it."""
    return shown.partition("@@")[2].partition("\n")[2].rstrip()


def _mutmut(tree: Path, *arguments: str) -> str:
    done = subprocess.run(
        [str(layout.PYTHON), "-m", "mutmut", *arguments],
        cwd=tree,
        env={name: value for name, value in os.environ.items() if not name.startswith("FENGXING_")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


if __name__ == "__main__":
    progress.start(main)
