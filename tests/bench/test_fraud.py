"""Fraud is measured with manners that nobody had in mind, on cities of their own; the honest are counted as well."""

from __future__ import annotations

import json

from bench import fraud as trial
from simulator.chance import Chance
from simulator.fraud import MANNERS, drawn
from simulator.running import Plan, manner_of

TOLD = {
    "fraud_tried": {"relay": 8, "forge": 2}, "fraud_passed": {"relay": 4, "forge": 0}, "points_to_fraud": 5,
    "points_redeemed_by_fraud": 2, "points_redeemed_by_fraud_at_most": 4, "points_to_schemes": {"relay": 5},
    "points_issued": 500, "honest_shown": 200, "honest_stopped": 3, "violations": 0,
    "doubted": {"cheats": 3, "cheats_paid": 2, "cheats_doubted": 1, "honest": 57, "honest_doubted": 0, "days": 2.5},
}  # fmt: skip


def test_held_out_manners_are_none_of_the_known_and_can_be_drawn_again():
    known = Plan(seed=1, days=1, riders=20, fraud=2)
    held_out = Plan(seed=1, days=1, riders=20, fraud=2, fraud_manners=9_001)
    assert manner_of(known, 19) == MANNERS[2]
    assert manner_of(held_out, 19) == manner_of(held_out, 19) != manner_of(held_out, 18)
    assert manner_of(held_out, 19) not in MANNERS.values()
    assert drawn(3, Chance("x")).has_a_friend


def test_a_row_adds_cities_up():
    row = trial.Row(2, "held out")
    row.add(TOLD)
    row.add(TOLD)
    facts = row.facts()
    assert (facts["tried"], facts["caught"], facts["share_to_fraud"], facts["false_positive_rate"]) == (
        20,
        0.6,
        0.01,
        0.015,
    )
    assert facts["schemes"] == {
        "forge": {"tried": 4, "caught": 1.0, "points": 0},
        "relay": {"tried": 16, "caught": 0.5, "points": 10},
    }
    assert row.cells()[4] == "60%"
    assert row.cells()[5:11] == ("10 of 1000 (1.0%)", "4 (0.4%)", "8 (0.8%)", "2 of 4", "0 of 114", "2.5 2.5")
    assert (facts["recall"], facts["precision"], facts["days_to_doubt"]) == (0.5, 1.0, 2.5)


def test_a_city_is_lived_and_its_line_is_read(monkeypatch, capsys):
    lived = []
    monkeypatch.setattr(
        trial, "_lived", lambda row, seed, _asked: lived.append((row.level, row.manners, seed)) or TOLD
    )
    assert trial.main(["--seed", "5", "--seeds", "2"]) == 0
    assert len(lived) == 12
    assert (3, "held out", 6) in lived
    last = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert [each["level"] for each in last["rows"]] == [1, 1, 2, 2, 3, 3]
