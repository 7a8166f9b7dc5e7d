"""Objection, withdrawal, removal, revocation, hold, void records at every step: no outlet shows what it may not.

Each case goes up to one step, does everything to somebody there, and walks on to the end. Everything that could show a
name, a number, a story or a photo is read right after the deeds and at the end; papers are drawn in turn, because they
take a second each. FENGXING_WALK=whole reads everything at every step with all papers.
"""

from __future__ import annotations

import os

import pytest
from flask import Flask

from tests.honours.showing import PAPERS, leaks
from tests.honours.walking import ACTS, STEPS, Walk

WHOLE = os.environ.get("FENGXING_WALK") == "whole"
# Which deeds a step does not know; everywhere else each must have happened, or the walk would prove nothing.
REFUSED = {
    "object": STEPS[:6] + STEPS[8:],
    "object-answered": STEPS[:6] + STEPS[8:],
    "object-upheld": STEPS[:6] + STEPS[8:],
    "masked": STEPS[:4],
    "unlisted": STEPS[:4],
    "no-photo": STEPS[:4],
    "remove": (*STEPS[:2], *STEPS[8:]),
}


@pytest.mark.once  # who shows what is decided in Python
@pytest.mark.parametrize("when", STEPS)
def test_whatever_happens_at_a_step_nothing_shows_more_than_it_may(app: Flask, when: str) -> None:
    walk = Walk(app)
    turn = STEPS.index(when)
    for step in STEPS[: turn + 1]:
        walk.go(step)
    walk.act()
    expected = {act for act, steps in REFUSED.items() if when in steps}
    assert {each.split(": ")[1] for each in walk.refused} == expected
    found = leaks(walk, PAPERS if WHOLE else ())
    for step in STEPS[turn + 1 :]:
        walk.go(step)
        if WHOLE or step == STEPS[-1]:
            found += leaks(walk, PAPERS if WHOLE else (PAPERS[turn % len(PAPERS)],))
    if when == STEPS[-1] and not WHOLE:
        found += leaks(walk, PAPERS)
    assert found == []


def test_every_deed_has_its_rider() -> None:
    assert len(set(ACTS)) == len(ACTS) == 16
