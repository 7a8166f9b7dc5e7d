"""How often somebody may try. Counted in Redis when there is one, else in the database; losing Redis loses no limit.

Counting happens before the unit of work opens and commits by itself, so a refused request still counts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, cast
from weakref import WeakKeyDictionary

import redis
from flask import current_app
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import BigInteger, String, Table, bindparam, delete, func, select, true
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.dml import ReturningInsert

from app.kernel import clock
from app.kernel.db import Base, by_itself, dialect_name, session
from app.kernel.errors import RateLimited
from app.kernel.observing import log


class LimitWindow(Base):
    """How many tries one key has made in one window of time."""

    __tablename__ = "limit_windows"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    window: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    tries: Mapped[int]
    ends_at_s: Mapped[int] = mapped_column(BigInteger, index=True)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `tries` in each window of `per_s` seconds."""

    name: str
    tries: int
    per_s: int


PATIENCE_S = 0.1  # it answers in one thousandth; a whole group may wait for it


def connect(url: str) -> redis.Redis:
    """A Redis client that gives up at once: the database counts just as well, so nobody waits for Redis."""
    return redis.Redis.from_url(
        url,
        socket_timeout=PATIENCE_S,
        socket_connect_timeout=PATIENCE_S,
        retry=Retry(NoBackoff(), retries=0),
    )


Subject = tuple[str, ...]


def count(limit: Limit, *subject: str) -> None:
    """Count one try by `subject` (hashed: no phone number is stored). Raises RateLimited with `retry_after_s`."""
    if not count_all(limit, [subject])[0]:
        raise RateLimited(retry_after_s=limit.per_s - int(clock.now().timestamp()) % limit.per_s)


def count_all(limit: Limit, subjects: Sequence[Subject]) -> list[bool]:
    """Count a try by each of these, in this order; whether it is still within the limit."""
    window = int(clock.now().timestamp()) // limit.per_s
    keys = [hashlib.sha256("\x1f".join((limit.name, *subject)).encode()).hexdigest() for subject in subjects]
    counted = _count_in_redis(keys, window, limit)
    if counted is None:
        counted = _count_in_database(keys, window, limit)
    return [tries <= limit.tries for tries in counted]


def _count_in_redis(keys: Sequence[str], window: int, limit: Limit) -> list[int] | None:
    client: redis.Redis | None = current_app.extensions.get("redis")
    if client is None or _is_left_alone(client):
        return None
    try:
        pipe = client.pipeline()
        for key in keys:
            name = f"limit:{key}:{window}"
            pipe.incr(name)
            pipe.expire(name, limit.per_s + 5)
        counted = [int(each) for each in pipe.execute()[::2]]
    except redis.RedisError:
        _left_alone_until[client] = clock.now() + LEFT_ALONE_FOR
        log.warning("redis-away", using="database")
        return None
    _left_alone_until.pop(client, None)
    return counted


LEFT_ALONE_FOR = timedelta(seconds=5)
_left_alone_until: WeakKeyDictionary[redis.Redis, datetime] = WeakKeyDictionary()


def _is_left_alone(client: redis.Redis) -> bool:
    """Whether Redis failed a moment ago: waiting for it again and again would hold up everybody."""
    until, now = _left_alone_until.get(client), clock.now()
    if until is None:
        return False
    if timedelta(0) < until - now <= LEFT_ALONE_FOR:
        return True
    # This request looks whether it is back; meanwhile the others go on without.
    _left_alone_until[client] = now + LEFT_ALONE_FOR
    return False


def _count_in_database(keys: Sequence[str], window: int, limit: Limit) -> list[int]:
    ends_at_s = (window + 1) * limit.per_s
    tries = [{"key": key, "window": window, "tries": 1, "ends_at_s": ends_at_s} for key in keys]
    return [int(told) for (told,) in by_itself(_one_more(dialect_name()), tries)]


@cache
def _one_more(dialect: str) -> ReturningInsert[Any]:
    """The first try of a window, or one more."""
    table = cast(Table, LimitWindow.__table__)
    if dialect == "postgresql":
        # A counter need not outlive a power cut: nobody waits for the disk because of it.
        lazily = func.set_config("synchronous_commit", "off", true()) == "off"
        row = select(*(bindparam(each.name, type_=each.type) for each in table.c)).where(lazily)
        counted: Any = postgresql_insert(table).from_select(list(table.c), row)
    else:
        counted = sqlite_insert(table)
    again = {"tries": table.c.tries + 1}
    counted = counted.on_conflict_do_update(index_elements=["key", "window"], set_=again)
    return cast("ReturningInsert[Any]", counted.returning(table.c.tries))


def forget_past_windows(*, at: datetime) -> int:
    """Delete counters whose window is over; returns how many. Run inside a unit of work."""
    over = delete(LimitWindow).where(LimitWindow.ends_at_s < int(at.timestamp()))
    return int(session.execute(over).rowcount)  # type: ignore[attr-defined]
