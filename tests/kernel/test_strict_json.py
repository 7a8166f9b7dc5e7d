"""JSON as RFC 8259 means it, and nothing that other readers would understand in another way."""

from __future__ import annotations

import pytest

from app.kernel.strict_json import MAX_DEPTH, JsonUnreadable, loads


def nested(depth: int) -> bytes:
    return b"[" * depth + b"0" + b"]" * depth


@pytest.mark.parametrize(
    "data",
    [
        b'{"points": NaN}',
        b'{"points": -Infinity}',
        b'{"points": 1e400}',
        b'{"points": 1, "points": 2}',
        b'{"name": "\\u0000"}',
        b'{"name": "\\ud800"}',
        b'{"\\udfff": 1}',
        b'{"name": "\xff"}',
        b"{'points': 1}",
        b"",
        nested(MAX_DEPTH + 1),
        b'{"a":' * (MAX_DEPTH + 1) + b"0" + b"}" * (MAX_DEPTH + 1),
        b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
        b'{"a":' * MAX_DEPTH + b"{}" + b"}" * MAX_DEPTH,
        nested(100_000),
    ],
    ids=lambda data: repr(data[:20]),
)
def test_it_refuses_what_others_would_read_differently(data: bytes):
    with pytest.raises(JsonUnreadable):
        loads(data)


def test_it_reads_the_rest():
    assert loads('{"点": [1, -2.5, true, null, "\\ud83d\\ude00"]}'.encode()) == {
        "点": [1, -2.5, True, None, "😀"]
    }
    assert loads(nested(MAX_DEPTH)) is not None
