"""Changing keys: a new one that signs, one that is only announced, one that is revoked."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from app.codes import keyring, signatures
from app.codes.errors import KeyAnnounced, KeyInUse, KeyUnknown
from app.codes.keyring import EpochKey, Ring
from app.codes.macs import ALGORITHMS, NAMES
from app.kernel import randomness, settings

SECRET_BYTES = 32


def rotate_keys(*, alg: str | None = None, announce_only: bool = False, at: datetime) -> EpochKey:
    """Sign with a new key from now on; all others go on verifying.

    `announce_only` makes the key known without signing yet: where several machines share a copied file, they all have
    to know a key before the first of them signs with it. The next rotation then takes the announced key into use.
    """
    file = settings.current().key_file
    with keyring.changing(file) as now:
        ring, new = rotated(now, alg=alg, announce_only=announce_only, at=at)
        keyring.save(ring, file)
    return new


def revoke_key(*, epoch: int, reason: str, at: datetime) -> EpochKey:
    """End a key: nothing it signed counts any more. Its secret is destroyed, its id and public key are remembered."""
    file = settings.current().key_file
    with keyring.changing(file) as now:
        ring = revoked(now, epoch=epoch, reason=reason, at=at)
        keyring.save(ring, file)
    return ring.keys[epoch]


def rotated(ring: Ring, *, alg: str | None, announce_only: bool, at: datetime) -> tuple[Ring, EpochKey]:
    """The ring after a rotation, and the key that is new in it or newly signs."""
    waiting = [each for each in ring.usable() if each.epoch > ring.signs]
    if waiting and not announce_only:
        new, kept = waiting[0], ring
        if alg not in (None, new.alg):
            raise KeyAnnounced(id=new.epoch, alg=NAMES[new.alg])
    else:
        new = EpochKey(
            max({*ring.keys, *(each.epoch for each in ring.public)}) + 1,
            alg or ring.keys[ring.signs].alg,
            randomness.token_bytes(SECRET_BYTES),
            made_at=at,
        )
        if new.alg not in ALGORITHMS:
            raise KeyUnknown(id=new.alg)
        kept = replace(ring, keys={**ring.keys, new.epoch: new})
    return _archived(kept if announce_only else replace(kept, signs=new.epoch)), new


def revoked(ring: Ring, *, epoch: int, reason: str, at: datetime) -> Ring:
    """The ring after a revocation. Raises KeyUnknown, or KeyInUse for the key that signs."""
    found = ring.keys.get(epoch)
    if found is None or found.secret is None:
        raise KeyUnknown(id=epoch)
    if epoch == ring.signs:
        raise KeyInUse(id=epoch)
    ended = replace(found, secret=None, revoked_at=at, reason=reason)
    public = tuple(
        replace(each, revoked_at=at) if each.epoch == epoch else each for each in signatures.archive(ring)
    )
    return _archived(replace(ring, keys={**ring.keys, epoch: ended}, public=public))


def _archived(ring: Ring) -> Ring:
    return replace(ring, public=tuple(signatures.archive(ring)))
