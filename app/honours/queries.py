"""Looking up selections, candidates, the public list and a person's own honours."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select

from app.honours.errors import CandidateNotFound, HonourNotFound, SelectionNotFound
from app.honours.models import (
    DRAFT,
    FINAL,
    FROZEN,
    IN,
    NOTICE,
    Candidate,
    CriteriaVersion,
    Honour,
    Meeting,
    Recusal,
    Selection,
)
from app.honours.naming import MAY_BE_LISTED, published_name
from app.honours.waiting import waiting_of
from app.identity.actors import Actor
from app.identity.consent import agreeing_to
from app.identity.models import Person
from app.kernel import paging
from app.kernel.db import session
from app.kernel.paging import Page
from app.kernel.suppressing import FEWEST
from app.places.models import Region
from app.places.queries import inside, region_path

LISTED = 100  # of the order, on a page of the desk
READ_AT_ONCE = 1000  # of a roll: so many are in memory while a long one is written


@dataclass(frozen=True, slots=True)
class OnRoll:
    """Somebody on a roll, named as he agreed to."""

    candidate: Candidate
    name: str
    in_full: bool
    honour: Honour | None
    person: Person
    agreed: bool


@dataclass(frozen=True, slots=True)
class Roll:
    """A public list in an order that says nothing: by pseudonym."""

    selection: Selection
    listed: Sequence[OnRoll]
    unlisted: int

    @property
    def unlisted_told(self) -> int | None:
        """How many wish not to be on it, for everybody's eyes: not told of fewer than ten."""
        return None if 0 < self.unlisted < FEWEST else self.unlisted


@dataclass(frozen=True, slots=True)
class Order:
    """The candidates on a roll, to be read a piece at a time; and how many wish not to be on it."""

    candidate_ids: Sequence[UUID]
    unlisted: int

    def pieces(self) -> Iterator[Sequence[UUID]]:
        """All of them, in order."""
        for first in range(0, len(self.candidate_ids), READ_AT_ONCE):
            yield self.candidate_ids[first : first + READ_AT_ONCE]


def selection(selection_id: UUID) -> Selection:
    """The selection with this id. Raises SelectionNotFound."""
    found = session.get(Selection, selection_id)
    if found is None:
        raise SelectionNotFound
    return found


def selection_to_change(selection_id: UUID) -> Selection:
    """The same, locked until the unit of work ends."""
    chosen_ = select(Selection).where(Selection.id == selection_id)
    found = session.scalar(chosen_.with_for_update().execution_options(populate_existing=True))
    if found is None:
        raise SelectionNotFound
    return found


def hold_those_that_look_at(days: Iterable[date]) -> None:
    """Lock every selection of a period with one of these: none is sealed, decided or made final meanwhile."""
    within = [
        and_(Selection.period_start_on <= day, Selection.period_end_on >= day) for day in sorted(set(days))
    ]
    looking = select(Selection.id).where(or_(false(), *within))
    session.execute(looking.order_by(Selection.id).with_for_update(key_share=True)).all()


def selection_for(selection_id: UUID, by: Actor) -> Selection:
    """A selection for its desk: whoever runs, reviews or exports it there."""
    found = selection(selection_id)
    path = region_path(found.region_code)
    if not any(
        by.can(each, region_path=path) for each in ("selection.run", "selection.review", "honours.export")
    ):
        raise SelectionNotFound
    return found


def selections_of(by: Actor, cursor: str | None = None, limit: int = paging.DEFAULT_LIMIT) -> Page[Selection]:
    """The selections somebody runs or reviews, newest first."""
    paths = {*by.scopes("selection.run").region_paths, *by.scopes("selection.review").region_paths}
    held = select(Selection).join(Region, Region.code == Selection.region_code)
    held = held.where(inside(Region.path, paths))
    return paging.page(held, Selection.id, cursor, limit)


def criteria_of(found: Selection) -> dict[str, Any]:
    """The criteria as data."""
    criteria: dict[str, Any] = json.loads(found.criteria_version.wording)
    return criteria


def candidate(selection_id: UUID, candidate_id: UUID) -> Candidate:
    """One candidate of a selection, locked. Raises CandidateNotFound."""
    return _one_to_change(Candidate.selection_id == selection_id, Candidate.id == candidate_id)


