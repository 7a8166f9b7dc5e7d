"""Truncated MACs as digits or Crockford characters. The algorithm is one digit in the code, looked up here."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable

from app.codes import keys
from app.codes.keyring import HMAC_SHA256, HMAC_SM3
from app.kernel.randomness import CROCKFORD
from app.kernel.settings import SettingsError

Mac = Callable[[bytes, bytes], bytes]


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """HMAC-SHA256 (RFC 2104)."""
    return hmac.digest(key, message, "sha256")


def hmac_sm3(key: bytes, message: bytes) -> bytes:
    """HMAC-SM3 (GB/T 15852.2, GB/T 32905), where this machine's OpenSSL has SM3."""
    return hmac.digest(key, message, "sm3")


# The digit in a code names its algorithm; 3 to 9 are free. A key has one algorithm and never verifies another's tags.
ALGORITHMS: dict[str, Mac] = {HMAC_SHA256: hmac_sha256}
if "sm3" in hashlib.algorithms_available:
    ALGORITHMS[HMAC_SM3] = hmac_sm3
NAMES = {HMAC_SHA256: "HMAC-SHA256", HMAC_SM3: "HMAC-SM3"}
CURRENT = HMAC_SHA256  # of riders' phones: WebCrypto knows no SM3


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


def algorithm_of(alg: str) -> Mac:
    """The algorithm with this digit. Raises SettingsError where a key of the ring needs one that this machine lacks."""
    found = ALGORITHMS.get(alg)
    if found is None:
        raise SettingsError(
            f"a key needs {NAMES.get(alg, alg)}, which the OpenSSL of this machine does not offer"
        )
    return found


def sign(purpose: str, message: str, width: int, form: Form) -> str:
    """The tag of a message, by the key that signs now, with that key's algorithm."""
    algorithm = algorithm_of(keys.signing_alg())
    return form(algorithm(keys.signing_key(purpose), _labelled(purpose, message)), width)


def verify(purpose: str, message: str, tag: str, form: Form, alg: str | None = None) -> bool:
    """Whether some epoch's key made this tag, with its own algorithm (and the one the code names, if it names one).

    Every key is tried, whichever fits, so that time tells nothing.
    """
    good = False
    for own, each in keys.keys(purpose):
        fits = same(form(algorithm_of(own)(each, _labelled(purpose, message)), len(tag)), tag)
        good |= fits and alg in (None, own)
    return good


def _labelled(purpose: str, message: str) -> bytes:
    return f"{purpose}|{message}".encode("ascii")
