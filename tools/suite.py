"""`make test`: everything the project promises, on SQLite, on a real PostgreSQL with a real Redis, in a real browser.

A part that cannot run is a failure. Leaving one out is done by name: `make test WITHOUT=browser,redis`.

What mostly waits (killed servers, a browser) runs beside what mostly computes; what it says is shown when it is over.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tools import check, environment, layout, progress, servers, system, tallies, vendor
from tools.tallies import NAMED, Tally

MAY_BE_LEFT_OUT = ("check", "sqlite", "postgres", "redis", "browser", "faults")
WORKERS = max(2, min(os.cpu_count() or 2, 8))
NEEDS: dict[str, tuple[system.Need, ...]] = {
    "postgres": (system.POSTGRES,),
    "redis": (system.REDIS,),
    "sqlite": (system.ZBAR,),
    "faults": (system.POSTGRES, system.REDIS),
    "browser": (system.CHROMIUM, system.CHINESE_FONT, system.ZBAR, system.NPM),
}
NO_DATABASE = {"FENGXING_TEST_DATABASE_URL": "", "FENGXING_TEST_REDIS_URL": ""}
YIELDS = (
    5  # how much nicer the computing parts are: what runs beside them times the answers of servers and pages
)
TEMPLATES = (
    "FENGXING_TEST_TEMPLATES"  # where workers leave compiled templates for each other, for this run only
)
BROWSER = "pytest.mark.browser"
Out = IO[bytes] | None


@dataclass(frozen=True)
class Part:
    """Something to run; it writes to a file or to the terminal and answers what it came to."""

    name: str
    run: Callable[[Out], Tally]
    beside: bool = False


@dataclass(frozen=True)
class Result:
    """What one part came to."""

    part: str
    passed: int
    failed: int
    took_s: float
    failures: tuple[str, ...] = ()


def main() -> int:
    """Set up what the wanted parts need, run them all, add up."""
    left_out = read_left_out(os.environ.get("WITHOUT", ""))
    environment.ensure("dev")
    wanted = [need for part, needs in NEEDS.items() if part not in left_out for need in needs]
    system.ensure(
        wanted, otherwise=", or leave parts out by name: make test WITHOUT=postgres,redis,faults,browser"
    )
    if "browser" not in left_out:
        vendor.ensure(required=True)
    with tempfile.TemporaryDirectory(prefix="fengxing-") as templates:
        os.environ[TEMPLATES] = templates
        results = run_all(list(parts(left_out)))
    progress.say("\n" + "\n".join(summary(results, left_out)))
    return 1 if any(result.failed for result in results) or not results else 0


def read_left_out(text: str) -> frozenset[str]:
    """The parts named in WITHOUT. Raises Refused for a name we do not know."""
    names = frozenset(filter(None, text.replace(",", " ").split()))
    unknown = sorted(names - set(MAY_BE_LEFT_OUT))
    if unknown:
        raise progress.Refused(f"WITHOUT knows {', '.join(MAY_BE_LEFT_OUT)}, but not {', '.join(unknown)}")
    return names


def parts(left_out: frozenset[str]) -> Iterable[Part]:
    """The parts to run, each with a name that says what it runs on."""
    if "check" not in left_out:
        yield Part("check", lambda _out: check.check())
    if "sqlite" not in left_out:
        yield Part("tests on SQLite", lambda out: _pytest("sqlite", ["-m", "not browser"], NO_DATABASE, out))
    outside = [name for name in ("postgres", "redis") if name not in left_out]
    if outside:
        which = "not browser" if "sqlite" in left_out else "database and not once and not browser"
        yield Part(f"tests on {' + '.join(outside)}", lambda out: _pytest_on_servers(outside, which, out))
    if "faults" not in left_out:
        # two drills run what the two suites have run, which is worth something only where they have more time; a third
        # does to the machine's clock what another does to the product's, and wants a library of its own
        again = "machine-clocks" if {"sqlite", "postgres"} & left_out else "machine-clocks,models,lives"
        yield Part("faults on purpose", lambda out: _faults(again, out), beside=True)
    if "browser" not in left_out:
        env = NO_DATABASE | {"FENGXING_TEST_CHROMIUM": system.chromium_program() or ""}
        yield Part(
            "tests in Chromium",
            lambda out: _pytest("browser", ["-m", "browser", *in_browsers()], env, out),
            beside=True,
        )


def in_browsers() -> list[str]:
    """The files with tests for a browser: to read all the others only to leave them out costs each worker seconds.

    That no such test lies elsewhere is seen to by tests/conftest.py.
    """
    files = sorted((layout.ROOT / "tests").rglob("test_*.py"))
    return [str(file) for file in files if BROWSER in file.read_text("utf-8")]


def run_all(wanted: Sequence[Part]) -> list[Result]:
    """Run the parts; those that go beside run one after the other beside the rest. The results keep their order."""
    with ExitStack() as open_things:
        folder = Path(open_things.enter_context(tempfile.TemporaryDirectory(prefix="fengxing-")))
        lane = open_things.enter_context(ThreadPoolExecutor(1))
        open_things.callback(_end_all)  # whatever ends us ends what we started, before the lane is waited for
        quiet = [part for part in wanted if part.beside]
        beside = {part.name: lane.submit(_kept, part, folder / f"{at}.txt") for at, part in enumerate(quiet)}
        open_things.callback(lane.shutdown, wait=False, cancel_futures=True)
        seen = {part.name: _shown(part) for part in wanted if not part.beside}
        for at, part in enumerate(quiet):
            seen[part.name] = _awaited(part, beside[part.name], folder / f"{at}.txt")
    return [seen[part.name] for part in wanted]


def _shown(part: Part) -> Result:
    progress.say(f"\n=== {part.name}")
    return _timed(part, None)


def _kept(part: Part, file: Path) -> Result:
    """Run it with all it says kept in a file, and one line when it is over."""
    with file.open("wb") as out:
        result = _timed(part, out)
    progress.say(f"\n(meanwhile, {' '.join(summary([result], ())[0].split())})")
    return result


def _awaited(part: Part, result: Future[Result], file: Path) -> Result:
    with progress.Progress(f"{part.name}, begun beside the others"):
        found = result.result()
    progress.say(f"\n=== {part.name}\n{file.read_text('utf-8', 'replace').rstrip()}")
    return found


def summary(results: Iterable[Result], left_out: Iterable[str]) -> list[str]:
    """What failed, by name; one line per part, and the closing line alone on the last.

    The names stand here because this is all that many a log keeps.
    """
    results = list(results)
    lines = [line for result in results for line in _failures(result)]
    lines += [
        f"{result.part:32} {_clock(result.took_s):>8}  {result.passed} passed, {result.failed} failed"
        for result in results
    ]
    lines += [f"{name:32} {'':>8}  left out, as asked by WITHOUT" for name in sorted(left_out)]
    passed, failed = sum(result.passed for result in results), sum(result.failed for result in results)
    return [*lines, f"{passed} passed, {failed} failed"]


def _failures(result: Result) -> list[str]:
    """One line for each that failed, up to NAMED, and how many more there are."""
    named = [f"FAILED {result.part}: {each}" for each in result.failures[:NAMED]]
    more = len(result.failures) - len(named)
    return [*named, f"FAILED {result.part}: and {more} more"] if more else named


def _timed(part: Part, out: Out) -> Result:
    began = time.monotonic()
    try:
        tally = part.run(out)
    except (progress.Refused, progress.StepFailed) as problem:
        tally = Tally(0, 1, (str(problem),))
        progress.say(f"FAILED {part.name}: {problem}")
    return Result(part.name, tally.passed, tally.failed, time.monotonic() - began, tally.failures)


def _pytest_on_servers(outside: list[str], which: str, out: Out) -> Tally:
    env = dict(NO_DATABASE)
    with ExitStack() as running:
        with progress.Progress(f"starting {' and '.join(outside)} for the tests"):
            if "postgres" in outside:
                env["FENGXING_TEST_DATABASE_URL"] = running.enter_context(servers.postgres())
            if "redis" in outside:
                env["FENGXING_TEST_REDIS_URL"] = running.enter_context(servers.redis())
        return _pytest("servers", ["-m", which], env, out)


def _faults(without: str, out: Out) -> Tally:
    """The fault runner in its small size, `without` these drills; what it found lies in its report."""
    layout.FAULTS_REPORT.unlink(missing_ok=True)
    asked = ",".join(filter(None, (os.environ.get("FAULTS_WITHOUT"), without)))
    code = _run([str(layout.PYTHON), "-m", "faults"], {"FAULTS_WITHOUT": asked}, out)
    return tallies.of_faults(layout.FAULTS_REPORT, code)


def _pytest(name: str, arguments: list[str], env: dict[str, str], out: Out) -> Tally:
    with tempfile.TemporaryDirectory(prefix="fengxing-") as folder:
        report = Path(folder) / f"{name}.xml"
        command = [str(layout.PYTHON), "-m", "pytest", "-p", "tools.no_skips", "-n", str(WORKERS)]
        command += ["--dist", "worksteal", f"--junitxml={report}", *arguments]
        return tallies.of_tests(report, _run(command, env, out))


_started: list[subprocess.Popen[bytes]] = []


def _run(command: Sequence[str], env: Mapping[str, str], out: Out) -> int:
    """Run a program of ours to its end. Without a file of its own to write to it is in front, and yields."""
    process = subprocess.Popen(
        command,
        cwd=layout.ROOT,
        env=_clean(os.environ) | dict(env),
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=out,
    )
    _started.append(process)
    try:
        if out is None:
            os.setpriority(os.PRIO_PROCESS, process.pid, YIELDS)
        return process.wait()
    finally:
        progress.end(process)


def _end_all() -> None:
    for process in _started:
        progress.end(process)


def _clean(env: Iterable[tuple[str, str]] | os._Environ[str]) -> dict[str, str]:
    """The environment without what belongs to a running instance: tests say themselves what they need.

    Bytecode is kept, even where images of Python say not to: without it each of the many processes of a run compiles
    the whole product, and each worker rewrites every test, anew. `make clean` takes it away.
    """
    return {
        name: value
        for name, value in dict(env).items()
        if name != "PYTHONDONTWRITEBYTECODE" and (not name.startswith("FENGXING_") or "TEST" in name)
    }


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"


if __name__ == "__main__":
    progress.start(main)
