"""Figures as hands, input methods and address books write them."""

from __future__ import annotations

import pytest

from app.kernel.widths import narrow


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("１３８ ００１３\u3000８０００", "138 0013 8000"),
        ("（＋８６）138－0013－8000", "(+86)138-0013-8000"),
        ("\u202d138\u00a00013\u20098000\u202c\u200b", "138 0013 8000"),
        ("\t138 0013 8000\r\n", "138 0013 8000"),
        ("١٣٨", "١٣٨"),
    ],
)
def test_figures_are_read_however_they_were_typed(typed: str, meant: str) -> None:
    assert narrow(typed) == meant
