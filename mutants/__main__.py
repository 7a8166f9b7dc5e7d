"""`python -m mutants`: plant each bug of the plan in a copy, and print what it breaks and which test caught it.

Exits with 1 if a bug survives, if a planted text no longer fits the source, or if a named test fails without any bug.

--only a,b      these bugs (`ledger.overdraft`) or packages (`ledger`), `simulator` for those it must find; also ONLY
--workers N     so many at once (default: 2)
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

from mutants import simulated
from mutants.planning import SQLITE, Mutant, chosen, misfits, planned
from mutants.running import CAUGHT, LIMIT_S, NO_SETTINGS, Found, ask, copy, judge
from tools import layout, progress, servers
from tools.tables import lines

HEADS = ("bug", "what it breaks", "promise", "caught by", "s")


def main(arguments: Sequence[str] | None = None) -> int:
    """Plant what is asked for."""
    asked = _parser().parse_args(arguments)
    words, began = asked.only.replace(",", " ").split(), time.monotonic()
    texts = [word for word in words if word != simulated.PACKAGE]
    mutants = chosen(planned(), " ".join(texts)) if texts or not words else []
    if wrong := misfits(mutants, layout.ROOT):
        raise progress.Refused("the plan no longer fits the source:\n  " + "\n  ".join(wrong))
    with tempfile.TemporaryDirectory(prefix="fengxing-mutants-") as folder:
        trees = [copy(layout.ROOT, Path(folder) / str(number)) for number in range(asked.workers)]
        found = list(hunt_on_each(trees, mutants))
        if texts != words or not words:
            found += simulated.plant_all(trees[0])
    progress.say("\n" + "\n".join(lines([HEADS, *map(row, found)])))
    alive = [each for each in found if each.verdict != CAUGHT]
    write(layout.MUTANTS_REPORT, found)
    progress.say(f"\n{len(found) - len(alive)} of {len(found)} caught in {time.monotonic() - began:.0f} s")
    return 1 if alive or not found else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m mutants", description="Bugs planted on purpose.")
    parser.add_argument("--only", default=os.environ.get("ONLY", ""))
    parser.add_argument("--workers", type=int, default=2)
    return parser


def hunt_on_each(trees: Sequence[Path], mutants: Sequence[Mutant]) -> Iterator[Found]:
    """Judge every bug on the database that tells it, in the order of the plan. PostgreSQL is started if it is asked."""
    found: dict[Mutant, Found] = {}
    for name in dict.fromkeys(each.on for each in mutants):
        here = [each for each in mutants if each.on == name]
        with on(name) as settings:
            must_pass(trees, here, settings)
            found |= {each.mutant: each for each in hunt(trees, here, settings=settings)}
    return map(found.__getitem__, mutants)


@contextmanager
def on(name: str) -> Iterator[Mapping[str, str]]:
    """The settings of tests on this database, which is there for as long as the block lasts."""
    if name == SQLITE:
        yield {}
        return
    with servers.postgres() as url:
        yield {"FENGXING_TEST_DATABASE_URL": url}


def must_pass(trees: Sequence[Path], mutants: Sequence[Mutant], settings: Mapping[str, str]) -> None:
    """A test that fails anyway proves nothing. Each copy is warmed up on the way. Raises Refused."""
    tests = list(dict.fromkeys(each.test for each in mutants))
    shares = [tests[number :: len(trees)] for number in range(len(trees))]
    with (
        progress.Progress(f"{len(tests)} tests without any bug"),
        ThreadPoolExecutor(len(trees)) as pool,
    ):
        answers = list(
            pool.map(
                lambda pair: ask(*pair, limit_s=LIMIT_S * 2, keep_bytecode=True, settings=settings),
                [(tree, share) for tree, share in zip(trees, shares, strict=True) if share],
            )
        )
    for answer in answers:
        if answer.code != 0:
            what = ", ".join(answer.failed) or answer.output[-2000:] or "they did not end in time"
            raise progress.Refused(f"without any bug the tests must pass: {what}")


def hunt(
    trees: Sequence[Path],
    mutants: Sequence[Mutant],
    *,
    limit_s: float = LIMIT_S,
    settings: Mapping[str, str] = NO_SETTINGS,
) -> Iterator[Found]:
    """Judge every bug, one at a time in each copy, and tell each as it is known."""
    free: SimpleQueue[Path] = SimpleQueue()
    for tree in trees:
        free.put(tree)

    def one(mutant: Mutant) -> Found:
        tree = free.get()
        try:
            return judge(tree, mutant, limit_s=limit_s, settings=settings)
        finally:
            free.put(tree)

    with ThreadPoolExecutor(len(trees)) as pool:
        try:
            for number, done in enumerate(as_completed([pool.submit(one, each) for each in mutants]), 1):
                found = done.result()
                about = f"{found.mutant.name}  {found.seconds:.0f} s"
                progress.say(f"{number:3}/{len(mutants)}  {found.verdict:9}  {about}")
                yield found
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def row(found: Found) -> tuple[str, ...]:
    """One line of the table."""
    by = found.by if found.verdict == CAUGHT else f"{found.verdict}: {found.by or found.mutant.test}"
    mutant = found.mutant
    return mutant.name, mutant.breaks, mutant.promise, by, f"{found.seconds:.0f}"


def write(file: Path, found: Sequence[Found]) -> None:
    """The same for machines."""
    rows = [
        {
            "name": each.mutant.name,
            "breaks": each.mutant.breaks,
            "promise": each.mutant.promise,
            "verdict": each.verdict,
            "by": each.by,
            "seconds": round(each.seconds, 1),
        }
        for each in found
    ]
    caught = sum(each.verdict == CAUGHT for each in found)
    report = {"passed": caught, "failed": len(found) - caught, "mutants": rows}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(report, ensure_ascii=False, indent=2), "utf-8")


if __name__ == "__main__":
    progress.start(main)
