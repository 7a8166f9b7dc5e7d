"""The two proofs that run big elsewhere (`make codes-attack`, `make bench-codes`), here in small, and able to fail."""

from __future__ import annotations

import pytest

from app.codes.kinds import personal
from bench import attack, codes


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The attack brings settings of its own; afterwards those of the test come back."""
    monkeypatch.setattr("app.kernel.settings._current", None)


def bad(said) -> int:
    return sum(count for name, count in said.items() if name.startswith(("ACCEPTED", "CRASH")))


def test_twenty_thousand_forged_codes_are_refused(clock):
    said = attack.attack(7, 20_000)
    assert said.total() == 20_000
    assert bad(said) == 0
    assert said["code-forged"] > 8_000


def test_the_attack_would_notice_macs_of_two_digits(clock, monkeypatch):
    monkeypatch.setattr(personal, "same", lambda a, b: a[:2] == b[:2])
    assert bad(attack.attack(7, 20_000)) > 0


def test_the_attack_would_notice_a_crash(clock, monkeypatch):
    monkeypatch.setattr(attack.reading, "read", lambda text, at: 1 / 0)
    assert bad(attack.attack(7, 100)) == 100


@pytest.mark.parametrize("damage", [each for each in codes.DAMAGES if each.rider_bar])
def test_a_riders_code_is_read_small_by_two_decoders(clock, damage):
    cells = codes.measured("rider", damage, 8)
    assert sum(cell.wrong for cell in cells) == 0
    assert min(cell.share for cell in cells if cell.reader in ("zbar", "zxing-cpp")) >= 0.75


def test_the_table_would_notice_a_bar_that_is_missed_and_a_wrong_read(clock):
    cells = [
        codes.Cell("rider", damage.name, reader, read=5, count=10)
        for damage in codes.DAMAGES
        for reader in codes.READERS
    ]
    assert len(codes.missed(cells)) == 2
    cells[0].wrong = 1
    assert len(codes.missed(cells)) == 3
