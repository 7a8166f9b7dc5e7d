"""Seals cover every row once, hang together, and prove single entries to whoever kept one published hash."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app.kernel.db import dialect_name, in_transaction, session, transaction
from app.ledger import holds, proofs, queries, sealing
from app.ledger.errors import NotSealedYet
from app.ledger.models import Entry, Seal, SealedRow
from app.ledger.verify import verify
from tests.crossing import crossed
from tests.ledger import make

LEAVES = [proofs.leaf([("n", str(n))]) for n in range(40)]


def split_root(leaves):
    """The tree as RFC 6962 defines it."""
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return proofs.node(split_root(leaves[:half]), split_root(leaves[half:]))


def seal(clock, **changes):
    with transaction():
        return sealing.seal_new(at=clock(), **changes)


def an_entry():
    return session.scalars(sa.select(Entry).where(Entry.amount > 0).order_by(Entry.id)).first()


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13, 40])
def test_the_tree_is_that_of_rfc_6962_and_every_leaf_has_its_way(size):
    leaves = LEAVES[:size]
    assert proofs.root(leaves) == split_root(leaves)
    for position, leaf in enumerate(leaves):
        way = proofs.path(leaves, position)
        assert proofs.root_from(leaf, position, size, way) == proofs.root(leaves)
        assert proofs.root_from(
            LEAVES[-1] if position < 39 else LEAVES[0], position, size, way
        ) != proofs.root(leaves)
        assert proofs.root_from(leaf, position, size, [*way, leaf]) is None


def test_no_two_rows_read_the_same():
    rows = [[("a", "bc")], [("ab", "c")], [("a", "b"), ("c", "")], [("a", "b"), ("c", None)], [("a", "b")]]
    rows += [[("a", "b"), ("c", "d")], [("a", "bc\x01d")]]  # what stands between fields may stand in one
    assert len({proofs.leaf(row) for row in rows}) == len(rows)


def test_it_seals_new_rows_once_and_chains(app, clock):
    with transaction():
        person_id = make.rich(50)
    assert seal(clock) == 5  # two accounts, a transaction, two entries
    assert seal(clock) == 0
    with transaction():
        make.held(person_id, 5)
    clock.advance(seconds=30)
    assert seal(clock) == 1
    with transaction(write=False):
        first, second = session.scalars(sa.select(Seal).order_by(Seal.number))
        assert (first.previous, second.previous) == (proofs.NOTHING_BEFORE, first.hash)
        assert verify() == []


def test_what_is_committed_late_is_sealed_all_the_same(app, clock):
    with transaction():
        make.rich(1)
    late = clock() - timedelta(minutes=50)
    now = clock()
    seal(clock)
    clock.at = late
    with transaction():
        make.rich(1)
    clock.at = now + timedelta(minutes=1)
    assert seal(clock) == 4


def test_a_clock_that_jumped_hides_nothing_from_the_first_look_of_a_day(app, clock):
    with transaction():
        make.rich(1)
    seal(clock)
    clock.advance(hours=-5)
    with transaction():
        make.rich(1)
    clock.advance(hours=5, minutes=1)
    assert seal(clock) == 0
    clock.advance(days=1)
    assert seal(clock) == 4


@pytest.mark.once
def test_a_clock_that_was_set_back_keeps_nothing_waiting(app, clock):
    with transaction():
        make.rich(1)
    seal(clock)
    clock.advance(hours=-5)
    with transaction():
        make.rich(1)
    assert seal(clock) == 4


@pytest.mark.once
def test_seals_are_read_page_by_page_each_once(app, clock):
    for _ in range(3):
        with transaction():
            make.rich(1)
        seal(clock)
    with transaction(write=False):
        first = queries.seals(limit=2)
        rest = queries.seals(first.next_cursor, limit=2)
    numbers = [[each.number for each in page.items] for page in (first, rest)]
    assert (numbers, rest.next_cursor) == ([[3, 2], [1]], None)


def test_the_whole_book_is_looked_at_when_asked(app, clock):
    with transaction():
        make.rich(1)
    seal(clock)
    clock.advance(days=-50)
    with transaction():
        make.rich(1)
    clock.advance(days=60)
    assert seal(clock) == 0
    assert seal(clock, everything=True) == 4


def test_the_end_of_a_hold_is_sealed_too(app, clock):
    with transaction():
        hold_id = make.held(make.rich(9), 5, expires_at=clock() + timedelta(days=30)).id
    seal(clock)
    clock.advance(days=9)
    with transaction():
        holds.release(hold_id, source="x", by=make.SYSTEM, at=clock())
    assert seal(clock) == 1


def test_many_rows_become_several_seals(app, clock, monkeypatch):
    monkeypatch.setattr(sealing, "MOST_ROWS", 4)
    with transaction():
        for _ in range(5):
            make.rich(1)
    assert seal(clock) == 21
    with transaction(write=False):
        assert session.scalars(sa.select(Seal.size).order_by(Seal.number)).all() == [4, 4, 4, 4, 4, 1]
        assert verify() == []


@pytest.mark.usefixtures("owned")
@pytest.mark.parametrize("model", [Seal, SealedRow])
def test_seals_never_change(app, clock, model):
    with transaction():
        make.rich(1)
    seal(clock)
    for change in (sa.update(model).values(hash=model.hash), sa.delete(model)):
        with pytest.raises(IntegrityError, match="append-only"), transaction():
            session.execute(change.execution_options(synchronize_session=False))


def test_a_new_entry_has_no_proof_yet(app):
    with transaction():
        make.rich(1)
        with pytest.raises(NotSealedYet):
            sealing.proof_of(an_entry().id)


@pytest.fixture
def proof(app, clock):
    """A proof that has been out of the house as a file, and the published hash."""
    with transaction():
        make.rich(1)
        make.rich(2)
    seal(clock)
    with transaction(write=False):
        found = sealing.proof_of(an_entry().id)
        return json.loads(json.dumps(found)), sealing.last_seal().hash


def test_a_proof_holds_against_the_published_seal(proof):
    found, published = proof
    assert proofs.why_wrong(found, published) is None
    assert proofs.why_wrong(found, published.upper()) is None


def test_a_changed_proof_does_not_hold(proof):
    found, published = proof
    fields = dict(found["row"])
    for name, value in fields.items():
        changed = [[each, f"{value}0" if each == name else kept] for each, kept in found["row"]]
        assert "not in this seal" in proofs.why_wrong(found | {"row": changed}, published)
    for change in (
        {"path": found["path"][:-1]},
        {"path": [*found["path"], "00" * 32]},
        {"position": found["position"] + 1},
        {"seal": found["seal"] | {"root": "00" * 32}},
        {"seal": found["seal"] | {"number": 2}},
        {"seal": found["seal"] | {"hash": "00" * 32}},
        {"format": "other"},
        {"path": ["zz"]},
        {"row": None},
    ):
        assert proofs.why_wrong(found | change, published)
    assert f"seal {found['seal']['number']}" in str(proofs.why_wrong(found, "00" * 32))


def test_the_check_needs_neither_the_product_nor_a_database(proof, tmp_path):
    found, published = proof
    file, alone = tmp_path / "proof.json", tmp_path / "check.py"
    alone.write_text(Path(proofs.__file__).read_text("utf-8"), "utf-8")
    for change, code in (({}, 0), ({"position": 999}, 1)):
        file.write_text(json.dumps(found | change), "utf-8")
        command = [sys.executable, "-I", str(alone), str(file), "--seal", published]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr


def test_of_two_who_seal_at_once_the_second_leaves_the_rows_to_the_first(app, clock, monkeypatch):
    monkeypatch.setattr(sealing, "MOST_ROWS", 3)
    with transaction():
        for _ in range(2):
            make.rich(10)
    both = crossed(lambda: sealing.seal_new(at=clock()), lambda: sealing.seal_new(at=clock()))
    assert (both.first, both.then) == (9, 0)
    with transaction(write=False):
        assert verify() == []


def test_rows_that_somebody_seals_after_they_were_read_are_left_to_them(app, clock, monkeypatch):
    with transaction():
        make.rich(10)
    read = sealing._new_rows

    def read_and_overtaken(since):
        found = list(read(since))
        monkeypatch.setattr(sealing, "_new_rows", read)
        if dialect_name() == "postgresql":  # a file lets one write after the other
            with ThreadPoolExecutor(1) as thread:
                thread.submit(_seals, app, clock()).result(60)
        return iter(found)

    monkeypatch.setattr(sealing, "_new_rows", read_and_overtaken)
    sealed = seal(clock)
    assert (sealed == 0) is (dialect_name() == "postgresql")
    with transaction(write=False):
        assert verify() == []
        assert sealing.last_seal().number == 1


def _seals(app, at):
    with app.app_context():
        return in_transaction(lambda: sealing.seal_new(at=at))
