"""What guns, input methods and thumbs put around a code, taken off again. Pure: text in, the bare code out.

Only the listed habits are undone; anything else stays as it is and is refused by the strict byte patterns of the kinds.
"""

from __future__ import annotations

import re

from app.kernel.widths import WIDE

_CONTROLS = dict.fromkeys([*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F, 0xFEFF, 0x200B, 0x200E])
_SYMBOLOGY = re.compile(r"\][A-Za-z][0-9A-Za-z]")  # AIM: ]Q1 before a QR code, ]C0 before Code 128
_GROUPED = re.compile(r"[0-9][0-9 \-]*")
_FRAME = r"[!-/:-~]"  # ASCII that is no digit
_PERSONAL_OR_VOUCHER = r"8[0-9]{32}|9[0-9]{25}"
_FRAMED_DIGITS = re.compile(
    rf"{_FRAME}{{1,4}}({_PERSONAL_OR_VOUCHER}){_FRAME}{{0,4}}|({_PERSONAL_OR_VOUCHER}){_FRAME}{{1,4}}"
)
_FRAMED_LINK = re.compile(r"[^0-9A-Za-z/:]{1,4}(?=https?://)", re.IGNORECASE)


def bare(text: str) -> str:
    """The code without what a gun or a hand added: width, control characters, prefixes, groups, a second copy."""
    text = text.translate(WIDE).translate(_CONTROLS)
    lines = {line.strip() for line in re.split(r"[\r\n\t]+", text)} - {""}
    if len(lines) != 1:
        return text.strip()  # nothing, or two different codes in one breath: for the kinds to refuse
    (line,) = lines
    line = _SYMBOLOGY.sub("", line, count=1) if line.startswith("]") else line
    if _GROUPED.fullmatch(line):
        line = line.replace(" ", "").replace("-", "")
    elif framed := _FRAMED_DIGITS.fullmatch(line):
        line = framed[1] or framed[2]
    elif found := _FRAMED_LINK.match(line):
        line = line[found.end() :]
    return _single(line)


def _single(line: str) -> str:
    """One copy, where a gun that is set to double output sent two without a break."""
    half = len(line) // 2
    return line[:half] if half >= 17 and len(line) == 2 * half and line[:half] == line[half:] else line
