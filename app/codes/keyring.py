"""The key ring: epoch keys with ids and states in one private file, and the archive of public keys.

FENGXING_CODE_KEYS seeds the ring; from the first rotation on the file says what signs, what only verifies and what has
been revoked. Every worker looks at the file's stamp when it needs a key, so a rotation needs no restart anywhere.
Public keys are never taken out, or old certificates would die with the key that signed them.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from app.kernel import settings
from app.kernel.settings import Settings, SettingsError

FORMAT = 1
HMAC_SHA256, HMAC_SM3 = "1", "2"

SIGNING, VERIFYING, ANNOUNCED, REVOKED = "signing", "verifying", "announced", "revoked"


@dataclass(frozen=True, slots=True)
class EpochKey:
    """One master key. Without its secret (revoked) it is only remembered."""

    epoch: int
    alg: str = HMAC_SHA256
    secret: bytes | None = field(default=None, repr=False)
    made_at: datetime | None = None
    revoked_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """What verifies signatures of an epoch, for ever. From `revoked_at` on its signatures prove nothing alone."""

    epoch: int
    scheme: str
    key: str  # base64url
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ring:
    """All keys by epoch, and the epoch that signs."""

    keys: Mapping[int, EpochKey]
    signs: int
    public: tuple[PublicKey, ...] = ()

    def secret(self, epoch: int) -> bytes | None:
        """The master key of an epoch; None if there is none or it was revoked."""
        found = self.keys.get(epoch)
        return found.secret if found else None

    def usable(self) -> list[EpochKey]:
        """Every key that verifies, the oldest first."""
        return [each for _, each in sorted(self.keys.items()) if each.secret is not None]

    def state_of(self, epoch: int) -> str:
        """`signing`, `verifying`, `announced` (made, known, not yet signing) or `revoked`."""
        if self.keys[epoch].secret is None:
            return REVOKED
        return SIGNING if epoch == self.signs else VERIFYING if epoch < self.signs else ANNOUNCED


_read: tuple[object, Ring] | None = None  # the last ring and what it was read from
_rehearsed: ContextVar[Ring | None] = ContextVar("rehearsed", default=None)


def current() -> Ring:
    """The ring of this moment. One look at the file's stamp decides whether it has to be read again."""
    global _read
    if (rehearsed := _rehearsed.get()) is not None:
        return rehearsed
    known = settings.current()
    mark = (known.key_file, _stamp(known.key_file), known.code_keys)
    before = _read
    if before is not None and before[0] == mark:
        return before[1]
    ring = _load(known)
    _read = (mark, ring)
    return ring


@contextmanager
def rehearsing(ring: Ring) -> Iterator[None]:
    """Within the block this thread sees another ring; nothing is written."""
    token = _rehearsed.set(ring)
    try:
        yield
    finally:
        _rehearsed.reset(token)


@contextmanager
def changing(file: Path) -> Iterator[Ring]:
    """The ring, while nobody else on this machine changes it: of two keys of one id one would be lost, and it signs."""
    with file.with_name(f"{file.name}.lock").open("w") as beside:
        fcntl.flock(beside, fcntl.LOCK_EX)  # let go with the file
        yield current()


def save(ring: Ring, file: Path) -> None:
    """Put the whole file in its place at once, for this user's eyes only."""
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        json.dump(_as_json(ring), out, indent=1)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


def _load(known: Settings) -> Ring:
    seeds = {epoch: EpochKey(epoch, secret=secret) for epoch, secret in known.code_keys.items()}
    if not known.key_file.exists():
        return Ring(seeds, max(seeds))
    if not known.key_file.is_file():
        raise SettingsError(f"FENGXING_KEY_FILE: {known.key_file} is no file")
    if known.is_production and known.key_file.stat().st_mode & 0o077:
        raise SettingsError(f"{known.key_file} may be read by others: chmod 600 it")
    try:
        kept = _from_json(json.loads(known.key_file.read_text("utf-8")))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingsError(f"{known.key_file} is no key file: {error}") from None
    return replace(
        kept, keys=seeds | dict(kept.keys)
    )  # what the file says of an epoch outranks the environment


def _as_json(ring: Ring) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "signs": ring.signs,
        "keys": [
            {
                "id": each.epoch,
                "alg": each.alg,
                "secret": each.secret.hex() if each.secret else None,
                "made_at": _text(each.made_at),
                "revoked_at": _text(each.revoked_at),
                "reason": each.reason,
            }
            for _, each in sorted(ring.keys.items())
        ],
        "public": [
            {"id": each.epoch, "scheme": each.scheme, "key": each.key, "revoked_at": _text(each.revoked_at)}
            for each in ring.public
        ],
    }


def _from_json(data: dict[str, Any]) -> Ring:
    if data["format"] != FORMAT:
        raise ValueError(f"format {data['format']} is not known here")
    keys = {
        int(each["id"]): EpochKey(
            int(each["id"]), each["alg"], bytes.fromhex(each["secret"]) if each["secret"] else None,
            _instant(each["made_at"]), _instant(each["revoked_at"]), each["reason"],
        )
        for each in data["keys"]
    }  # fmt: skip
    public = tuple(
        PublicKey(int(each["id"]), each["scheme"], each["key"], _instant(each["revoked_at"]))
        for each in data["public"]
    )
    ring = Ring(keys, int(data["signs"]), public)
    if ring.secret(ring.signs) is None:
        raise ValueError(f"key {ring.signs} is to sign, but has no secret")
    return ring


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
