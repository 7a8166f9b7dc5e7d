"""`make test` adds up honestly: skipped is failed, a part without a report is failed, unknown names are refused."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests import conftest
from tools import layout, suite
from tools.progress import Refused
from tools.suite import Out, Part, Result
from tools.tallies import NAMED, Tally


def test_parts_are_left_out_by_name() -> None:
    assert suite.read_left_out("") == frozenset()
    assert suite.read_left_out("browser, redis") == {"browser", "redis"}
    names = [part.name for part in suite.parts(frozenset({"browser", "redis"}))]
    assert names == ["check", "tests on SQLite", "tests on postgres", "faults on purpose"]


def test_everything_runs_unless_left_out() -> None:
    names = [part.name for part in suite.parts(frozenset())]
    assert names == [
        "check",
        "tests on SQLite",
        "tests on postgres + redis",
        "faults on purpose",
        "tests in Chromium",
    ]


def test_a_name_nobody_knows_is_refused() -> None:
    with pytest.raises(Refused, match="but not brwoser"):
        suite.read_left_out("brwoser")


def test_bytecode_is_kept_and_nothing_of_an_instance() -> None:
    told = {
        "PYTHONDONTWRITEBYTECODE": "1",
        "FENGXING_DATABASE_URL": "x",
        "FENGXING_TEST_EXAMPLES": "9",
        "HOME": "/",
    }
    assert suite._clean(told) == {"FENGXING_TEST_EXAMPLES": "9", "HOME": "/"}


def test_for_a_browser_only_files_with_tests_for_one_are_read() -> None:
    files = [Path(file).relative_to(layout.ROOT).as_posix() for file in suite.in_browsers()]
    assert {"tests/web/test_in_chromium.py", "tests/codes/test_drawing.py"} <= set(files)
    assert len(files) < 20


def test_a_test_for_a_browser_in_a_file_that_does_not_say_so_is_refused() -> None:
    def item(path: str) -> SimpleNamespace:
        return SimpleNamespace(
            path=layout.ROOT / path,
            nodeid=path,
            fixturenames=[],
            module=None,
            get_closest_marker=lambda _: True,
        )

    conftest.pytest_collection_modifyitems([item("tests/web/test_in_chromium.py")])
    with pytest.raises(pytest.UsageError, match="has to say"):
        conftest.pytest_collection_modifyitems([item("tests/web/test_pages.py")])


def test_the_closing_line_stands_alone_and_adds_up() -> None:
    lines = suite.summary([Result("check", 4, 0, 3.2), Result("tests on SQLite", 10, 2, 65)], ["browser"])
    assert lines[0].split() == ["check", "0:03", "4", "passed,", "0", "failed"]
    assert "1:05" in lines[1]
    assert "browser" in lines[2]
    assert lines[-1] == "14 passed, 2 failed"


def test_what_failed_is_named_last_of_all_that_is_said():
    many = tuple(f"tests.x::test_{number}: no" for number in range(NAMED + 3))
    lines = suite.summary(
        [Result("faults", 1, 1, 3, ("kills: all: 1 lost",)), Result("more", 0, 23, 3, many)], []
    )
    assert lines[0] == "FAILED faults: kills: all: 1 lost"
    assert lines[1] == "FAILED more: tests.x::test_0: no"
    assert lines[NAMED + 1] == "FAILED more: and 3 more"
    assert len(lines) == NAMED + 5


def test_a_part_that_could_not_begin_says_why_at_the_end_too():
    def refused(out: Out) -> Tally:
        raise Refused("no npm here")

    (found,) = suite.run_all([Part("in Chromium", refused)])
    assert (found.failed, found.failures) == (1, ("no npm here",))


def test_what_waits_runs_beside_the_others_and_is_shown_when_it_is_over(capfd) -> None:
    beside_runs = threading.Event()

    def fast(out: Out) -> Tally:
        assert beside_runs.wait(10)  # if it ran after this one, nobody would say so
        return Tally(2, 0)

    def slow(out: Out) -> Tally:
        beside_runs.set()
        suite._run([sys.executable, "-c", "print('what it said')"], {}, out)
        return Tally(1, 1)

    parts = [Part("slow", slow, beside=True), Part("fast", fast)]
    found = suite.run_all(parts)
    assert [(each.part, each.passed, each.failed) for each in found] == [("slow", 1, 1), ("fast", 2, 0)]
    said = capfd.readouterr().out
    assert "meanwhile, slow 0:0" in said
    assert said.index("=== fast") < said.index("=== slow") < said.index("what it said")


def test_whoever_stops_it_stops_what_runs_beside(monkeypatch) -> None:
    def stopped(out: Out) -> Tally:
        while not started:
            time.sleep(0.01)
        raise KeyboardInterrupt

    def long(out: Out) -> Tally:
        return Tally(suite._run([sys.executable, "-c", "import time; time.sleep(60)"], {}, out), 0)

    started: list[subprocess.Popen[bytes]] = []
    monkeypatch.setattr(suite, "_started", started)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        suite.run_all(
            [Part("stopped", stopped), Part("long", long, beside=True), Part("never", long, beside=True)]
        )
    assert time.monotonic() - began < 30
    assert [each.poll() is None for each in started] == [False]


def _pytest(tmp_path: Path, text: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "test_it.py").write_text(f"import pytest\n{text}\ndef test_good(): pass\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "tools.no_skips",
            "-p",
            "no:cacheprovider",
            *arguments,
            "test_it.py",
        ],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(layout.ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


LEAVE = "@pytest.mark." + "skip"
EXPECT = "@pytest.mark." + "xfail"


@pytest.mark.parametrize(
    "text",
    [
        LEAVE + "\ndef test_left(): pass",
        EXPECT + "\ndef test_left(): assert False",
        "def test_left(): pytest." + "skip('later')",
        "pytest." + "skip('all of it', allow_module_level=True)",
    ],
)
def test_a_test_that_did_not_run_fails_the_run(tmp_path: Path, text: str) -> None:
    done = _pytest(tmp_path, text)
    assert done.returncode == 1, done.stdout
    assert "did not run: test_it.py" in done.stdout


def test_workers_report_it_too(tmp_path: Path) -> None:
    done = _pytest(tmp_path, LEAVE + "\ndef test_left(): pass", "-p", "xdist.plugin", "-n", "1")
    assert done.returncode == 1
    assert "did not run: test_it.py" in done.stdout


def test_a_run_without_skips_passes(tmp_path: Path) -> None:
    assert _pytest(tmp_path, "").returncode == 0
