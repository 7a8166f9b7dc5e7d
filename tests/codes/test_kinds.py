"""Every kind reads its own codes and nobody else's."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.codes import keys, macs, reading, steps
from app.codes.kinds import KINDS, certificate, invite, personal, screen, shift, station, voucher
from app.kernel import clock
from app.kernel.errors import Problem
from tests.codes import make
from tests.codes.make import slug_of


def samples() -> dict[str, str]:
    at = clock.now()
    return {
        "personal": personal.make(key=b"k" * 32, handle="0123456789", step=steps.step_at(at)),
        "station": station.make("A1B2C3"),
        "screen": screen.make("A1B2C3", at),
        "shift": shift.make("A1B2C3D4", at),
        "voucher": voucher.make("1234567890123"),
        "invite": invite.make("A1B2C3D4E5F6G7H8"),
        "certificate": certificate.make("A1B2C3D4E5F6G7H8"),
    }


def test_every_kind_has_a_sample():
    assert set(samples()) == set(KINDS)


@pytest.mark.parametrize(("kind", "sample"), list(itertools.product(KINDS, KINDS)))
def test_only_the_diagonal_of_the_matrix_reads(kind, sample):
    text = reading.own_path(samples()[sample].encode())
    scanned = KINDS[kind].read(text, clock.now())
    assert (scanned.kind if scanned else None) == (kind if kind == sample else None)


@pytest.mark.parametrize("kind", KINDS)
def test_reading_finds_the_kind(kind):
    assert reading.read(samples()[kind], at=clock.now()).kind == kind


def test_what_is_read_names_the_thing(clock):
    read = {kind: reading.read(text, at=clock()) for kind, text in samples().items()}
    assert read["personal"].handle == "0123456789"
    assert read["station"].short_code == "A1B2C3"
    assert (read["shift"].short_code, read["shift"].skew_s) == ("A1B2C3D4", 0)
    assert read["voucher"].serial == "1234567890123"
    assert read["invite"].token == "A1B2C3D4E5F6G7H8"


def test_formats_have_the_agreed_lengths(clock):
    lengths = {kind: len(reading.own_path(text.encode())) for kind, text in samples().items()}
    assert lengths == {
        "personal": 33,
        "station": 17,
        "screen": 22,
        "shift": 23,
        "voucher": 26,
        "invite": 19,
        "certificate": 19,
    }
    assert samples()["station"].startswith("HTTP://127.0.0.1:8000/S/A1B2C3")


def test_a_tag_of_one_purpose_is_none_of_another():
    tag = macs.sign("station", "A1B2C3D4|5", 10, macs.as_digits)
    assert macs.verify("station", "A1B2C3D4|5", tag, macs.as_digits)
    assert not macs.verify("shift", "A1B2C3D4|5", tag, macs.as_digits)
    assert len({keys.signing_key(purpose) for purpose in ("station", "shift", "voucher")}) == 3


def test_a_tag_of_an_unknown_algorithm_is_not_good():
    body = "92" + "1234567890123" + "0" * 10
    with pytest.raises(Problem, match="code-forged"):
        reading.read(make.resealed(body), at=clock.now())


@pytest.mark.parametrize("kind", ["station", "screen", "shift", "voucher"])
def test_a_changed_tag_is_forged(kind, clock):
    text = samples()[kind]
    last = "1" if text[-2] == "0" else "0"
    changed = make.resealed(text[:-2] + last) if kind == "voucher" else text[:-2] + last + text[-1]
    with pytest.raises(Problem, match="code-forged"):
        reading.read(changed, at=clock())


@pytest.mark.parametrize(
    ("late_s", "said"), [(0, "shift"), (90, "shift"), (150, "code-skew"), (3000, "code-forged")]
)
def test_a_shift_code_passed_on_runs_out(clock, late_s, said):
    text = shift.make("A1B2C3D4", clock())
    clock.advance(seconds=late_s)
    assert slug_of(text) == said


@given(st.binary(min_size=8, max_size=32), st.integers(1, 18))
def test_truncated_macs_keep_their_width(mac, width):
    assert len(macs.as_digits(mac, width)) == width
    assert len(macs.as_crockford(mac.ljust(16, b"\0"), min(width, 25))) == min(width, 25)


def test_the_shown_step_finds_the_nearest(clock):
    now = steps.step_at(clock())
    for away in range(-50, 50):
        assert steps.nearest(steps.shown(now + away), clock()) == now + away


def test_a_known_answer_keeps_the_phones_script_and_the_server_in_step():
    """Phones compute this by themselves (static/js/personal-code.js): whoever changes it locks all of them out."""
    code = personal.make(key=bytes(range(32)), handle="0123456789", step=59_486_164)
    assert code == "810123456789647045677903552007754"
