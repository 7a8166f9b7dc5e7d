"""The plan of `make mutants` fits the source: when a guard is rewritten, the bug planted in it is rewritten too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from mutants.planning import POSTGRESQL, chosen, misfits, planned
from tools import layout
from tools.progress import Refused

GUARDED = {
    "audit",
    "cases",
    "checkins",
    "codes",
    "doubts",
    "honours",
    "identity",
    "kernel",
    "ledger",
    "media",
    "places",
    "rewards",
    "rules",
    "sync",
    "volunteering",
    "web",
    "notices",
}


def test_every_planted_text_stands_once_in_its_file_and_every_test_exists():
    assert misfits(planned(), layout.ROOT) == []


def test_there_are_forty_or_more_and_every_package_with_guards_has_some():
    assert len(planned()) >= 40
    assert {each.package for each in planned()} == GUARDED


def test_bugs_are_planted_in_the_product_only():
    assert {Path(each.file).parts[0] for each in planned()} == {"app"}


def test_each_names_one_test_and_says_what_it_breaks():
    for each in planned():
        assert "::test_" in each.test, each.name
        assert each.breaks, each.name
        assert each.promise, each.name


def row_locks() -> Iterator[tuple[str, int]]:
    """Where the product takes a lock on rows: the file, and the place in its text."""
    for file in sorted((layout.ROOT / "app").rglob("*.py")):
        for lock in re.finditer(r"\bwith_for_update\(", file.read_text("utf-8")):
            yield str(file.relative_to(layout.ROOT)), lock.start()


def test_every_row_lock_has_a_bug_that_only_a_server_tells():
    without = []
    for file, place in row_locks():
        text = (layout.ROOT / file).read_text("utf-8")
        spans = [
            range(start := text.index(each.old), start + len(each.old))
            for each in planned()
            if each.file == file and each.on == POSTGRESQL
        ]
        if not any(place in span for span in spans):
            without.append(f"{file}:{text.count(chr(10), 0, place) + 1}")
    assert without == []


def test_they_are_chosen_by_package_or_by_name():
    everything, one = list(planned()), planned()[0]
    assert chosen(everything, "") == everything
    assert {each.package for each in chosen(everything, "ledger,media")} == {"ledger", "media"}
    assert chosen(everything, one.name) == [one]


def test_a_name_that_nobody_knows_is_refused():
    with pytest.raises(Refused, match="nothing-like-that"):
        chosen(planned(), "ledger nothing-like-that")
