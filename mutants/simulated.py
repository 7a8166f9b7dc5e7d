"""The bugs that are planted for the simulator (`tests/simulator/planted.py`): all of them; `make test` takes a few.

They are no changed texts but patches, so the tests plant them themselves, and say what found each.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from mutants.planning import Mutant
from mutants.running import CAUGHT, LIMIT_S, NO_PROOF, SURVIVED, Found, ask
from tools import progress

PACKAGE = "simulator"
FILE = "tests/simulator/planted.py"
TEST = "tests/simulator/test_planted_bugs.py"
EVERY_ONE = {"FENGXING_TEST_PLANTED": "all"}


def plant_all(tree: Path) -> list[Found]:
    """Plant all of them in this copy, and tell each. Raises Refused if the tests did not come that far."""
    with tempfile.TemporaryDirectory(prefix="fengxing-mutants-") as folder:
        report = Path(folder) / "simulator.xml"
        with progress.Progress("the bugs planted for the simulator"):
            asked = [TEST, f"--junitxml={report}"]
            answer = ask(tree, asked, limit_s=LIMIT_S * 2, to_the_end=True, settings=EVERY_ONE)
        found = list(read(report)) if report.is_file() else []
    if not found:
        raise progress.Refused(answer.output[-2000:] or "the simulator's tests did not end in time")
    for each in found:
        progress.say(f"  {each.verdict:9}  {each.mutant.name}  {each.seconds:.0f} s")
    return found


def read(report: Path) -> Iterator[Found]:
    """Each planted bug of a junit report, and what found it."""
    for case in ElementTree.parse(report).getroot().iter("testcase"):  # noqa: S314 -- pytest wrote it just now
        told = {each.get("name", ""): each.get("value", "") for each in case.iter("property")}
        failed = case.find("failure") is not None or case.find("error") is not None
        if "bug" in told:
            mutant = _mutant(told["bug"], told["promise"], case.get("name", ""))
            yield Found(mutant, SURVIVED if failed else CAUGHT, told["found"], float(case.get("time", 0)))
        elif failed:
            mutant = _mutant(case.get("name", ""), "the simulator's tests pass", case.get("name", ""))
            yield Found(mutant, NO_PROOF, "the test failed by itself", float(case.get("time", 0)))


def _mutant(words: str, promise: str, test: str) -> Mutant:
    name = f"{PACKAGE}.{words.replace(' ', '-')}"
    return Mutant(name, words, promise, file=FILE, old="", new="", test=f"{TEST}::{test}")
