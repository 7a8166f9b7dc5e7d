"""What the documents name exists: files, make targets, settings, tests that enforce decisions."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
HEADINGS = ["Context", "Decision", "Consequences", "Alternatives", "Enforced by"]


def read(file: Path) -> str:
    return file.read_text("utf-8")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: file.name)
def test_links_lead_somewhere(document: Path):
    text = read(document)
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text) + re.findall(r'src="([^":]+)"', text)
    assert [each for each in links if not (document.parent / each).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: file.name)
def test_named_paths_and_targets_exist(document: Path):
    text = read(document)
    paths = re.findall(r"`((?:app|tests|docs|migrations|tools)/[\w./-]+)`", text)
    assert [each for each in paths if not (ROOT / each).exists()] == []
    targets = set(re.findall(r"(?:`|^)make ([a-z-]+)", text, re.MULTILINE))
    makefile = read(ROOT / "Makefile")
    assert [each for each in targets if not re.search(rf"^{each}:", makefile, re.MULTILINE)] == []


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda file: file.name)
def test_a_decision_has_five_headings_and_names_its_test(decision: Path):
    text = read(decision)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS
    named = re.findall(r"`(tests/[\w./]+\.py)`", text.split("## Enforced by")[1])
    assert named
    assert [each for each in named if not (ROOT / each).is_file()] == []


def test_decisions_are_numbered_without_a_gap():
    assert [int(each.name[:4]) for each in DECISIONS] == list(range(1, len(DECISIONS) + 1))


def test_both_readmes_name_every_setting():
    wanted = set(re.findall(r"FENGXING_[A-Z_]+", read(ROOT / "app" / "kernel" / "settings.py")))
    for name in ("README.md", "README.zh-CN.md"):
        assert wanted - set(re.findall(r"FENGXING_[A-Z_]+", read(ROOT / name))) == set()


def test_both_readmes_have_the_same_parts():
    levels = [
        re.findall(r"^(#+) ", read(ROOT / name), re.MULTILINE) for name in ("README.md", "README.zh-CN.md")
    ]
    assert levels[0] == levels[1]


def test_pictures_are_light():
    pictures = list((ROOT / "docs" / "pictures").glob("*.png"))
    assert pictures
    assert [each.name for each in pictures if each.stat().st_size > 200 * 1024] == []
