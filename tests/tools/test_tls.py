"""The machine's own certificate covers the addresses, is kept, and is renewed when they change."""

import ssl
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from tools import tls

HOSTS = {"localhost", "127.0.0.1", "192.168.1.7"}


def test_it_can_be_served_with(tmp_path: Path) -> None:
    certificate, key = tls.certificate(tmp_path, HOSTS)
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_it_is_kept(tmp_path: Path) -> None:
    before = tls.certificate(tmp_path, HOSTS)[0].read_bytes()
    assert tls.certificate(tmp_path, HOSTS)[0].read_bytes() == before
    assert tls.certificate(tmp_path, {"localhost"})[0].read_bytes() == before


def test_another_address_makes_another_one(tmp_path: Path) -> None:
    before = tls.certificate(tmp_path, HOSTS)[0].read_bytes()
    assert tls.certificate(tmp_path, HOSTS | {"192.168.1.8"})[0].read_bytes() != before


def test_one_that_runs_out_is_renewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls, "VALID", timedelta(days=20))
    before = tls.certificate(tmp_path, HOSTS)[0].read_bytes()
    monkeypatch.undo()
    assert tls.certificate(tmp_path, HOSTS)[0].read_bytes() != before


def test_a_broken_one_is_replaced(tmp_path: Path) -> None:
    certificate, _ = tls.certificate(tmp_path, HOSTS)
    certificate.write_text("broken")
    assert b"BEGIN CERTIFICATE" in tls.certificate(tmp_path, HOSTS)[0].read_bytes()
