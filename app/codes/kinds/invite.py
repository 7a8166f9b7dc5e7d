"""A station's invitation: a link with a random token that identity owns; only its shape is known here.

HTTPS://<HOST>/I/<token, 16 Crockford = 80 bits>
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from app.codes.addresses import link
from app.codes.kinds.shape import Kind, Scanned


@dataclass(frozen=True, slots=True)
class InviteCode(Scanned):
    """An invitation; whether it is good is identity's to say, with the PIN."""

    kind: ClassVar[str] = "invite"
    token: str


def make(token: str) -> str:
    """The upper-case link of an invitation."""
    return link(f"/I/{token}")


def _parse(parts: dict[str, str], _at: datetime) -> InviteCode:
    return InviteCode(parts["token"])


KIND = Kind(name=InviteCode.kind, form=re.compile(rb"/I/(?P<token>[0-9A-HJKMNP-TV-Z]{16})"), parse=_parse)
