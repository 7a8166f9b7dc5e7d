"""The same request counts once. The key's row and the outcome are stored in the transaction that did the work.

Same owner + key + same body → the stored answer again. Another body → refused. A request that failed left no row
(it was rolled back with the rest), so it may simply be sent again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import String, Table, Text, UniqueConstraint, bindparam, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, IdMixin, UtcDateTime, insert_all_if_absent, insert_if_absent, session
from app.kernel.errors import BadRequest, Conflict, Invalid
from app.kernel.ids import new_id
from app.kernel.unanswered import put

MAX_KEY_LENGTH = 255
KEPT_FOR = timedelta(days=30)  # a phone may bring its outbox after two weeks without a network
KEY_PATTERN = r"^[!-~]+$"  # visible ASCII, which every HTTP library sends as it is


class IdempotencyKeyMissing(BadRequest):
    """This request moves points or stock and must carry an Idempotency-Key."""

    slug = "idempotency-key-missing"


class IdempotencyKeyReused(Invalid):
    """The key was used before for a different request."""

    slug = "idempotency-key-reused"


class StillRunning(Conflict):
    """The first request with this key has not finished."""

    slug = "still-running"
    retryable = True


class IdempotencyRecord(IdMixin, Base):
    """A key somebody used, what for, and what came of it."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (UniqueConstraint("owner", "key", name="owner_key"),)

    owner: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(MAX_KEY_LENGTH))
    fingerprint: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None]
    body: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


_KEYS = cast(Table, IdempotencyRecord.__table__)
_FINISH = update(_KEYS).where(_KEYS.c.owner == bindparam("of_owner"), _KEYS.c.key == bindparam("of_key"))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a request was answered."""

    status: int
    body: str


@dataclass(frozen=True, slots=True)
class Kept:
    """Whose key, what for, and what came of it."""

    owner: str
    key: str
    request: str  # its fingerprint
    status: int
    body: str


def fingerprint(*parts: bytes) -> str:
    """A digest of what makes two requests the same; parts are length-prefixed so that they cannot run together."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


def is_key(text: str) -> bool:
    """Whether this may be somebody's key."""
    return len(text) <= MAX_KEY_LENGTH and re.fullmatch(KEY_PATTERN, text) is not None


def begin(*, owner: str, key: str, request: str, at: datetime) -> Outcome | None:
    """Claim a key. None: go ahead. An Outcome: this was done before, answer the same.

    The unique constraint settles two requests that arrive together: the second waits for the first.
    """
    if not is_key(key):
        raise IdempotencyKeyMissing
    values = {"id": new_id(), "owner": owner, "key": key, "fingerprint": request, "created_at": at}
    if insert_if_absent(IdempotencyRecord, values):
        return None
    record = session.scalar(select(IdempotencyRecord).filter_by(owner=owner, key=key))
    if record is None or record.status is None:
        raise StillRunning
    if record.fingerprint != request:
        raise IdempotencyKeyReused
    return Outcome(record.status, record.body or "")


def finish(*, owner: str, key: str, status: int, body: str) -> None:
    """Store the outcome beside the work."""
    put(_FINISH, {"of_owner": owner, "of_key": key, "status": status, "body": body})


def keep_all(outcomes: Sequence[Kept], *, at: datetime) -> bool:
    """Claim keys of requests that were done together, and store what came of each. False: one of them was taken.

    They come last, where `begin` comes first: then nothing of the unit of work may stay.
    """
    rows = [
        {
            "id": new_id(),
            "owner": each.owner,
            "key": each.key,
            "fingerprint": each.request,
            "status": each.status,
            "body": each.body,
            "created_at": at,
        }
        for each in outcomes
    ]
    return len(insert_all_if_absent(IdempotencyRecord, rows)) == len(rows)


def forget_of(owner: str) -> None:
    """Forget what somebody who leaves was answered: it holds what they said and who they were."""
    answered = _KEYS.c.owner == owner, _KEYS.c.status.is_not(None)
    session.execute(delete(_KEYS).where(*answered))


def forget_old(*, at: datetime, limit: int = 5000) -> int:
    """Delete keys older than a month, some at a time; returns how many. What they guarded stays done."""
    old = select(IdempotencyRecord.id).where(IdempotencyRecord.created_at < at - KEPT_FOR).limit(limit)
    gone = session.execute(delete(IdempotencyRecord).where(IdempotencyRecord.id.in_(old)))
    return int(gone.rowcount)  # type: ignore[attr-defined]
