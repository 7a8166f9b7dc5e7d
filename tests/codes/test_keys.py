"""The key ring: rotation without a restart, revocation, the archive of public keys, another algorithm, the drill."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from flask import Flask

from app.codes import drilling, keyring, keys, macs, reading, rotating, signatures
from app.codes.kinds import certificate, personal, screen, shift, station, voucher
from app.codes.kinds.certificate import SignedCertificate
from app.kernel import settings
from app.kernel.errors import Problem
from app.kernel.settings import SettingsError
from tests.codes import make
from tests.codes.make import slug_of


@pytest.fixture(autouse=True)
def file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A key file of this test's own; there is none yet."""
    own = replace(settings.current(), key_file=tmp_path / "keys.json")
    monkeypatch.setattr(settings, "_current", own)
    return own.key_file


def run(app: Flask, *command: str):
    return app.test_cli_runner().invoke(args=["keys", *command])


def test_a_new_key_signs_and_the_old_one_still_verifies(clock, file):
    before = voucher.make("1234567890123")
    assert rotating.rotate_keys(at=clock()).epoch == 2
    after = voucher.make("1234567890123")
    assert before != after
    assert slug_of(before) == slug_of(after) == "voucher"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_another_worker_sees_the_rotation_at_its_next_use(clock, file):
    rotating.rotate_keys(at=clock())
    ring = keyring.current()
    third = keyring.EpochKey(3, secret=b"t" * 32, made_at=clock())
    keyring.save(replace(ring, keys={**ring.keys, 3: third}, signs=3), file)  # as another process would
    assert keys.signing_epoch() == 3


@pytest.mark.parametrize("change", ["rotate", "revoke"])
def test_nobody_else_changes_the_ring_meanwhile(clock, file, monkeypatch, change):
    rotating.rotate_keys(at=clock())
    found, save = [], keyring.save

    def saved(ring: keyring.Ring, where: Path) -> None:
        with file.with_name("keys.json.lock").open("w") as other, pytest.raises(BlockingIOError):
            found.append(len(ring.keys))
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        save(ring, where)

    monkeypatch.setattr(keyring, "save", saved)
    if change == "rotate":
        rotating.rotate_keys(at=clock())
    else:
        rotating.revoke_key(epoch=1, reason="泄露", at=clock())
    assert found == [3 if change == "rotate" else 2]


def test_an_announced_key_verifies_before_it_signs(clock):
    assert rotating.rotate_keys(announce_only=True, at=clock()).epoch == 2
    ring = keyring.current()
    assert (ring.signs, ring.state_of(2)) == (1, "announced")
    with keyring.rehearsing(replace(ring, signs=2)):
        early = voucher.make("1234567890123")
    assert slug_of(early) == "voucher"
    assert rotating.rotate_keys(at=clock()).epoch == 2
    assert keys.signing_epoch() == 2


def test_an_announced_key_is_not_taken_into_use_as_another_algorithm(app, clock):
    rotating.rotate_keys(announce_only=True, at=clock())
    said = run(app, "rotate", "--alg", "2")
    assert said.exit_code == 1
    assert "Key 2 is announced with HMAC-SHA256" in said.output
    assert keyring.current().signs == 1
    assert run(app, "rotate", "--alg", "1").exit_code == 0


def test_a_revoked_key_counts_no_more_though_the_environment_still_has_it(clock):
    before = voucher.make("1234567890123")
    rotating.rotate_keys(at=clock())
    rotating.revoke_key(epoch=1, reason="stolen", at=clock())
    assert slug_of(before) == "code-forged"
    assert keyring.current().state_of(1) == "revoked"
    assert slug_of(voucher.make("1234567890123")) == "voucher"


def test_the_key_that_signs_cannot_be_revoked_nor_one_twice(clock):
    for epoch, said in ((1, "key-in-use"), (9, "key-unknown")):
        with pytest.raises(Problem, match=said):
            rotating.revoke_key(epoch=epoch, reason="-", at=clock())
    rotating.rotate_keys(at=clock())
    rotating.revoke_key(epoch=1, reason="-", at=clock())
    with pytest.raises(Problem, match="key-unknown"):
        rotating.revoke_key(epoch=1, reason="-", at=clock())


def test_an_id_is_never_used_again(clock):
    rotating.rotate_keys(at=clock())
    rotating.rotate_keys(at=clock())
    rotating.revoke_key(epoch=2, reason="-", at=clock())
    assert rotating.rotate_keys(at=clock()).epoch == 4


