"""Reports are about places and things: no telephone or identity number of anybody stands in their texts.

Digits are read as one number whatever signs stand between them. What is written like that and is nobody's number is set
aside first: dates, amounts from one to another, bus lines and house numbers in a row.
"""

from __future__ import annotations

import re
import unicodedata

from app.cases.errors import PersonalNumbers
from app.cases.kinds.shape import Kind

_UNSEEN = ("Cf", "Mn", "Me")  # of no width, or drawn over the character before
_BRACKETS = ("Ps", "Pe", "Pi", "Pf")
_DOTS = "·•‧∙⋅・。"
_SLASHES = "\\|⁄∕"

_GAP = r"[ \-(/._]*"
_PHONE = re.compile(rf"(?<!\d)(?:(?:00{_GAP})?8{_GAP}6{_GAP})?1{_GAP}[3-9](?:{_GAP}\d){{9}}(?!\d)")
_BORN = (  # the digits of a day of birth, one by one
    rf"(?:1{_GAP}9|2{_GAP}0)", r"\d", r"\d",
    rf"(?:0{_GAP}[1-9]|1{_GAP}[0-2])", rf"(?:0{_GAP}[1-9]|[12]{_GAP}\d|3{_GAP}[01])",
)  # fmt: skip
_IDENTITY = re.compile(
    r"(?<!\d)" + _GAP.join(["[1-9]", *[r"\d"] * 5, *_BORN, *[r"\d"] * 3, "[0-9Xx]"]) + r"(?![0-9A-Za-z])"
)

_MONTH, _DAY = "(?:0?[1-9]|1[0-2])", r"(?:0?[1-9]|[12]\d|3[01])"
_SUM, _LINE = r"(?:¥ ?)?[1-9]\d{0,5}(?:\.\d\d?)?", r"[1-9]\d{0,2}"
_FIRST = r"(?<![\d\-(/.])(?<!\d )"  # no number goes on here
_NOBODYS = re.compile(
    "|".join(
        (
            rf"(?<!\d)20\d\d ?(?P<sign>[\-/.]) ?{_MONTH} ?(?P=sign) ?{_DAY}(?!\d)",
            rf"{_FIRST}{_MONTH}[\-/.]{_DAY}(?: ?[ \-] ?{_MONTH}[\-/.]{_DAY})+(?!\d)",
            rf"{_FIRST}{_SUM} ?- ?{_SUM} ?(?:元|块|yuan|RMB)",
            rf"{_FIRST}¥ ?{_SUM} ?- ?{_SUM}(?![\d.])",
            rf"{_FIRST}{_LINE}(?: ?[/\- ] ?{_LINE})+ ?(?:路|线|号|栋|幢)",
            rf"(?:\bbus(?:es)?|\blines?|\broutes?|公交|线路) ?{_LINE}(?: ?[/\- ] ?{_LINE})+(?!\d)",
        )
    ),
    re.IGNORECASE,
)


def holds_personal_numbers(text: str) -> bool:
    """Whether a mobile number or an 18-digit identity number stands in the text, however it is spaced or drawn."""
    plain = "".join(_plain(each) for each in unicodedata.normalize("NFKC", text))
    plain = re.sub(" +", " ", plain)
    return bool(_IDENTITY.search(plain) or _PHONE.search(_NOBODYS.sub(",", plain)))


def _plain(character: str) -> str:
    """The same character, or what stands for all of its sort: a digit, a space, a dash, a bracket, a dot, a slash."""
    sort = unicodedata.category(character)
    if character.isspace():
        return " "
    if sort == "Nd":
        return str(unicodedata.decimal(character))
    if sort in _UNSEEN:
        return ""
    if sort in _BRACKETS:
        return "("
    if sort == "Pd" or character in "−ー":
        return "-"
    if character in _DOTS:
        return "."
    return "/" if character in _SLASHES else character


def must_be_about_things(kind: Kind, **texts: str | None) -> None:
    """Raises PersonalNumbers naming the first field that holds one, where the kind is one about places and things."""
    for field, text in texts.items():
        if kind.screened and text and holds_personal_numbers(text):
            raise PersonalNumbers(field)
