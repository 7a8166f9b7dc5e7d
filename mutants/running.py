"""Planting: a copy of the checkout, one bug in it, the one test that must notice, and the copy as it was."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mutants.planning import Mutant
from tools import progress

LIMIT_S = 600.0
NO_SETTINGS: Mapping[str, str] = {}
CAUGHT, SURVIVED, NO_ANSWER, NO_PROOF = "caught", "SURVIVED", "NO ANSWER", "NO PROOF"
LINKED = (".venv", "node_modules", "app/web/static/vendor")  # what the set-up made; nothing in it is changed
_TEST_FAILED = 1  # pytest's exit code; others say that it could not even begin
_FAILED = re.compile(r"^FAILED (.+?)(?: - .*)?$", re.MULTILINE)
_ENDED_BADLY = re.compile(r"^ERROR (.+?)(?: - .*)?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a run of tests said. `code` is None if it was ended because it took too long."""

    code: int | None
    output: str
    seconds: float

    @property
    def failed(self) -> list[str]:
        """The tests that failed, or whose last look at the books did. One that could not begin is not among them."""
        began = re.search(r"\d passed", self.output) is not None
        return _FAILED.findall(self.output) + (_ENDED_BADLY.findall(self.output) if began else [])


@dataclass(frozen=True, slots=True)
class Found:
    """What became of one bug."""

    mutant: Mutant
    verdict: str
    by: str
    seconds: float


def copy(root: Path, to: Path) -> Path:
    """The checkout as it stands, committed or not, without what git ignores; the set-up's folders are linked."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        check=True,
    ).stdout.decode()
    for name in filter(None, listed.split("\0")):
        if (root / name).is_file():  # a file may be gone from the folder and not yet from the index
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / name, to / name)
    for name in LINKED:
        if (root / name).is_dir() and not (to / name).exists():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            (to / name).symlink_to((root / name).resolve())
    return to


def ask(
    tree: Path,
    tests: Sequence[str],
    *,
    limit_s: float = LIMIT_S,
    keep_bytecode: bool = False,
    to_the_end: bool = False,
    settings: Mapping[str, str] = NO_SETTINGS,
) -> Answer:
    """Run these tests of a copy, up to the first that fails, or to the end all the same. `settings` say on which
    database, and without them it is SQLite."""
    began = time.monotonic()
    env = {name: value for name, value in os.environ.items() if not name.startswith("FENGXING_")}
    env |= {"COLUMNS": "1000", "PYTHONDONTWRITEBYTECODE": "" if keep_bytecode else "1", **settings}
    how = ["-q", *([] if to_the_end else ["-x"]), "-rfE", "--tb=no", "-p", "no:cacheprovider"]
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", *how, *tests],
        cwd=tree,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    try:
        output, _ = process.communicate(timeout=limit_s)
    except subprocess.TimeoutExpired:
        return Answer(None, "", time.monotonic() - began)
    finally:
        progress.end(process)
        assert process.stdout is not None
        process.stdout.close()
    return Answer(process.returncode, output, time.monotonic() - began)


@contextmanager
def planted(tree: Path, mutant: Mutant) -> Iterator[None]:
    """The bug is in the copy for as long as the block lasts."""
    file = tree / mutant.file
    sound = file.read_text("utf-8")
    _write(file, sound.replace(mutant.old, mutant.new))
    try:
        yield
    finally:
        _write(file, sound)


def _write(file: Path, text: str) -> None:
    """Bytecode is matched by second and size, so that of the text before could pass for that of this one."""
    for stale in (file.parent / "__pycache__").glob(f"{file.stem}.*.pyc"):
        stale.unlink()
    file.write_text(text, "utf-8")


def judge(
    tree: Path, mutant: Mutant, *, limit_s: float = LIMIT_S, settings: Mapping[str, str] = NO_SETTINGS
) -> Found:
    """Plant one bug and see whether its test fails."""
    with planted(tree, mutant):
        answer = ask(tree, [mutant.test], limit_s=limit_s, settings=settings)
    return Found(mutant, *_verdict(answer), answer.seconds)


def _verdict(answer: Answer) -> tuple[str, str]:
    if answer.code is None:
        return NO_ANSWER, "the test did not end in time"
    if answer.code == 0:
        return SURVIVED, ""
    if answer.code != _TEST_FAILED or not answer.failed:  # the bug broke the ground the test stands on
        return NO_PROOF, next(iter(reversed(answer.output.strip().splitlines())), "")
    return CAUGHT, answer.failed[0]