def candidacy_of_to_change(selection_id: UUID, person_id: UUID) -> Candidate:
    """A person's own candidacy, locked. Raises CandidateNotFound."""
    return _one_to_change(Candidate.selection_id == selection_id, Candidate.person_id == person_id)


def _one_to_change(*which: Any) -> Candidate:
    chosen_ = select(Candidate).where(*which)
    found = session.scalar(chosen_.with_for_update().execution_options(populate_existing=True))
    if found is None:
        raise CandidateNotFound
    return found


def candidates(selection_id: UUID, by: Actor, *, after: int = 0, limit: int = LISTED) -> Sequence[Candidate]:
    """The desk's list in the order of the criteria: the only place where an order is shown, and to nobody his own."""
    found = selection_for(selection_id, by)
    # Who was called up is somebody in particular: not before names are known.
    shown = (Candidate.called_up_at.is_(None),) if found.named_at is None else ()
    return session.scalars(
        select(Candidate)
        .where(Candidate.selection_id == found.id, Candidate.position > after, *shown, *seen_by(by))
        .order_by(Candidate.position)
        .limit(limit)
    ).all()


def chosen(selection_id: UUID) -> Sequence[Candidate]:
    """Everybody who is in, in the neutral order of their pseudonyms."""
    return session.scalars(
        select(Candidate)
        .where(Candidate.selection_id == selection_id, Candidate.decision == IN)
        .order_by(Candidate.pseudonym)
    ).all()


def count_chosen(selection_id: UUID) -> int:
    """How many are in."""
    counted = select(func.count()).where(Candidate.selection_id == selection_id, Candidate.decision == IN)
    return session.scalar(counted) or 0


def roll(found: Selection, *, masked: bool = False) -> Roll:
    """Everybody who is in and may be listed, named by the consent in force; once final, only who was honoured.

    Whoever waits for an answer about himself is named in full nowhere until there is one.
    """
    order = roll_order(found)
    pieces = (on_roll(found, some, masked=masked) for some in order.pieces())
    return Roll(found, list(chain.from_iterable(pieces)), order.unlisted)


def roll_order(found: Selection) -> Order:
    """Who stands on a roll, in an order that says nothing; without what makes a long one large."""
    rows = session.execute(_standing(found, Candidate.id, Candidate.pseudonym, MAY_BE_LISTED)).all()
    # In Python: databases sort letters by their locale.
    listed = sorted((pseudonym, candidate_id) for candidate_id, pseudonym, may in rows if may)
    return Order([candidate_id for _, candidate_id in listed], len(rows) - len(listed))


def on_roll(found: Selection, candidate_ids: Sequence[UUID], *, masked: bool = False) -> Sequence[OnRoll]:
    """Those of these candidates who still may be listed, in the same order, as the roll names them now."""
    agreed = Person.id.in_(agreeing_to("publication"))
    statement = _standing(found, Candidate, Person, Honour, agreed).where(
        Candidate.id.in_(candidate_ids), MAY_BE_LISTED
    )
    rows = session.execute(statement).all()
    waits = waiting_of([each.id for each, *_ in rows])
    listed = [
        OnRoll(
            each,
            *published_name(each, someone, agreed=yes, masked=masked or each.id in waits),
            honour,
            someone,
            yes,
        )
        for each, someone, honour, yes in rows
    ]
    return sorted(listed, key=lambda each: each.candidate.pseudonym)


def _standing(found: Selection, *what: Any) -> Select[Any]:
    """What is wanted of everybody who is in, whether he may be listed or not; once final, of who was honoured."""
    statement = (
        select(*what)
        .select_from(Candidate)
        .join(Person, Person.id == Candidate.person_id)
        .outerjoin(Honour, Honour.candidate_id == Candidate.id)
        .where(Candidate.selection_id == found.id, Candidate.decision == IN, Honour.revoked_at.is_(None))
    )
    return statement.where(Honour.id.is_not(None)) if found.state == FINAL else statement


def public_roll(selection_id: UUID) -> Roll:
    """What everybody may see: masked during the notice, as agreed once final. Raises SelectionNotFound before."""
    found = _public(selection_id)
    return roll(found, masked=found.state == NOTICE)


