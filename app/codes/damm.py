"""The Damm check digit: finds every single wrong digit and every swap of neighbours."""

from __future__ import annotations

# H. M. Damm's totally anti-symmetric quasigroup of order 10.
_TABLE = (
    "0317598642",
    "7092154863",
    "4206871359",
    "1750983426",
    "6123045978",
    "3674209581",
    "5869720134",
    "8945362017",
    "9438617205",
    "2581436790",
)
_NEXT = tuple(tuple(map(int, row)) for row in _TABLE)


def check_digit(digits: str) -> str:
    """The digit that makes `digits` + it come out at zero."""
    return str(_run(digits))


def is_whole(digits: str) -> bool:
    """Whether the last digit is the check digit of those before it."""
    return _run(digits) == 0


def _run(digits: str) -> int:
    state = 0
    for digit in digits:
        state = _NEXT[state][ord(digit) - 48]
    return state
