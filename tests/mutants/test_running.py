"""A toy project with one guard: what its test sees is caught, what it does not see is said, and fails the run."""

from __future__ import annotations

import subprocess
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from mutants import __main__ as runner
from mutants import simulated
from mutants.planning import POSTGRESQL, Mutant, misfits
from mutants.running import CAUGHT, NO_ANSWER, NO_PROOF, SURVIVED, Answer, Found, ask, copy, judge
from tools.progress import Refused

GUARD = """
def withdraw(balance, points):
    if points > balance:
        raise ValueError
    return balance - points
"""
TESTS = """
import pytest
from purse import withdraw

def test_it_never_goes_below_zero():
    with pytest.raises(ValueError):
        withdraw(1, 2)

def test_it_looks_the_other_way():
    assert withdraw(2, 1) == 1

def test_it_fails_anyway():
    assert withdraw(2, 1) == 2
"""
SIGHTED, BLIND, BROKEN = (
    f"test_purse.py::test_{name}"
    for name in ("it_never_goes_below_zero", "it_looks_the_other_way", "it_fails_anyway")
)
BUG = Mutant(
    name="purse.overdraft",
    breaks="more is taken than there is",
    promise="never below zero",
    file="purse.py",
    old="points > balance",
    new="points < 0",
    test=SIGHTED,
)


@pytest.fixture(autouse=True)
def _toys_need_no_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    """To load those of the product's tests takes longer than all that a toy does."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "purse.py").write_text(GUARD)
    (folder / "test_purse.py").write_text(TESTS)
    (folder / ".gitignore").write_text("ignored\n")
    (folder / "ignored").write_text("made by somebody")
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    return folder


@pytest.fixture
def tree(project: Path, tmp_path: Path) -> Path:
    return copy(project, tmp_path / "copy")


def test_the_copy_holds_what_git_would_keep(tree: Path):
    assert sorted(each.name for each in tree.iterdir()) == [".gitignore", "purse.py", "test_purse.py"]


def test_a_bug_is_caught_and_the_copy_is_as_it_was(project: Path, tree: Path):
    found = judge(tree, BUG)
    assert (found.verdict, found.by) == (CAUGHT, SIGHTED)
    assert (tree / "purse.py").read_text() == (project / "purse.py").read_text() == GUARD


def test_a_bug_that_no_test_sees_survives_and_is_said(tree: Path):
    found = judge(tree, replace(BUG, test=BLIND))
    assert found.verdict == SURVIVED
    assert f"SURVIVED: {BLIND}" in runner.row(found)


def test_a_bug_that_breaks_the_ground_proves_nothing(tree: Path):
    assert judge(tree, replace(BUG, new="points >")).verdict == NO_PROOF


def test_a_bug_that_never_ends_is_no_catch(tree: Path):
    assert judge(tree, BUG, limit_s=0.01).verdict == NO_ANSWER


def test_what_a_test_asks_at_its_end_counts_and_what_it_needs_to_begin_does_not():
    ended_badly = "ERROR test_purse.py::test_it[a b] - assert 1 == 2\n1 passed, 1 error in 0.1s"
    assert Answer(1, ended_badly, 0).failed == ["test_purse.py::test_it[a b]"]
    assert Answer(1, ended_badly.replace("1 passed, ", ""), 0).failed == []
    assert Answer(1, "FAILED test_purse.py::test_it[a b] - assert 1 == 2", 0).failed == [
        "test_purse.py::test_it[a b]"
    ]


def test_bytecode_of_the_sound_text_does_not_hide_the_bug(tree: Path):
    assert ask(tree, [SIGHTED], keep_bytecode=True).code == 0
    same_size = replace(BUG, new="points < -999999")
    assert len(same_size.new) == len(BUG.old)
    assert judge(tree, same_size).verdict == CAUGHT


def test_a_test_that_fails_without_a_bug_is_refused(tree: Path):
    with pytest.raises(Refused, match="it_fails_anyway"):
        runner.must_pass([tree], [BUG, replace(BUG, test=BROKEN)], {})


def test_every_bug_is_judged_in_one_of_the_copies(project: Path, tmp_path: Path):
    trees = [copy(project, tmp_path / str(number)) for number in range(2)]
    bugs = [BUG, replace(BUG, name="purse.blind", test=BLIND), replace(BUG, name="purse.again")]
    verdicts = {found.mutant.name: found.verdict for found in runner.hunt(trees, bugs)}
    assert verdicts == {"purse.overdraft": CAUGHT, "purse.blind": SURVIVED, "purse.again": CAUGHT}


TOLD = "test_purse.py::test_it_is_told_by_a_server_alone"
ON_A_SERVER = """
import os
from purse import withdraw

