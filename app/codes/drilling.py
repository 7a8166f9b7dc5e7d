"""The compromise drill: what happens if the signing key is stolen, played through with the real code and a copied ring.

Nothing is written. Each step says what was expected and whether it came true, so that a green drill is evidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from app.codes import keyring, keys, reading, rotating, signatures, steps
from app.codes.kinds import certificate, personal, station, voucher
from app.codes.kinds.personal import PersonalCode
from app.codes.models import PersonalHandle
from app.kernel.clock import city_day
from app.kernel.db import session
from app.kernel.errors import Problem

HANDLE, SERIAL, SHORT = "0000000000", "0000000000000", "000000"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the drill and whether it came out as it must."""

    words: str
    good: bool


@dataclass(frozen=True, slots=True)
class Drill:
    """The steps, and what a real compromise of this key would cost."""

    epoch: int
    steps: list[Step]
    phones: int

    @property
    def good(self) -> bool:
        return all(each.good for each in self.steps)


def rehearse_compromise(*, at: datetime) -> Drill:
    """Steal the signing key, rotate, revoke it, and look at what counts afterwards."""
    ring = keyring.current()
    stolen = ring.signs
    with keyring.rehearsing(ring):
        loot = _all_kinds(at)
        done = [
            Step("before: codes made with the key count, whoever made them", _count(loot, at) == len(loot))
        ]
    fresh, new = rotating.rotated(ring, alg=None, announce_only=False, at=at)
    with keyring.rehearsing(fresh):
        done.append(Step(f"rotated: key {new.epoch} signs", keys.signing_epoch() == new.epoch))
        done.append(Step("rotated: what the old key made still counts", _count(loot, at) == len(loot)))
        ours = _all_kinds(at)
    after = rotating.revoked(fresh, epoch=stolen, reason="drill", at=at)
    with keyring.rehearsing(after):
        counted = _count({name: text for name, text in loot.items() if name != "certificate"}, at)
        done.append(Step(f"revoked: nothing that key {stolen} made counts any more", counted == 0))
        done.append(Step("revoked: what the new key made counts", _count(ours, at) == len(ours)))
        done.append(
            Step("revoked: its certificates still verify, and are marked", _marked(loot["certificate"], at))
        )
        done.append(
            Step("revoked: its public key stays in the archive", signatures.public_key(stolen) is not None)
        )
    return Drill(stolen, done, _phones_of(stolen))


def _all_kinds(at: datetime) -> dict[str, str]:
    epoch, step = keys.signing_epoch(), steps.step_at(at)
    phone = keys.key(epoch, f"personal|{HANDLE}|drill")
    assert phone is not None
    signed = certificate.make_signed(certificate_id=0, issued_on=city_day(at), name="drill", kind=0)
    return {
        f"personal|{epoch}": personal.make(key=phone, handle=HANDLE, step=step),
        "voucher": voucher.make(SERIAL),
        "station": station.make(SHORT),
        "certificate": signed,
    }


def _count(codes: dict[str, str], at: datetime) -> int:
    return sum(_is_good(name, text, at) for name, text in codes.items())


def _is_good(name: str, text: str, at: datetime) -> bool:
    try:
        read = reading.read(text, at=at)
    except Problem:
        return False
    if not isinstance(read, PersonalCode):
        return True
    key = keys.key(int(name.partition("|")[2]), f"personal|{HANDLE}|drill")
    return key is not None and read.is_made_by(key, read.alg, steps.step_at(at))


def _marked(text: str, at: datetime) -> bool:
    found = reading.read(text, at=at)
    return isinstance(found, certificate.SignedCertificate) and found.key_revoked_at == at


def _phones_of(epoch: int) -> int:
    alive = select(func.count()).where(PersonalHandle.epoch == epoch, PersonalHandle.revoked_at.is_(None))
    return session.scalar(alive) or 0
