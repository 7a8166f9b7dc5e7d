"""The snapshot: everything a list follows from, and the list, as lines of text that can be checked anywhere.

Each line is JSON with sorted keys and no spaces, and ends with the check of all lines so far, so that a changed line is
found where it is. The first says what was looked for: criteria, period, the seal of the ledger, the digest of the
facts. Then a line for each person: his facts and, if he is eligible, the verdict. First the eligible in their order,
then the others by pseudonym. The digest of the whole text is its name.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest
from json.encoder import encode_basestring as quoted
from operator import attrgetter
from typing import Any

from app.honours import scoring
from app.honours.errors import SnapshotBroken
from app.honours.scoring import Facts, Scored

SNAPSHOT_FORMAT = 3
CHECK = "~"  # after every letter, so that the keys of a line stay sorted
CHECK_DIGITS = 16
PSEUDONYM_LENGTH = 20  # at most; ours have 13
# No text inside a line contains these: its quotes would be escaped.
VERDICT, _PSEUDONYM = ',"verdict":{', ',"pseudonym":"'
_TAIL = len(f',"{CHECK}":""}}\n') + CHECK_DIGITS
# Made once: json.dumps would make another one for each line.
canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def sha256(text: str) -> str:
    """The digest of a text's UTF-8 bytes, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def seal(head: Mapping[str, Any], facts: Iterable[Facts], scored: Sequence[Scored]) -> Iterator[str]:
    """The lines of a head (selection, period, criteria …), facts and what follows from them."""
    text_of, digest = _Texts(), hashlib.sha256()
    told = {each.pseudonym: text_of(each) for each in sorted(facts, key=attrgetter("pseudonym"))}
    for text in told.values():
        digest.update(f"{text}\n".encode())
    chosen = [each.score for each in scored if each.chosen]
    counted = {
        "people": len(told),
        "eligible": len(scored),
        "chosen": len(chosen),
        "cut_off": min(chosen, default=None),
    }
    digests = {
        "criteria_sha256": sha256(canonical(head["criteria"])),
        "facts_sha256": digest.hexdigest(),
    }
    check = Check()
    yield check.line(canonical({**head, **counted, **digests, "format": SNAPSHOT_FORMAT}))
    for verdict in scored:
        yield check.line(f"{told.pop(verdict.pseudonym)[:-1]}{VERDICT}{_verdict_text(verdict)}}}}}")
    for text in told.values():
        yield check.line(text)


class _Texts:
    """Facts as canonical JSON, put together by hand, which is several times faster for a million of them."""

    def __init__(self) -> None:
        self._keys: dict[str, str] = {}
        self._groups: dict[tuple[tuple[str, str], ...], str] = {}

    def __call__(self, each: Facts) -> str:
        keys, values = self._keys, each.values
        if not values.keys() <= keys.keys():
            keys.update({name: f"{quoted(name)}:" for name in values})
        counted = ",".join([f"{keys[name]}{values[name]}" for name in sorted(values)])
        return (
            f'{{"enrolled_on":"{each.enrolled_on.isoformat()}","groups":{self._groups_text(each.groups)},'
            f'"pseudonym":{quoted(each.pseudonym)},"values":{{{counted}}}}}'
        )

    def _groups_text(self, groups: Mapping[str, str]) -> str:
        which = tuple(groups.items())  # few, and shared by thousands
        text = self._groups.get(which)
        if text is None:
            text = self._groups[which] = canonical(groups)
        return text


def _verdict_text(each: Scored) -> str:
    parts, chosen = ",".join(map(str, each.parts)), "true" if each.chosen else "false"
    return f'"chosen":{chosen},"parts":[{parts}],"position":{each.position},"score":{each.score}'


class Check:
    """Carries the check from line to line."""

    def __init__(self) -> None:
        self._last = ""

    def line(self, text: str) -> str:
        """The JSON text of an object as a line with its check, which covers all lines before."""
        self._last = sha256(self._last + text)[:CHECK_DIGITS]
        return f'{text[:-1]},"{CHECK}":"{self._last}"}}\n'


