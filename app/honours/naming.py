"""How a person on a roll is named: in full only with his consent in force now, masked otherwise, or not at all."""

from __future__ import annotations

from sqlalchemy import and_

from app.honours.models import FULL, UNLISTED, Candidate
from app.identity.models import Person
from app.identity.queries import masked_name

# Whether a person appears at all: not if he chose to stay unlisted or has closed his account.
MAY_BE_LISTED = and_(Candidate.consent != UNLISTED, Person.closed_at.is_(None))


def published_name(
    candidate: Candidate, someone: Person, *, agreed: bool, masked: bool = False
) -> tuple[str, bool]:
    """The name to publish, and whether it is the full one; `masked` masks it whatever was agreed (public notice).

    In full it takes both consents: to this roll, and (`agreed`) to publication in general, which can be taken back
    anywhere.
    """
    if not masked and agreed and someone.name and candidate.consent == FULL:
        return someone.name, True
    return masked_name(someone.name), False