def public_one(selection_id: UUID, pseudonym: str) -> OnRoll | None:
    """One of those, None if nobody on it is called so."""
    found = _public(selection_id)
    called = select(Candidate.id).where(Candidate.selection_id == found.id, Candidate.pseudonym == pseudonym)
    listed = on_roll(found, session.scalars(called).all(), masked=found.state == NOTICE)
    return next(iter(listed), None)


def _public(selection_id: UUID) -> Selection:
    found = selection(selection_id)
    if found.state not in (NOTICE, FINAL):
        raise SelectionNotFound
    return found


def public_selections(cursor: str | None = None, limit: int = paging.DEFAULT_LIMIT) -> Page[Selection]:
    """Selections under notice or final, newest first."""
    return paging.page(
        select(Selection).where(Selection.state.in_((NOTICE, FINAL))), Selection.id, cursor, limit
    )


def open_to_nominations() -> Sequence[Selection]:
    """Selections whose criteria a second person agreed to and whose reviewers know no names yet, newest first."""
    return session.scalars(
        select(Selection)
        .join(CriteriaVersion, CriteriaVersion.id == Selection.criteria_version_id)
        .where(
            Selection.state.in_((DRAFT, FROZEN)),
            CriteriaVersion.approved_at.is_not(None),
            Selection.named_at.is_(None),
        )
        .order_by(Selection.id.desc())
        .limit(20)
    ).all()


def honour(honour_id: UUID) -> Honour:
    """The honour with this id. Whoever changes it holds its selection. Raises HonourNotFound."""
    found = session.get(Honour, honour_id)
    if found is None:
        raise HonourNotFound
    return found


def candidate_of(honour: Honour) -> Candidate:
    """The candidate who received an honour."""
    return session.get_one(Candidate, honour.candidate_id)


def honour_of(candidate_id: UUID) -> Honour | None:
    """The honour a candidate received, taken back or not."""
    return session.scalar(select(Honour).where(Honour.candidate_id == candidate_id))


def certified(token: str) -> tuple[OnRoll | None, Honour, Selection]:
    """What a verification code stands for: how the person is listed (None: not at all), the honour, the selection."""
    honour = session.scalar(select(Honour).where(Honour.token == token))
    if honour is None:
        raise HonourNotFound
    found = selection(honour.selection_id)
    if honour.revoked_at is not None:
        return None, honour, found
    return next(iter(on_roll(found, [honour.candidate_id])), None), honour, found


def meetings_of(selection_id: UUID) -> Sequence[Meeting]:
    """The meetings about a selection, the last one first: that one counts."""
    return session.scalars(
        select(Meeting).where(Meeting.selection_id == selection_id).order_by(Meeting.id.desc())
    ).all()


def honoured_in(selection_id: UUID) -> set[UUID]:
    """The candidates of a selection who received the honour, taken back or not."""
    return set(session.scalars(select(Honour.candidate_id).where(Honour.selection_id == selection_id)))


def recused_from(reviewer_id: UUID) -> set[UUID]:
    """The candidates a reviewer decides nothing about."""
    return set(session.scalars(select(Recusal.candidate_id).where(Recusal.reviewer_id == reviewer_id)))


def seen_by(by: Actor) -> tuple[ColumnElement[bool], ...]:
    """Which candidates somebody sees at a desk: neither himself nor any he stepped aside for."""
    aside = select(Recusal.candidate_id).where(Recusal.reviewer_id == by.person_id)
    return () if by.person_id is None else (Candidate.person_id != by.person_id, Candidate.id.not_in(aside))


def my_honours(person_id: UUID) -> list[tuple[Honour, Selection]]:
    """A person's own honours, newest first."""
    held = (
        select(Honour, Selection)
        .join(Selection, Selection.id == Honour.selection_id)
        .where(Honour.person_id == person_id, Honour.revoked_at.is_(None))
        .order_by(Honour.id.desc())
    )
    return [(honour, about) for honour, about in session.execute(held)]


def asked_of(person_id: UUID) -> list[tuple[Candidate, Selection]]:
    """The selections a person was chosen in, with what he answered about his name."""
    chosen_in = (
        select(Candidate, Selection)
        .join(Selection, Selection.id == Candidate.selection_id)
        .where(
            Candidate.person_id == person_id,
            Candidate.decision == IN,
            Selection.state.in_(("reviewed", NOTICE, FINAL)),
        )
        .order_by(Candidate.id.desc())
    )
    return [(mine, about) for mine, about in session.execute(chosen_in)]
