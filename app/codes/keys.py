"""Keys of all codes, derived from the epoch keys of the settings; the database alone can make no code.

One epoch key makes one independent key per purpose (HKDF-SHA256). The highest epoch signs; all epochs verify, so a
poster printed last year stays good until its epoch is taken out of the settings.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.kernel import settings

KEY_BYTES = 32


def signing_epoch() -> int:
    """The epoch that signs what is made now."""
    return max(settings.current().code_keys)


def key(epoch: int, purpose: str) -> bytes | None:
    """The key of one purpose in one epoch; None once the epoch has been taken out of the settings."""
    master = settings.current().code_keys.get(epoch)
    return None if master is None else _derive(master, purpose)


def keys(purpose: str) -> Iterator[bytes]:
    """The purpose's keys of all epochs, for verifying."""
    for master in settings.current().code_keys.values():
        yield _derive(master, purpose)


def signing_key(purpose: str) -> bytes:
    """The purpose's key that signs now."""
    return _derive(settings.current().code_keys[signing_epoch()], purpose)


@lru_cache(maxsize=4096)
def _derive(master: bytes, purpose: str) -> bytes:
    info = b"fengxing codes 1|" + purpose.encode("ascii")
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(master)
