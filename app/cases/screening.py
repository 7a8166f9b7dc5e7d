"""Reports are about places and things: no telephone or identity number of anybody stands in their texts."""

from __future__ import annotations

import re
import unicodedata

from app.cases.errors import PersonalNumbers

_GAP = r"[ \-.·_]?"
_PHONE = re.compile(rf"(?<!\d)(?:\+?86{_GAP})?1[3-9](?:{_GAP}\d){{9}}(?!\d)")
_IDENTITY = re.compile(rf"(?<!\d)[1-9](?:{_GAP}\d){{16}}{_GAP}[\dXx](?![\dA-Za-z])")


def holds_personal_numbers(text: str) -> bool:
    """Whether a mobile number or an 18-digit identity number stands in the text, also spaced or in full width."""
    plain = unicodedata.normalize("NFKC", text)
    return bool(_PHONE.search(plain) or _IDENTITY.search(plain))


def must_be_about_things(**texts: str | None) -> None:
    """Raises PersonalNumbers naming the first field that holds one."""
    for field, text in texts.items():
        if text and holds_personal_numbers(text):
            raise PersonalNumbers(field)
