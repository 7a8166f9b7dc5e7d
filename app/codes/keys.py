"""Keys of all codes, derived from the epoch keys of the ring; the database alone can make no code.

One epoch key makes one independent key per purpose (HKDF-SHA256). One epoch signs; all that are not revoked verify, so
a poster printed last year stays good until its epoch is revoked.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.codes import keyring

KEY_BYTES = 32


def signing_epoch() -> int:
    """The epoch that signs what is made now."""
    return keyring.current().signs


def signing_alg() -> str:
    """The algorithm of the key that signs now."""
    ring = keyring.current()
    return ring.keys[ring.signs].alg


def is_usable(epoch: int) -> bool:
    """Whether what was made in this epoch is still good: its key has not been revoked."""
    return keyring.current().secret(epoch) is not None


def key(epoch: int, purpose: str) -> bytes | None:
    """The key of one purpose in one epoch; None once the epoch has been revoked."""
    master = keyring.current().secret(epoch)
    return None if master is None else _derive(master, purpose)


def keys(purpose: str) -> Iterator[tuple[str, bytes]]:
    """(algorithm, key) of the purpose in all epochs, for verifying."""
    for each in keyring.current().usable():
        if each.secret is not None:
            yield each.alg, _derive(each.secret, purpose)


def signing_key(purpose: str) -> bytes:
    """The purpose's key that signs now."""
    ring = keyring.current()
    master = ring.secret(ring.signs)
    assert master is not None
    return _derive(master, purpose)


def derived(master: bytes, purpose: str) -> bytes:
    """The key of one purpose under a given master key."""
    return _derive(master, purpose)


@lru_cache(maxsize=4096)
def _derive(master: bytes, purpose: str) -> bytes:
    info = b"fengxing codes 1|" + purpose.encode("ascii")
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(master)
