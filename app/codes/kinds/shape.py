"""The one shape of a code kind: what it looks like, and how a matching text is turned into what was scanned."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Scanned:
    """What was scanned, its authenticity checked as far as that needs no database."""

    kind: ClassVar[str]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of code. `form` matches the whole canonical text: ASCII digits, or the upper-case path of a link.

    No text may match two forms; digits are told apart by the first digit and the length, links by the first path part.
    `parse` gets the match and the instant of reading; it raises CodeChecksum, CodeForged or CodeSkew.
    """

    name: str
    form: re.Pattern[bytes]
    parse: Callable[[dict[str, str], datetime], Scanned]

    def read(self, canonical: bytes, at: datetime) -> Scanned | None:
        """What was scanned; None if the text is of another kind."""
        match = self.form.fullmatch(canonical)
        if match is None:
            return None
        return self.parse({name: part.decode("ascii") for name, part in match.groupdict(b"").items()}, at)
