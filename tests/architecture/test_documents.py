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
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", read(document))
    assert [each for each in links if not (document.parent / each).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: file.name)
def test_named_paths_and_targets_exist(document: Path):
    text = read(document)
    paths = re.findall(r"`((?:app|tests|docs|migrations|tools)/[\w./-]+)`", text)
    assert [each for each in paths if not (ROOT / each).exists()] == []
    targets = set(re.findall(r"`make ([a-z]+)", text))
    makefile = read(ROOT / "Makefile")
    assert [each for each in targets if not re.search(rf"^{each}:", makefile, re.MULTILINE)] == []


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda file: file.name)
def test_a_decision_has_five_headings_and_names_its_test(decision: Path):
    text = read(decision)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS
    assert re.search(r"`tests/[\w./]+`", text.split("## Enforced by")[1])


def test_both_readmes_name_every_setting():
    wanted = set(re.findall(r"FENGXING_[A-Z_]+", read(ROOT / "app" / "kernel" / "settings.py")))
    for name in ("README.md", "README.zh-CN.md"):
        assert wanted - set(re.findall(r"FENGXING_[A-Z_]+", read(ROOT / name))) == set()
