"""The book on the command line: exit codes a cron job can rely on, and the first broken row by name."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from app.kernel.db import session, transaction
from app.ledger.models import Entry
from tests.ledger import make
from tests.owning import without_triggers


@pytest.fixture
def run(app):
    """Run `flask ledger …`; (exit code, what it said)."""

    def call(*words):
        session.remove()
        done = app.test_cli_runner().invoke(args=["ledger", *map(str, words)])
        return done.exit_code, done.output

    return call


@pytest.fixture
def sealed(run):
    """A sealed book; the last seal as NUMBER:HASH and the id of an entry."""
    with transaction():
        make.rich(20)
        entry_id = session.scalars(sa.select(Entry.id).where(Entry.amount > 0)).one()
    assert run("seal") == (0, "5 rows sealed.\n")
    _code, said = run("seals", "--last", 1)
    return said.split()[0], entry_id


def test_a_sound_book_is_proved_against_a_published_seal(run, sealed):
    code, said = run("verify", "--seal", sealed[0])
    assert code == 0
    assert sealed[0].partition(":")[2] in said
    assert run("verify", "--seal", sealed[0].upper())[0] == 0  # as somebody typed it off a paper


def test_a_seal_that_is_not_there_is_missed(run, sealed):
    code, said = run("verify", "--seal", f"9:{'0' * 64}")
    assert code == 1
    assert "seal-published: seal 9" in said


def test_a_touched_row_is_named_first(run, sealed):
    with transaction():
        without_triggers()
        session.execute(sa.update(Entry).values(amount=21).where(Entry.id == sealed[1]))
    code, said = run("verify")
    assert code == 1
    assert said.splitlines()[0].startswith(f"BROKEN  sealed-entry: {sealed[1]} is changed")


@pytest.mark.parametrize(("change", "code"), [({}, 0), ({"position": 0, "path": []}, 1)])
def test_a_proof_is_taken_and_checked(run, sealed, tmp_path, change, code):
    _code, text = run("proof", sealed[1])
    file = tmp_path / "proof.json"
    file.write_text(json.dumps(json.loads(text) | change), "utf-8")
    assert run("check-proof", file, "--seal", sealed[0].partition(":")[2])[0] == code


def test_a_seal_is_written_as_number_and_hash(run):
    assert run("verify", "--seal", "nonsense")[0] == 2
