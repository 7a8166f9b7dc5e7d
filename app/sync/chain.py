"""The log of a device: each entry carries the hash of the one before, and is signed with a key that never left it.

    hash      = hex SHA-256(previous hash + "\n" + text); before the first entry stands the lease's id in hex
    signature = ECDSA P-256 / SHA-256 over the 64 hex characters of the hash, r and s side by side (64 bytes), base64url

`text` is kept as it was sent. Nothing is re-written before it is hashed, so no two programs can disagree about a comma.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from app.sync.errors import KeyUnreadable

SIGNATURE_BYTES = 64


def hash_of(previous: str, text: str) -> str:
    """The hash of an entry that follows `previous`."""
    return hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest()


def is_signed(public_key: str, message: str, signature: str) -> bool:
    """Whether the device with this key signed the message."""
    try:
        raw = unpacked(signature)
        if len(raw) != SIGNATURE_BYTES:
            return False
        half = SIGNATURE_BYTES // 2
        der = encode_dss_signature(int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))
        key_of(public_key).verify(der, message.encode(), ec.ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


@lru_cache(maxsize=1024)
def key_of(public_key: str) -> ec.EllipticCurvePublicKey:
    """The public key of a device, from its uncompressed point. Raises KeyUnreadable."""
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unpacked(public_key))
    except ValueError:
        raise KeyUnreadable(fields={"public_key": ["device-key-unreadable"]}) from None


def unpacked(text: str) -> bytes:
    """base64url without padding. Raises ValueError."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("not base64url") from None


def packed(data: bytes) -> str:
    """The same the other way round."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def state_of_log(*, device_id: str, lease_id: str, count: int, head: str, sent_at: str, mood: str) -> str:
    """What a device signs with each batch: how long its log is and how it ends."""
    return "|".join((device_id, lease_id, str(count), head, sent_at, mood))
