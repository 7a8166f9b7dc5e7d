"""Signatures that outlive their keys: for certificates, verified by whoever holds the public key, with or without us.

The private key of an epoch is derived from the ring, never stored; its public key goes into the ring's archive. A
scheme is a row in SCHEMES: SM2 can stand beside Ed25519 once a library here offers it. The `cryptography` that is
locked knows the digest SM3, but neither the curve nor the signature of SM2; keys of codes may be HMAC-SM3 (`macs`).
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from app.codes import keyring, keys
from app.codes.keyring import PublicKey, Ring

ED25519 = "Ed25519"
_PURPOSE = "certificate|ed25519"


@dataclass(frozen=True, slots=True)
class Scheme:
    """A way to sign with 32 secret bytes."""

    public: Callable[[bytes], bytes]
    sign: Callable[[bytes, bytes], bytes]
    verify: Callable[[bytes, bytes, bytes], bool]  # public key, message, signature


def _verified(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


SCHEMES = {
    ED25519: Scheme(
        public=lambda seed: Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw(),
        sign=lambda seed, message: Ed25519PrivateKey.from_private_bytes(seed).sign(message),
        verify=_verified,
    )
}
CURRENT = ED25519


def sign(message: bytes) -> tuple[int, bytes]:
    """(id of the key, signature) by the key that signs now."""
    return keys.signing_epoch(), SCHEMES[CURRENT].sign(keys.signing_key(_PURPOSE), message)


def verify(key_id: int, message: bytes, signature: bytes) -> bool:
    """Whether the archived public key with this id made the signature, revoked or not: see `public_key`."""
    known = public_key(key_id)
    return known is not None and SCHEMES[known.scheme].verify(unpadded(known.key), message, signature)


def public_key(key_id: int) -> PublicKey | None:
    """A public key, whatever became of its secret. Whoever trusts a signature asks for `revoked_at` too."""
    return next((each for each in archive(keyring.current()) if each.epoch == key_id), None)


def archive(ring: Ring) -> list[PublicKey]:
    """Every public key there ever was: those of the file, and those of keys that were never rotated."""
    kept = {each.epoch: each for each in ring.public}
    for each in ring.usable():
        if each.epoch not in kept and each.secret is not None:
            public = SCHEMES[CURRENT].public(keys.derived(each.secret, _PURPOSE))
            kept[each.epoch] = PublicKey(each.epoch, CURRENT, padless(public))
    return [kept[epoch] for epoch in sorted(kept)]


def as_jwks() -> dict[str, Any]:
    """The archive as a JSON Web Key Set (RFC 8037), revoked keys included and marked."""
    ring = keyring.current()
    return {
        "keys": [
            {
                "kty": "OKP",
                "crv": each.scheme,
                "alg": "EdDSA",
                "use": "sig",
                "kid": str(each.epoch),
                "x": each.key,
                "status": ring.state_of(each.epoch) if each.epoch in ring.keys else keyring.REVOKED,
                "revoked_at": each.revoked_at.isoformat() if each.revoked_at else None,
            }
            for each in archive(ring)
        ]
    }


def padless(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def unpadded(text: str) -> bytes:
    """The bytes of base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
