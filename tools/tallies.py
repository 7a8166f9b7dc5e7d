"""What a part of `make test` came to: how many passed, how many failed, and which, each in one line.

A run without a report has failed, and so has a test that did not run.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import NamedTuple

BAD = ("failure", "error", "skipped")
NAMED = 20  # of one part; whoever broke more than this reads the part itself
WIDE = 160


class Tally(NamedTuple):
    """How many passed and failed, and what is to be said of those that failed."""

    passed: int
    failed: int
    failures: tuple[str, ...] = ()


def of_tests(report: Path, code: int) -> Tally:
    """What a junit report says of a run of pytest that ended with `code`."""
    try:
        root = ElementTree.parse(report).getroot()  # noqa: S314 -- pytest wrote it just now
    except (OSError, ElementTree.ParseError):
        return Tally(0, 1, (f"no report; pytest ended with {code}",))
    suites = list(root.iter("testsuite"))
    tests = sum(int(suite.get("tests", 0)) for suite in suites)
    failed = sum(int(suite.get(kind, 0)) for suite in suites for kind in ("failures", "errors", "skipped"))
    failures = tuple(_told(case) for case in root.iter("testcase") if _what_was_bad(case) is not None)
    if code and not failed:  # pytest itself came to grief, or found no test
        return Tally(tests, 1, (f"pytest ended with {code}",))
    return Tally(max(tests - failed, 0), failed, failures)


def of_faults(report: Path, code: int) -> Tally:
    """What the fault runner's report says of a run that ended with `code`."""
    try:
        found = json.loads(report.read_text("utf-8"))
    except (OSError, ValueError):
        return Tally(0, 1, (f"no report; the fault runner ended with {code}",))
    passed, failed = int(found["passed"]), int(found["failed"])
    failures = tuple(
        _line(f"{each['drill']}: {each['promise']}: {each['figure']}: {each['verdict']}")
        for each in found.get("verdicts", ())
        if each.get("bad")
    )
    return Tally(passed, max(failed, 1) if code or not passed else failed, failures)


def _what_was_bad(case: ElementTree.Element) -> ElementTree.Element | None:
    return next((child for child in case if child.tag in BAD), None)


def _told(case: ElementTree.Element) -> str:
    """`tests.ledger.test_x::test_y: what it said first`."""
    bad = _what_was_bad(case)
    said = "" if bad is None else (bad.get("message") or bad.text or "").strip()
    return _line(f"{case.get('classname', '')}::{case.get('name', '')}: {said.partition(chr(10))[0]}")


def _line(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= WIDE else flat[: WIDE - 1] + "…"
