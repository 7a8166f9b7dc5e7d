"""What a person is called in one selection: a name that tells nothing to whoever knows the person.

A plain hash of the person's id could be made again by every member of staff who knows that id. This one takes the
installation's secret, so only the product itself can tell whose it is.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from uuid import UUID

from app.kernel import settings
from app.kernel.randomness import CROCKFORD

_BLOCK = 64  # bytes, of SHA-256
_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))
_LETTERS = bytes(ord(CROCKFORD[byte & 31]) for byte in range(256))


def pseudonym(selection_id: UUID, person_id: UUID) -> str:
    """A person's name within one selection: always the same there, unlike that in any other."""
    return pseudonyms_in(selection_id)(person_id.bytes)


def keyless(selection_id: UUID, person_id: UUID) -> str:
    """The name that lists sealed before there was a key gave the same person."""
    digest = hashlib.sha256(b"candidate" + selection_id.bytes + person_id.bytes).digest()
    return _spelt(digest)


def key_mark() -> str:
    """Which secret pseudonyms take now, without saying it: a snapshot keeps it, so that a changed one is noticed."""
    return hmac.digest(settings.current().secret_key.encode(), b"pseudonyms", "sha256").hex()[:16]


def _spelt(digest: bytes) -> str:
    return "C" + digest[:12].translate(_LETTERS).decode()


def pseudonyms_in(selection_id: UUID) -> Callable[[bytes], str]:
    """What makes the names of one selection out of the bytes of people's ids.

    HMAC-SHA-256 of a selection and a person. Its beginning is the same for everybody and done once: for a city that is
    a third of the time.
    """
    key = settings.current().secret_key.encode()
    key = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    inner = hashlib.sha256(key.translate(_INNER) + b"candidate" + selection_id.bytes)
    outer = hashlib.sha256(key.translate(_OUTER))

    def name_of(person_id: bytes) -> str:
        inside, outside = inner.copy(), outer.copy()
        inside.update(person_id)
        outside.update(inside.digest())
        return _spelt(outside.digest())

    return name_of
