"""What becomes of an award whose entry staff take back: it is void, once, and is never taken back a second time."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from app.kernel.db import session
from app.ledger import posting
from app.ledger.events import EntryReversed, ReversalAgreed, ReversalAsked
from app.ledger.reversals import is_reversed
from app.rules.errors import AwardGone, AwardMovedOn
from app.rules.kept import AnyAward
from app.rules.models import ACTIVE, VOID, Award
from app.rules.paying import source_of

GIVEN, SETTLED = "given", "settled"
STEPS = {"award-given": GIVEN, "award-settled": SETTLED}  # by the kind of their transaction


def on_reversal_asked(event: ReversalAsked | ReversalAgreed) -> None:
    """Say at once why an award cannot be taken back by this line. Raises AwardGone, AwardMovedOn.

    The award is held before its points are, as everybody does who moves both.
    """
    must_stand(event.kind, event.source, to_change=True)


def must_stand(kind: str, source: str, *, to_change: bool = False) -> None:
    """Raises AwardGone if its points went back already, AwardMovedOn if a later line is the one to take back."""
    if kind in STEPS:
        _must_stand(_award_of(source, to_change=to_change), STEPS[kind], source)


def on_entry_reversed(event: EntryReversed) -> None:
    """The award is void. Points that had waited for an outcome go on from there to the budget they came from."""
    if event.kind not in STEPS:
        return
    award, step = _award_of(event.source, to_change=True), STEPS[event.kind]
    _must_stand(award, step, event.source)
    if step == SETTLED:
        given = posting.booked(source_of(award, GIVEN))
        assert given is not None  # nothing is settled that was not given
        posting.reverse(
            transaction_id=given.id,
            source=f"reversal:{event.reversal_id}:{GIVEN}",
            words=given.words | {"slug": "rules.entry.reversed"},
            by=event.by,
            at=event.at,
        )
    award.state, award.void_at = VOID, event.at
    session.flush()


def was_reversed(award: AnyAward) -> bool:
    """Whether staff took back the entry that gave it."""
    return is_reversed(source_of(award, GIVEN))


def _award_of(source: str, *, to_change: bool = False) -> Award:
    """The award that a source of the ledger names (see `paying.source_of`)."""
    award_id = UUID(source.split(":")[1])
    chosen = select(Award).where(Award.id == award_id).execution_options(populate_existing=True)
    return session.scalars(chosen.with_for_update(of=Award) if to_change else chosen).one()


def _must_stand(award: Award, step: str, source: str) -> None:
    if award.state == VOID or source != source_of(award, step):
        raise AwardGone
    if step == GIVEN and award.state == ACTIVE and posting.booked(source_of(award, SETTLED)) is not None:
        raise AwardMovedOn
