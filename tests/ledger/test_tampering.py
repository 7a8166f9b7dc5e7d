"""Whatever one changes in the book behind its back, the proof finds it; sealed rows it names exactly."""

from __future__ import annotations

import os
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from app.kernel import clock as clocks
from app.kernel.db import session, transaction
from app.ledger import correcting, expiring, holds, posting, reversing, sealing
from app.ledger.accounts import settlement_of, wallet_of
from app.ledger.models import Entry, LedgerTransaction, Seal, SealedRow
from app.ledger.verify import verify
from tests import make as build
from tests.ledger import make
from tests.ledger.tampering import edits, unguarded

EDITS = int(os.environ.get("FENGXING_TEST_EDITS", "60"))  # `make soak` asks for a thousand


@pytest.fixture
def book(app, clock):
    """A book with everything in it, sealed."""
    with transaction():
        build.regions()
        admin = build.actor(build.staff("admin", region_code=build.CITY))
        rider = build.rider()
        make.give_until(rider.id, 40, date(2026, 11, 30))
        first = make.give_until(rider.id, 60, None)
        late = make.held(rider.id, 5, expires_at=clock() + timedelta(days=30)).id
        holds.capture(
            make.held(rider.id, 30).id, to_account_id=settlement_of(make.new_id()).id, source="scan", points=20,
            by=make.SYSTEM, at=clocks.now(),
        )  # fmt: skip
        back = posting.returning(wallet_of(rider.id).id, 5, source="scan")
        make.give(rider.id, 5, legs=[posting.Leg(settlement_of(make.new_id()).id, -5), back])
        posting.reverse(
            transaction_id=first.id, source="undo", words=make.WORDS, by=make.SYSTEM, at=clocks.now()
        )
        correcting.correct(person_id=rider.id, points=5, reason="漏记了", by=admin, at=clocks.now())
        correcting.correct(person_id=rider.id, points=500, reason="要复核", by=admin, at=clocks.now())
        for points in (7, 300):
            wrong = make.give(rider.id, points, kind="correction").id
            named = session.scalars(sa.select(Entry.id).where(Entry.transaction_id == wrong)).first()
            reversing.ask_to_reverse(entry_id=named, reason="记错了", by=admin, at=clocks.now())
        make.policy(50)
    clock.advance(days=8)
    with transaction():
        expiring.expire_due(at=clock())
        holds.release(late, source="x", by=make.SYSTEM, at=clock())
        sealing.seal_new(at=clock())
    with transaction():
        make.held(rider.id, 1)
        sealing.seal_new(at=clock())
    with transaction(write=False):
        assert verify() == []


def test_every_random_edit_is_found(book, request):
    missed = [name for name, findings in edits(EDITS, seed=20261124) if not findings]
    assert missed == []


def test_the_first_finding_is_the_very_row(book):
    with unguarded():
        entry = session.scalars(sa.select(Entry.id).where(Entry.amount > 0)).first()
        session.execute(
            sa.update(Entry).values(amount=Entry.amount + 1).where(Entry.id == entry),
            execution_options={"synchronize_session": False},
        )
        assert str(verify()[0]) == f"sealed-entry: {entry} is changed, expected as it was sealed"


def test_words_put_into_somebody_s_mouth_are_found(book):
    with unguarded():
        booked = session.scalars(sa.select(LedgerTransaction.id)).first()
        session.execute(
            sa.update(LedgerTransaction).values(words={"slug": "nice"}).where(LedgerTransaction.id == booked),
            execution_options={"synchronize_session": False},
        )
        assert verify()[0].row == str(booked)


def test_a_forger_who_seals_everything_anew_is_betrayed_by_one_published_hash(book, clock):
    with transaction(write=False):
        kept = {seal.number: seal.hash for seal in session.scalars(sa.select(Seal))}
        assert verify(published=kept) == []
    with unguarded():
        session.execute(sa.delete(SealedRow))
        session.execute(sa.delete(Seal))
        session.execute(sa.update(LedgerTransaction).values(kind="gift"))
        sealing.seal_new(at=clock(), everything=True)
        session.expire_all()
        assert verify() == []
        assert {each.check for each in verify(published=kept)} == {"seal-published"}
