"""Why a code is not taken. All of these are kept: a refused scan leaves a trace that explains it later."""

from __future__ import annotations

from typing import TypeVar
from uuid import UUID

from app.kernel.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    TooLarge,
    UnsupportedMedia,
)

P = TypeVar("P", bound="Exception")


class CodeFormat(BadRequest):
    """What was read is none of our codes."""

    slug = "code-format"
    keep = True


class CodeOfGoods(BadRequest):
    """A bar code of goods (EAN, UPC)."""

    slug = "code-of-goods"
    keep = True


class CodeOfPayment(BadRequest):
    """A payment code of a wallet: 16 to 24 digits. The programme never takes money."""

    slug = "code-of-payment"
    keep = True


class CodeForeign(BadRequest):
    """The link points to somebody else's site: perhaps a sticker over our poster."""

    slug = "code-foreign"
    keep = True


class CodeChecksum(BadRequest):
    """A digit was read or typed wrongly."""

    slug = "code-checksum"
    keep = True


class CodeForged(Forbidden):
    """The MAC does not fit. Says the same words as CodeUnknown."""

    slug = "code-forged"
    keep = True


class CodeUnknown(NotFound):
    """No handle like this was ever given out."""

    slug = "code-unknown"
    keep = True


class CodeSkew(Conflict):
    """The code is genuine but too old, or made by a clock that runs wrong."""

    slug = "code-skew"
    keep = True


class ScreenOld(Conflict):
    """A genuine picture of the station's screen, but more than 90 seconds old."""

    slug = "screen-old"
    keep = True


class PosterEnded(Gone):
    """This poster has been replaced."""

    slug = "poster-ended"
    keep = True


class CodeReplay(Conflict):
    """The code has been used at another station."""

    slug = "code-replay"
    keep = True


class HandleRevoked(Gone):
    """The phone that made the code was signed out or reported lost."""

    slug = "handle-revoked"
    keep = True


class HandleExpired(Gone):
    """The phone has been without a connection for longer than a handle lives."""

    slug = "handle-expired"
    keep = True


class NotARider(Conflict):
    """Only enrolled riders have a code and can check in."""

    slug = "not-a-rider"
    keep = True


class OwnCode(Forbidden):
    """Nobody scans their own code: presence needs a second pair of eyes."""

    slug = "own-code"
    keep = True


class ScanSessionOver(Gone):
    """The two minutes after a scan have passed."""

    slug = "scan-session-over"


class KeyUnknown(NotFound):
    """No usable key has this id, or no algorithm of this machine this number."""

    slug = "key-unknown"


class KeyAnnounced(Conflict):
    """The next rotation takes the announced key into use, whose algorithm is another one."""

    slug = "key-announced"


class KeyInUse(Conflict):
    """The key that signs cannot be revoked before another one signs."""

    slug = "key-in-use"


class PhotoTooLarge(TooLarge):
    """More bytes or pixels than a photo of a code needs."""

    slug = "code-photo-too-large"


class PhotoUnreadable(UnsupportedMedia):
    """Not a JPEG, PNG or WebP that can be opened."""

    slug = "code-photo-unreadable"


class PhotoMissing(Invalid):
    """No file came with the form."""

    slug = "code-photo-missing"


def about(problem: P, person_id: UUID) -> P:
    """Remember whose code was refused, for that rider's own history. Never part of the facts that are shown.

    Only for codes whose MAC fitted: nobody can write refusals into somebody else's history.
    """
    problem.rider_id = person_id  # type: ignore[attr-defined]
    return problem


def rider_of(problem: Exception) -> UUID | None:
    """Whose code was refused, if that is certain."""
    return getattr(problem, "rider_id", None)
