"""A pytest plugin (`-p tools.no_skips`): a test that was skipped or expected to fail counts as a failure.

What may be left out is left out by name (`make test WITHOUT=browser`), never because something was not there.
"""

from __future__ import annotations

import pytest

_left_out: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember a test that did not run."""
    if report.skipped:
        _left_out.append(report.nodeid)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Remember a whole module that skipped itself."""
    if report.skipped:
        _left_out.append(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run if anything was left out."""
    if _left_out and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which and why it matters."""
    if _left_out:
        terminalreporter.section("nothing may be skipped silently", red=True)
        for nodeid in sorted(set(_left_out)):
            terminalreporter.line(f"did not run: {nodeid}")
