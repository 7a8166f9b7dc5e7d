"""Bugs nobody chose: which of those that were made are worth trying, and what became of each."""

import random
from pathlib import Path

import pytest

from mutants import at_random
from tools import layout
from tools.progress import Refused

MADE = '''
def x_due__mutmut_orig(at, limit=10):
    """What is due."""
    return pick(at <= now, "due")[:limit]

def x_due__mutmut_1(at, limit=10):
    """What is due."""
    return pick(at < now, "due")[:limit]

def x_due__mutmut_2(at, limit=10):
    """What is due."""
    return pick(at <= now, "XXdueXX")[:limit]

x_due__mutmut_mutants = {"x_due__mutmut_1": x_due__mutmut_1}

class Lot:
    def xǁLotǁleft__mutmut_orig(self):
        return self.points - self.held

    def xǁLotǁleft__mutmut_1(self):
        return self.points + self.held
'''


def test_what_changes_more_than_a_text_is_worth_trying():
    assert list(at_random.changing(MADE)) == ["x_due__mutmut_1", "xǁLotǁleft__mutmut_1"]
    assert list(at_random.changing("def due(): ...")) == []


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("app/ledger/lots.py", "app/ledger/__init__.py"):
        file = tmp_path / "mutants" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(MADE, "utf-8")
    return tmp_path


def test_the_same_seed_draws_the_same_by_the_names_of_the_tool(tree: Path):
    drawn = at_random.drawn(tree, random.Random(3), 3)
    assert drawn == at_random.drawn(tree, random.Random(3), 3)
    assert len(set(drawn)) == 3
    every_one = {
        f"app.ledger{module}.{name}"
        for module in ("", ".lots")
        for name in ("x_due__mutmut_1", "xǁLotǁleft__mutmut_1")
    }
    assert set(at_random.drawn(tree, random.Random(3), 99)) == every_one


def test_what_became_of_each_is_told_in_words():
    said = "    app.a.x_b__mutmut_1: survived\n    app.a.x_b__mutmut_2: killed\n    app.a.x_b__mutmut_3: no tests\n"
    names = [f"app.a.x_b__mutmut_{number}" for number in (1, 2, 3, 4)]
    told = ["survived", "caught", "in nothing that they run", "not tried"]
    assert list(at_random.verdicts(said, names).values()) == told


def test_what_it_changes_is_shown_without_the_file_names():
    changed = " def b():\n-    return 1\n+    return 2"
    shown = f"# app.a.x_b__mutmut_1: survived\n--- a.py\n+++ a.py\n@@ -1,2 +1,2 @@\n{changed}\n"
    assert at_random.difference(shown) == changed


def test_a_copy_is_told_to_the_tool_without_the_bugs_of_ours(tmp_path: Path):
    for name in at_random.OF_OURS:
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "mutants/planning.py").touch()
    at_random.prepared(tmp_path, ["ledger", "rules"])
    told = (tmp_path / "setup.cfg").read_text("utf-8")
    assert "only_mutate =\n    app/ledger/*\n    app/rules/*\n" in told
    assert "process_isolation = forkserver\n" in told
    assert not list((tmp_path / "mutants").glob("*.py"))
    assert (tmp_path / "mutants/app/web/static/vendor").readlink() == tmp_path / "app/web/static/vendor"


@pytest.mark.parametrize("words", at_random.FAILED_ANYWAY)
def test_a_test_that_fails_without_any_bug_is_named(words: str):
    with pytest.raises(Refused, match="must pass: tests/codes/test_posters.py::test_it$"):
        at_random.must_have_passed(f"FAILED tests/codes/test_posters.py::test_it - assert 1\n{words}\n")
    at_random.must_have_passed("1 passed")


def test_a_package_that_is_not_there_is_refused():
    with pytest.raises(Refused, match="no package weather"):
        at_random.main(["--packages", "weather"])


def test_what_is_left_out_for_reading_the_text_is_a_test():
    for each in at_random.READ_ITS_TEXT:
        file, name = each.split("::")
        assert f"def {name}(" in (layout.ROOT / file).read_text("utf-8")
