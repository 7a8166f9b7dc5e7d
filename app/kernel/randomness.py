"""The only source of chance. Cryptographic by default; a seeded one for tests, demo data and the simulator."""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol, TypeVar

T = TypeVar("T")


class Source(Protocol):
    """What chance is asked for: `n` random bytes."""

    def token_bytes(self, n: int) -> bytes: ...


class _Secure:
    def token_bytes(self, n: int) -> bytes:
        return secrets.token_bytes(n)


class Seeded:
    """A repeatable source. Never used where a secret must be unguessable outside tests and demo data."""

    def __init__(self, seed: int | str) -> None:
        self._random = random.Random(seed)  # noqa: S311 -- repeatable on purpose

    def token_bytes(self, n: int) -> bytes:
        return self._random.randbytes(n)


_source: Source = _Secure()


@contextmanager
def use(source: Source) -> Iterator[None]:
    """Replace the source of the whole process for as long as the block lasts."""
    global _source
    before, _source = _source, source
    try:
        yield
    finally:
        _source = before


def token_bytes(n: int) -> bytes:
    """`n` random bytes."""
    return _source.token_bytes(n)


def below(limit: int) -> int:
    """A uniform integer in [0, limit)."""
    if limit < 1:
        raise ValueError("limit must be positive")
    size = (limit.bit_length() + 7) // 8 + 8  # 64 spare bits make the modulo bias negligible
    return int.from_bytes(_source.token_bytes(size), "big") % limit


def digits(n: int) -> str:
    """`n` random decimal digits, leading zeros kept."""
    return str(below(10**n)).zfill(n)


CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def crockford(n: int) -> str:
    """`n` random characters of Crockford's base 32 (no I, L, O, U)."""
    return "".join(CROCKFORD[byte & 31] for byte in _source.token_bytes(n))


def pick(options: Sequence[T]) -> T:
    """One of `options`, each with the same chance."""
    return options[below(len(options))]
