"""A certificate: a short link whose authority is the server, or one that is signed and verifies without it.

    short   HTTPS://<HOST>/H/<16 Crockford = 80 random bits>
    signed  HTTPS://<HOST>/H/<224 digits>, which are 93 bytes as one number:
            version(1) key id(1) certificate id(8) days since 1970(2) commitment(16) kind(1) Ed25519 signature(64)

The commitment is 16 bytes of SHA-256(certificate id | full name): whoever types the name learns whether it is theirs,
and the code itself names nobody. The signature covers the label and the 29 bytes before it.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import ClassVar

from app.codes import keys, signatures
from app.codes.addresses import link
from app.codes.errors import CodeForged
from app.codes.kinds.shape import Kind, Scanned

VERSION = 1
DIGITS, SIGNED, SIGNATURE = 224, 29, 64
_LABEL = b"fengxing certificate 1|"
_FIRST_DAY = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class CertificateCode(Scanned):
    """A link to a certificate; whether there is one, and what it says, is for the register to tell."""

    kind: ClassVar[str] = "certificate"
    token: str


@dataclass(frozen=True, slots=True)
class SignedCertificate(Scanned):
    """A certificate whose signature fits. `key_revoked_at`: from then on it needs the register's word as well."""

    kind: ClassVar[str] = "certificate"
    certificate_id: int
    issued_on: date
    commitment: bytes
    certificate_kind: int
    key_id: int
    key_revoked_at: datetime | None

    def is_of(self, name: str) -> bool:
        """Whether the certificate was issued to this full name."""
        return self.commitment == commitment(self.certificate_id, name)


def make(token: str) -> str:
    """The upper-case short link of a certificate."""
    return link(f"/H/{token}")


def make_signed(*, certificate_id: int, issued_on: date, name: str, kind: int) -> str:
    """The upper-case link that verifies without the server."""
    key_id = keys.signing_epoch()
    body = bytes([VERSION, key_id]) + certificate_id.to_bytes(8, "big")
    body += (
        (issued_on - _FIRST_DAY).days.to_bytes(2, "big") + commitment(certificate_id, name) + bytes([kind])
    )
    _, signature = signatures.sign(_LABEL + body)
    return link(f"/H/{str(int.from_bytes(body + signature, 'big')).zfill(DIGITS)}")


def commitment(certificate_id: int, name: str) -> bytes:
    """16 bytes that bind a certificate to a full name without telling it."""
    return hashlib.sha256(f"{certificate_id}|{name.strip()}".encode()).digest()[:16]


def _parse(parts: dict[str, str], _at: datetime) -> Scanned:
    if parts["token"]:
        return CertificateCode(parts["token"])
    number = int(parts["digits"])
    if number >= 1 << 8 * (SIGNED + SIGNATURE):
        raise CodeForged
    data = number.to_bytes(SIGNED + SIGNATURE, "big")
    body, signature = data[:SIGNED], data[SIGNED:]
    known = signatures.public_key(body[1])
    if body[0] != VERSION or known is None or not signatures.verify(body[1], _LABEL + body, signature):
        raise CodeForged
    return SignedCertificate(
        certificate_id=int.from_bytes(body[2:10], "big"),
        issued_on=_FIRST_DAY + timedelta(days=int.from_bytes(body[10:12], "big")),
        commitment=body[12:28],
        certificate_kind=body[28],
        key_id=body[1],
        key_revoked_at=known.revoked_at,
    )


KIND = Kind(
    name=CertificateCode.kind,
    form=re.compile(rb"/H/(?:(?P<token>[0-9A-HJKMNP-TV-Z]{16})|(?P<digits>[0-9]{224}))"),
    parse=_parse,
)