def test_phones_and_the_server_take_a_new_key_after_a_revocation(app, clock):
    scene = make.scene()
    first, _ = make.server_phone(scene.rider)
    rotating.rotate_keys(at=clock())
    rotating.revoke_key(epoch=1, reason="stolen", at=clock())
    assert make.verdict(scene.phone.code(), scene.station, scene.manager) == "handle-expired"
    second, key = make.server_phone(scene.rider)
    assert second.id != first.id
    assert key is not None
    assert make.verdict(make.new_phone(scene.rider).code(), scene.station, scene.manager) == "accepted"


def test_a_phone_of_the_old_key_goes_on_after_a_rotation(app, clock):
    scene = make.scene()
    rotating.rotate_keys(at=clock())
    assert make.verdict(scene.phone.code(), scene.station, scene.manager) == "accepted"


def test_sm3_is_the_published_one():
    """GB/T 32905-2016, annex A: both of its examples."""
    for message, digest in (
        (b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        (b"abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
    ):
        assert hashlib.new("sm3", message).hexdigest() == digest


def test_hmac_sm3_is_hmac_over_sm3():
    def by_hand(key: bytes, message: bytes) -> bytes:
        padded = key.ljust(64, b"\0")
        inner = hashlib.new("sm3", bytes(each ^ 0x36 for each in padded) + message).digest()
        return hashlib.new("sm3", bytes(each ^ 0x5C for each in padded) + inner).digest()

    for message in (b"", b"abc", b"srv|0123456789|59486164"):
        assert macs.hmac_sm3(b"k" * 32, message) == by_hand(b"k" * 32, message)


def test_a_key_of_sm3_is_made_rotated_to_verified_revoked_and_remembered(app, clock, file):
    assert "key 2 (HMAC-SM3) is announced" in run(app, "rotate", "--alg", "2", "--announce").output
    assert "key 2 (HMAC-SM3) is signing" in run(app, "rotate").output
    assert json.loads(file.read_text())["keys"][1]["alg"] == "2"
    made = [
        voucher.make("1234567890123"),
        station.make("A1B2C3"),
        screen.make("A1B2C3", clock()),
        shift.make("A1B2C3D4", clock()),
    ]
    kinds = ["voucher", "station", "screen", "shift"]
    assert [slug_of(each) for each in made] == kinds
    assert "key 3 (HMAC-SHA256) is signing" in run(app, "rotate", "--alg", "1").output
    assert [slug_of(each) for each in made] == kinds  # an older key goes on verifying by its own algorithm
    assert "HMAC-SM3" in run(app, "list").output
    run(app, "revoke", "2", "--reason", "test", "--yes")
    assert {slug_of(each) for each in made} == {"code-forged"}
    assert signatures.public_key(2).revoked_at == clock()


def test_a_riders_code_by_sm3_counts_for_a_handle_of_that_algorithm_only():
    """No browser makes one; a later app could. The server's own check is by the handle's algorithm."""
    key, step = b"k" * 32, 59_486_164
    for alg, other in (("1", "2"), ("2", "1")):
        code = make.code_of(personal.make(key=key, handle="0123456789", step=step, alg=alg))
        assert code.is_made_by(key, alg, step)
        assert not code.is_made_by(key, other, step)


def test_a_machine_without_sm3_says_which_key_it_cannot_use(app, clock, monkeypatch):
    rotating.rotate_keys(alg=keyring.HMAC_SM3, at=clock())
    monkeypatch.delitem(macs.ALGORITHMS, keyring.HMAC_SM3)
    with pytest.raises(SettingsError, match="HMAC-SM3"):
        voucher.make("1234567890123")
    with pytest.raises(Problem, match="key-unknown"):
        rotating.rotate_keys(alg=keyring.HMAC_SM3, at=clock())


def test_hmac_sm3_stands_in_the_same_place(app, clock):
    assert (
        macs.hmac_sm3(b"k", b"m").hex() == "5a4f3fd570a7ba4492ef1539244fa4c2cec18bc722de101699577c93521210e3"
    )
    old = voucher.make("1234567890123")
    rotating.rotate_keys(alg=keyring.HMAC_SM3, at=clock())
    new = voucher.make("1234567890123")
    assert (old[1], new[1]) == ("1", "2")
    assert slug_of(old) == slug_of(new) == "voucher"
    scene = make.scene()
    assert scene.phone.alg == "1"  # no browser has SM3
    assert make.verdict(scene.phone.code(), scene.station, scene.manager) == "accepted"


def test_a_key_verifies_no_other_algorithms_tags(clock):
    good = voucher.make("1234567890123")
    assert slug_of(make.resealed(good[0] + "2" + good[2:-1])) == "code-forged"
    serial = "1234567890123"
    ring = keyring.current()
    sm3 = replace(ring, keys={1: replace(ring.keys[1], alg="2")})
    with keyring.rehearsing(sm3):
        other = voucher.make(serial)
    assert slug_of(other) == "code-forged"


def signed() -> str:
    return certificate.make_signed(certificate_id=7, issued_on=date(2026, 11, 24), name="王小明", kind=1)


def test_a_signed_certificate_verifies_for_ever_also_after_three_rotations_and_a_compromise(clock):
    link = signed()
    for _ in range(3):
        rotating.rotate_keys(at=clock())
    assert slug_of(link) == "certificate"
    rotating.revoke_key(epoch=1, reason="drill", at=clock())
    read = reading.read(link, at=clock())
    assert isinstance(read, SignedCertificate)
    assert (read.certificate_id, read.issued_on, read.key_id) == (7, date(2026, 11, 24), 1)
    assert read.key_revoked_at == clock()
    assert read.is_of("王小明")
    assert not read.is_of("王大明")


@pytest.mark.parametrize("place", [0, 40, 100, 223])
def test_a_changed_certificate_is_forged(clock, place):
    link = signed()
    digits = link[-224:]
    other = digits[:place] + ("1" if digits[place] == "0" else "0") + digits[place + 1 :]
    assert slug_of(link[:-224] + other) == "code-forged"


def test_the_archive_names_every_key_and_marks_the_revoked(app, client, clock):
    rotating.rotate_keys(at=clock())
    rotating.revoke_key(epoch=1, reason="stolen", at=clock())
    told = client.get("/api/v1/codes/public-keys").json["keys"]
    assert [(each["kid"], each["status"]) for each in told] == [("1", "revoked"), ("2", "signing")]
    assert told[0]["revoked_at"]
    assert signatures.verify(2, b"m", signatures.sign(b"m")[1])
    assert not signatures.verify(1, b"m", signatures.sign(b"m")[1])


@pytest.mark.parametrize("text", ["", "{}", '{"format": 9, "signs": 1, "keys": [], "public": []}', "[]"])
def test_a_broken_key_file_stops_with_its_name(file, text):
    file.write_text(text)
    with pytest.raises(SettingsError, match=r"keys\.json"):
        keyring.current()


def test_in_production_others_may_not_read_the_file(monkeypatch, file, clock):
    rotating.rotate_keys(at=clock())
    file.chmod(0o644)
    os.utime(file, ns=(1, 1))
    monkeypatch.setattr(settings, "_current", replace(settings.current(), environment="production"))
    with pytest.raises(SettingsError, match="chmod 600"):
        keyring.current()


def test_the_drill_comes_out_and_changes_nothing(app, clock, file):
    make.scene()
    told = run(app, "drill")
    assert told.exit_code == 0, told.output
    assert "FAIL" not in told.output
    assert "1 phones" in told.output
    assert not file.exists()


def test_the_drill_would_notice_a_key_that_goes_on_after_its_revocation(app, clock, monkeypatch):
    real = rotating.revoked
    monkeypatch.setattr(
        drilling.rotating,
        "revoked",
        lambda ring, **more: replace(real(ring, **more), keys={**real(ring, **more).keys, 1: ring.keys[1]}),
    )
    told = run(app, "drill")
    assert told.exit_code == 1
    assert "FAIL  revoked: nothing that key 1 made counts any more" in told.output


def test_the_commands_say_what_they_did_and_no_secret(app, clock):
    secret = keyring.current().secret(1).hex()
    told = [
        run(app, *each).output
        for each in (("rotate",), ("revoke", "1", "--reason", "lost", "--yes"), ("list",))
    ]
    assert "key 2 (HMAC-SHA256) is signing" in told[0]
    assert "key 1 is revoked" in told[1]
    assert "revoked" in told[2].splitlines()[0]
    assert "signing" in told[2].splitlines()[1]
    assert secret not in "".join(told)
    refused = run(app, "revoke", "2", "--reason", "lost", "--yes")
    assert refused.exit_code == 1
    assert "Rotate first" in refused.output
