"""The attacks of the threat table, against the product and against a product with the defence taken out.

A test that would not notice the missing defence proves nothing.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask

from app.codes import damm, presenting, reading, steps
from app.codes.kinds import personal, voucher
from app.codes.kinds.personal import PersonalCode
from app.codes.models import ScanSession
from app.kernel import clock as clock_module
from app.kernel import settings
from app.kernel.db import in_transaction, session, transaction
from app.kernel.errors import Problem
from tests.codes import make

KEY, HANDLE = b"k" * 32, "0123456789"
STEP = 59_486_164


def digits(chance: random.Random, n: int) -> str:
    return str(chance.randrange(10**n)).zfill(n)


def guesses(n: int) -> int:
    """How many of `n` codes with made-up MACs and the right check digit pass."""
    chance = random.Random(1)
    passed = 0
    for _ in range(n):
        code = PersonalCode("1", HANDLE, steps.shown(STEP), digits(chance, 10), digits(chance, 8))
        passed += code.is_made_by(KEY, "1", STEP)
    return passed


def test_guessed_codes_are_never_accepted():
    assert guesses(30_000) == 0  # ten million by `make codes-attack`


def test_guesses_would_be_noticed_if_macs_were_cut_to_a_few_digits(monkeypatch):
    monkeypatch.setattr(personal, "same", lambda a, b: a[:2] == b[:2])
    assert guesses(30_000) > 0


def mutants(n: int) -> int:
    """How many of `n` copies of one good code, with one to four digits changed and the check digit mended, pass."""
    chance = random.Random(2)
    good = personal.make(key=KEY, handle=HANDLE, step=STEP)
    passed = 0
    for _ in range(n):
        changed = list(good[:-1])
        for place in chance.sample(range(1, 32), chance.randint(1, 4)):
            changed[place] = chance.choice([each for each in "0123456789" if each != changed[place]])
        code = personal.KIND.read(make.resealed("".join(changed)).encode(), clock_module.now())
        assert isinstance(code, PersonalCode)
        passed += code.handle == HANDLE and code.is_made_by(KEY, "1", STEP) and code.step_shown == good[12:14]
    return passed


def test_changed_codes_are_never_accepted():
    assert mutants(30_000) == 0


def test_changes_would_be_noticed_if_the_station_mac_were_not_compared(monkeypatch):
    real = personal.same
    monkeypatch.setattr(personal, "same", lambda a, b: len(a) == 8 or real(a, b))
    assert mutants(2_000) > 0


def misread(n: int, change: Callable[[random.Random, str], str]) -> list[tuple[str, str]]:
    """The (good, misread) pairs of which the misread one passes as a code."""
    chance = random.Random(3)
    good = [personal.make(key=KEY, handle=HANDLE, step=STEP), voucher.make("1234567890123")]
    passed = []
    for number in range(n):
        before = good[number % 2]
        after = change(chance, before)
        try:
            reading.read(after, at=clock_module.now())
        except Problem:
            continue
        passed.append((before, after))
    return passed


def one_digit(chance: random.Random, text: str) -> str:
    place = chance.randrange(1, len(text))
    return (
        text[:place]
        + chance.choice([each for each in "0123456789" if each != text[place]])
        + text[place + 1 :]
    )


def swapped(chance: random.Random, text: str) -> str:
    place = chance.randrange(1, len(text) - 1)
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]


def test_no_misread_digit_passes():
    assert misread(10_000, one_digit) == []


def test_no_swap_of_neighbours_passes_but_that_of_equal_digits():
    assert all(before == after for before, after in misread(10_000, swapped))


def test_misread_digits_would_be_noticed_without_the_check_digit(monkeypatch):
    monkeypatch.setattr(damm, "is_whole", lambda digits: True)
    assert misread(200, one_digit)


def test_a_screenshot_is_too_old_after_three_minutes(app, clock):
    scene = make.scene()
    seen = []
    for _ in range(20):
        picture = scene.phone.code()
        clock.advance(minutes=3)
        seen.append(make.verdict(picture, scene.station, scene.manager))
        clock.advance(minutes=7)
    assert seen == ["code-skew"] * 20


def test_old_screenshots_would_be_noticed_without_the_time_check(app, clock, monkeypatch):
    monkeypatch.setattr(steps, "in_time", lambda step, at: True)
    scene = make.scene()
    picture = scene.phone.code()
    clock.advance(minutes=3)
    assert make.verdict(picture, scene.station, scene.manager) == "accepted"


def test_a_screenshot_is_forged_when_its_two_digits_come_round_again(app, clock):
    scene = make.scene()
    for _ in range(20):
        picture = scene.phone.code()
        clock.advance(seconds=steps.STEP_S * steps.SHOWN)
        assert make.verdict(picture, scene.station, scene.manager) == "code-forged"


def test_the_round_would_be_noticed_if_macs_held_only_the_digits_shown(app, clock, monkeypatch):
    real = personal.macs
    monkeypatch.setattr(personal, "macs", lambda key, alg, handle, step: real(key, alg, handle, step % 100))
    scene = make.scene()
    picture = scene.phone.code()
    clock.advance(seconds=steps.STEP_S * steps.SHOWN)
    assert make.verdict(picture, scene.station, scene.manager) == "accepted"


@pytest.mark.parametrize(
    ("ahead_s", "said"),
    [(-120, "code-skew"), (-90, "accepted"), (0, "accepted"), (90, "accepted"), (120, "code-skew")],
)
def test_a_clock_may_be_wrong_by_ninety_seconds(app, clock, ahead_s, said):
    scene = make.scene()
    assert make.verdict(scene.phone.code(ahead_s=ahead_s), scene.station, scene.manager) == said


def test_a_wrong_clock_is_told_by_how_much(app, clock):
    scene = make.scene()
    with pytest.raises(Problem) as refused:
        make.present(scene.phone.code(ahead_s=600), scene.station, scene.manager)
    assert refused.value.facts == {"skew_s": 600, "off_s": 600}
    assert make.present(scene.phone.code(ahead_s=-60), scene.station, scene.manager).skew_s == -60


def test_a_code_counts_once_of_many_at_once(app: Flask, clock):
    scene = make.scene()
    code = make.code_of(scene.phone.code())
    places = [(scene.station, scene.manager), (scene.other_station, scene.other_manager)] * 8

    def present(station, by):
        return lambda: (
            presenting.present_personal_code(
                code=code, station_id=station.id, by=by, at=clock_module.now()
            ).replayed
        )

    seen = make.at_once(app, [present(*each) for each in places])
    assert seen.count(False) == 1
    assert seen.count(True) == 7
    assert seen.count("code-replay") == 8


@pytest.mark.usefixtures("owned")
def test_replays_would_be_noticed_without_the_table_of_used_steps(app, clock, monkeypatch):
    scene = make.scene()
    picture = scene.phone.code()
    assert make.verdict(picture, scene.station, scene.manager) == "accepted"
    assert make.verdict(picture, scene.other_station, scene.other_manager) == "code-replay"
    with transaction():
        session.query(ScanSession).delete()
    assert make.verdict(picture, scene.other_station, scene.other_manager) == "accepted"


def test_another_algorithm_digit_does_not_pass(app, clock):
    scene = make.scene()
    picture = scene.phone.code()
    for alg in "023456789":
        other = make.resealed(picture[0] + alg + picture[2:-1])
        assert make.verdict(other, scene.station, scene.manager) == "code-forged"


def test_an_algorithm_the_code_chose_would_be_noticed(app, clock, monkeypatch):
    real = PersonalCode.is_made_by
    monkeypatch.setattr(
        PersonalCode, "is_made_by", lambda code, key, alg, step: real(replace(code, alg=alg), key, alg, step)
    )
    scene = make.scene()
    picture = scene.phone.code()
    other = make.resealed(picture[0] + "2" + picture[2:-1])
    assert make.verdict(other, scene.station, scene.manager) == "accepted"


def test_outsiders_cannot_tell_real_forged_and_unknown_codes_apart(app, clock):
    scene = make.scene()
    real = scene.phone.code()
    forged = make.resealed(real[:20] + "0" * 12)
    unknown = make.resealed("81" + "9" * 10 + real[12:-1])
    for text in (real, forged, unknown):
        assert make.verdict(text, scene.station, scene.other_manager) == "not-allowed"
        assert make.verdict(text, scene.station, scene.rider) == "not-allowed"
    assert make.verdict(forged, scene.station, scene.manager) == "code-forged"
    assert make.verdict(unknown, scene.station, scene.manager) == "code-unknown"


def test_the_database_alone_makes_no_code(app, clock, monkeypatch):
    scene = make.scene()
    picture = scene.phone.code()
    stolen = replace(settings.current(), code_keys={1: b"\x00" * 32})
    monkeypatch.setattr(settings, "_current", stolen)
    assert make.verdict(picture, scene.station, scene.manager) == "code-forged"


def test_an_epoch_taken_out_ends_its_codes_and_a_new_one_leaves_the_old_alone(app, clock, monkeypatch):
    scene = make.scene()
    old = settings.current()
    poster = voucher.make("1234567890123")
    monkeypatch.setattr(settings, "_current", replace(old, code_keys={**old.code_keys, 2: b"n" * 32}))
    assert make.verdict(scene.phone.code(), scene.station, scene.manager) == "accepted"
    assert reading.read(poster, at=clock()).kind == "voucher"
    assert voucher.make("1234567890123") != poster
    monkeypatch.setattr(settings, "_current", replace(old, code_keys={2: b"n" * 32}))
    clock.advance(minutes=1)
    assert make.verdict(scene.phone.code(), scene.station, scene.manager) == "handle-expired"
    with pytest.raises(Problem, match="code-forged"):
        reading.read(poster, at=clock())


def test_nobody_scans_their_own_code(app, clock):
    scene = make.scene()
    own = replace(scene.manager, person_id=scene.rider.person_id)
    assert make.verdict(scene.phone.code(), scene.station, own) == "own-code"
    assert in_transaction(lambda: session.query(ScanSession).count()) == 0
