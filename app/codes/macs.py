"""Truncated MACs as digits or Crockford characters. The algorithm is one digit in the code, looked up here."""

from __future__ import annotations

import hmac
from collections.abc import Callable

from app.codes import keys
from app.kernel.randomness import CROCKFORD

Mac = Callable[[bytes, bytes], bytes]


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """HMAC-SHA256 (RFC 2104)."""
    return hmac.digest(key, message, "sha256")


# The digit in a code names its algorithm; 2 is kept for HMAC-SM3, 3 to 9 are free.
ALGORITHMS: dict[str, Mac] = {"1": hmac_sha256}
CURRENT = "1"


def as_digits(mac: bytes, width: int) -> str:
    """The first 8 bytes as a number, its last `width` decimal digits. With 64 bits the bias is below 10^-9."""
    return str(int.from_bytes(mac[:8], "big") % 10**width).zfill(width)


def as_crockford(mac: bytes, width: int) -> str:
    """The first 5 bits per character as Crockford's base 32."""
    number = int.from_bytes(mac[:16], "big")
    return "".join(CROCKFORD[number >> (128 - 5 * (place + 1)) & 31] for place in range(width))


def same(a: str, b: str) -> bool:
    """Compare two ASCII texts in constant time."""
    return hmac.compare_digest(a.encode("ascii"), b.encode("ascii"))


Form = Callable[[bytes, int], str]


def sign(purpose: str, message: str, width: int, form: Form, alg: str = CURRENT) -> str:
    """The tag of a message, by the newest key of a purpose."""
    return form(ALGORITHMS[alg](keys.signing_key(purpose), _labelled(purpose, message)), width)


def verify(purpose: str, message: str, tag: str, form: Form, alg: str = CURRENT) -> bool:
    """Whether some epoch's key made this tag. Every key is tried, whichever fits, so that time tells nothing."""
    algorithm = ALGORITHMS.get(alg)
    if algorithm is None:
        return False
    good = False
    for each in keys.keys(purpose):
        good |= same(form(algorithm(each, _labelled(purpose, message)), len(tag)), tag)
    return good


def _labelled(purpose: str, message: str) -> bytes:
    return f"{purpose}|{message}".encode("ascii")