def test_it_is_told_by_a_server_alone():
    assert os.environ.get("FENGXING_TEST_DATABASE_URL") is None or withdraw(2, 1) == 1
"""


def test_a_bug_is_judged_on_the_database_that_tells_it(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (project / "test_purse.py").write_text(ON_A_SERVER)
    monkeypatch.setattr(runner.servers, "postgres", lambda: nullcontext("postgresql://here"))
    told = replace(BUG, old="balance - points", new="balance", test=TOLD)
    server = replace(told, name="purse.server", on=POSTGRESQL)
    found = runner.hunt_on_each([copy(project, tmp_path / "copy")], [server, told])
    assert [(each.mutant.name, each.verdict) for each in found] == [
        ("purse.server", CAUGHT),
        ("purse.overdraft", SURVIVED),
    ]


@pytest.mark.parametrize(
    "change, why",
    [
        ({"file": "gone.py"}, "there is no gone.py"),
        ({"old": "points >= balance"}, "0 times"),
        ({"old": "balance"}, "3 times"),
        ({"new": "points > balance"}, "changes nothing"),
        ({"test": "test_gone.py::test_it"}, "there is no test_gone.py"),
        ({"test": "test_purse.py::test_gone"}, "there is no test test_gone"),
        ({"on": "paper"}, "nobody knows the database paper"),
    ],
)
def test_what_no_longer_fits_is_named(project: Path, change: dict[str, str], why: str):
    [said] = misfits([replace(BUG, **change)], project)
    assert said.startswith("purse.overdraft: ")
    assert why in said


def test_a_name_is_used_once(project: Path):
    assert misfits([BUG, BUG], project) == ["purse.overdraft: the name is used twice"]


def test_a_survivor_fails_the_run(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(runner.layout, "ROOT", project)
    monkeypatch.setattr(runner.layout, "MUTANTS_REPORT", tmp_path / "mutants.json")
    monkeypatch.setattr(runner, "must_pass", lambda trees, mutants, settings: None)
    monkeypatch.setattr(runner.simulated, "plant_all", lambda _tree: [])
    verdicts = {"purse.overdraft": CAUGHT, "purse.blind": SURVIVED}
    bugs = [BUG, replace(BUG, name="purse.blind", test=BLIND)]
    monkeypatch.setattr(runner, "planned", lambda: bugs)
    monkeypatch.setattr(
        runner,
        "hunt",
        lambda trees, mutants, settings: [Found(each, verdicts[each.name], "", 1) for each in mutants],
    )
    assert runner.main(["--only", "purse.overdraft"]) == 0
    assert runner.main([]) == 1
    assert "1 of 2 caught" in capsys.readouterr().out


SIMULATED = """
import pytest

@pytest.mark.parametrize("found", ["I3", "nothing"])
def test_a_planted_bug_is_found(request, found):
    told = {"bug": f"a way to {found}", "promise": "I3", "found": found}
    request.node.user_properties += told.items()
    assert found == "I3"

def test_nothing_else():
    assert False
"""


def test_what_the_simulator_must_find_is_planted_as_a_whole_and_told_one_by_one(tree: Path):
    file = tree / simulated.TEST
    file.parent.mkdir(parents=True)
    file.write_text(SIMULATED)
    found = {each.mutant.name: (each.verdict, each.by) for each in simulated.plant_all(tree)}
    assert found == {
        "simulator.a-way-to-I3": (CAUGHT, "I3"),
        "simulator.a-way-to-nothing": (SURVIVED, "nothing"),
        "simulator.test_nothing_else": (NO_PROOF, "the test failed by itself"),
    }


def test_a_part_of_the_bugs_can_be_asked_for(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(runner.layout, "ROOT", project)
    monkeypatch.setattr(runner.layout, "MUTANTS_REPORT", tmp_path / "mutants.json")
    monkeypatch.setattr(runner, "must_pass", lambda trees, mutants, settings: None)
    monkeypatch.setattr(runner, "planned", lambda: [BUG])
    monkeypatch.setattr(
        runner, "hunt", lambda trees, mutants, settings: [Found(each, CAUGHT, "", 1) for each in mutants]
    )
    other = Found(replace(BUG, name="simulator.a-bug"), CAUGHT, "", 1)
    monkeypatch.setattr(runner.simulated, "plant_all", lambda _tree: [other])
    for only, lines in {"": 2, "purse": 1, "simulator": 1, "simulator,purse.overdraft": 2}.items():
        assert runner.main(["--only", only]) == 0
        assert f"{lines} of {lines} caught" in capsys.readouterr().out


def test_a_text_that_no_longer_fits_stops_the_run(project: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(runner.layout, "ROOT", project)
    monkeypatch.setattr(runner, "planned", lambda: [replace(BUG, old="gone")])
    with pytest.raises(Refused, match="no longer fits"):
        runner.main([])
