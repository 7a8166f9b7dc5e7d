"""A part of `make test` is counted honestly, and what failed has a name: skipped is failed, and so is no report."""

import os
import subprocess
import sys
from pathlib import Path

from tools import tallies
from tools.tallies import WIDE


def _report(tmp_path: Path, **counts: int) -> Path:
    file = tmp_path / "report.xml"
    attributes = " ".join(f'{name}="{count}"' for name, count in counts.items())
    file.write_text(f"<testsuites><testsuite {attributes}></testsuite></testsuites>")
    return file


def test_skipped_and_broken_tests_count_as_failed(tmp_path: Path) -> None:
    file = _report(tmp_path, tests=10, failures=1, errors=1, skipped=2)
    assert tallies.of_tests(file, code=1)[:2] == (6, 4)


def test_a_run_that_came_to_grief_has_failed(tmp_path: Path) -> None:
    assert tallies.of_tests(tmp_path / "nothing.xml", code=0)[:2] == (0, 1)
    assert tallies.of_tests(_report(tmp_path, tests=0), code=5)[1] == 1
    assert tallies.of_tests(_report(tmp_path, tests=3), code=3)[1] == 1
    assert tallies.of_tests(_report(tmp_path, tests=3), code=0) == (3, 0, ())


def test_each_that_failed_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import pytest\n"
        "def test_good(): pass\n"
        "def test_bad(): assert 1 == 2, 'one is\\nnot two'\n"
        "@pytest.fixture\n"
        f"def broken(): raise ValueError('{'no ' * WIDE}')\n"
        "def test_never_began(broken): pass\n"
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    report = tmp_path / "report.xml"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}"],
        cwd=tmp_path,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        check=False,
    )
    tally = tallies.of_tests(report, done.returncode)
    assert (tally.passed, tally.failed) == (1, 2)
    bad, never = tally.failures
    assert bad == "test_it::test_bad: AssertionError: one is"
    assert never.startswith("test_it::test_never_began: failed on setup")
    assert len(never) <= WIDE
