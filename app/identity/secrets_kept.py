"""Keyed digests of short secrets (codes, PINs, tokens), hashes of passwords, and the one secret that is read again.

What a phone's authenticator was taught has to be known to check its codes; it is kept sealed (Fernet: AES-CBC with
HMAC) under a key drawn from the installation's secret. Of all others the secrets themselves are not kept.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from cryptography.fernet import Fernet

from app.kernel import settings
from app.kernel.widths import narrow

_hasher = PasswordHasher()
# Checked when nobody has the name that was typed, so that the answer takes as long as for a real name.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$bnVsbG51bGxudWxsbnVsbG51bGxudWxsbnVsbG51bGw"


def digest(purpose: str, *parts: str) -> str:
    """HMAC-SHA256 under the installation's secret, hex."""
    message = "\x1f".join((purpose, *parts)).encode()
    return hmac.new(settings.current().secret_key.encode(), message, hashlib.sha256).hexdigest()


def matches(expected: str, given: str) -> bool:
    """Constant-time comparison."""
    return hmac.compare_digest(expected.encode(), given.encode())


def hash_password(password: str) -> str:
    """argon2id."""
    return _hasher.hash(password)


def check_password(stored: str | None, password: str) -> bool:
    """Whether the password fits; takes as long when there is none."""
    try:
        _hasher.verify(stored or _NOBODY, password)
    except (VerifyMismatchError, InvalidHashError):
        return False
    return stored is not None


def as_printed(typed: str) -> str:
    """What was typed of a code in Crockford's base 32: without the spaces and dashes that make it readable, and with
    letters as they are printed.
    """
    text = "".join(char for char in narrow(typed).upper() if char.isalnum())
    return text.translate(str.maketrans("OIL", "011"))


def sealed(purpose: str, secret: bytes) -> str:
    """The secret as text that only this installation can open, and only for this purpose."""
    return _box(purpose).encrypt(secret).decode()


def unsealed(purpose: str, text: str) -> bytes:
    """What was sealed. Raises cryptography's InvalidToken if the installation's secret is another one by now."""
    return _box(purpose).decrypt(text)


def _box(purpose: str) -> Fernet:
    return Fernet(urlsafe_b64encode(bytes.fromhex(digest("sealing", purpose))))
