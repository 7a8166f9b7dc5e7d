"""What a hand, an input method or a clipboard put into figures, taken off again. Other scripts' digits stay."""

from __future__ import annotations

import unicodedata

# An input method in full-width mode types U+FF01..U+FF5E for ASCII, and U+3000 for a space.
WIDE = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}


def narrow(text: str) -> str:
    """Figures as ASCII, with plain spaces and without the invisible marks that address books put around a number."""
    return "".join(
        " " if char.isspace() else char for char in text.translate(WIDE) if unicodedata.category(char) != "Cf"
    ).strip()