@dataclass(frozen=True, slots=True)
class Person:
    """One line about a person: the facts and, if eligible, the verdict."""

    facts: Facts
    verdict: Scored | None


def pseudonym_in(line: str) -> str:
    """Whose line it is, without reading the rest."""
    return line.split(_PSEUDONYM, 1)[1].split('"', 1)[0]


def head_in(line: str) -> dict[str, Any]:
    """The content of the first line. Raises SnapshotBroken if it is of no snapshot that can be read here."""
    try:
        head: dict[str, Any] = json.loads(line)
        if head["format"] != SNAPSHOT_FORMAT:
            raise SnapshotBroken(line=1, where="format")
    except (ValueError, KeyError, TypeError) as error:
        raise SnapshotBroken(line=1, where="format") from error
    return head


def person_in(line: str) -> Person:
    """The content of any other line."""
    each = json.loads(line)
    facts = Facts(each["pseudonym"], date.fromisoformat(each["enrolled_on"]), each["values"], each["groups"])
    said = each.get("verdict")
    return Person(
        facts,
        said
        and Scored(facts.pseudonym, said["score"], said["position"], tuple(said["parts"]), said["chosen"]),
    )


def must_agree(lines: Sequence[str]) -> None:
    """Raises SnapshotBroken with the number of the first line that was touched, and what about it does not fit.

    The checks find where a line was changed, left out or put in. Whoever changed them too is found by computing the
    list again: the criteria make of the facts what the file says, byte for byte, or it is refused.
    """
    head = head_in(lines[0] if lines else "")
    check = Check()
    for number, line in enumerate(lines, start=1):
        if check.line(f"{line[:-_TAIL]}}}") != line:
            raise SnapshotBroken(line=number, where="check")
    try:
        if len(lines) - 1 != head["people"]:
            raise SnapshotBroken(line=min(len(lines), head["people"] + 1) + 1, where="lines")
        people = [_sound(person_in(line).facts) for line in lines[1:]]
        ordered = scoring.order(people, head["criteria"], date.fromisoformat(head["period"][1]))
        again = list(seal({key: head[key] for key in head if key != CHECK}, people, ordered))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise SnapshotBroken(line=_unreadable(lines), where="format") from error
    for number, (ours, theirs) in enumerate(zip_longest(again, lines), start=1):
        if ours != theirs:
            raise SnapshotBroken(line=number, where=_difference(ours, theirs))


def _unreadable(lines: Sequence[str]) -> int:
    """The first line that is none of ours; the first of all if it is the head that says something impossible."""
    for number, line in enumerate(lines[1:], start=2):
        try:
            _sound(person_in(line).facts)
        except (ValueError, KeyError, TypeError, AttributeError):
            return number
    return 1


def _sound(facts: Facts) -> Facts:
    """The facts themselves. Raises TypeError unless they are whole numbers and words, as ours always are."""
    if not all(type(value) is int for value in facts.values.values()):
        raise TypeError
    if not all(isinstance(group, str) for group in (facts.pseudonym, *facts.groups.values())):
        raise TypeError
    if len(facts.pseudonym) > PSEUDONYM_LENGTH:
        raise TypeError
    return facts


def _difference(ours: str | None, theirs: str | None) -> str:
    """The first part of a line that does not fit."""
    if ours is None or theirs is None:
        return "lines"
    mine, found = json.loads(ours), json.loads(theirs)
    keys = (key for key in sorted(mine.keys() | found.keys()) if mine.get(key) != found.get(key))
    return next(keys, "text")


def list_lines(pieces: Iterable[bytes]) -> list[str]:
    """The lines of a file, each with its end. Raises SnapshotBroken at bytes that are no text."""
    lines: list[str] = []
    for piece in pieces:
        try:
            lines.append(piece.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise SnapshotBroken(line=len(lines) + 1, where="text") from error
    return lines
