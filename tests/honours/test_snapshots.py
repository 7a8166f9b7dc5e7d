"""A snapshot is a sealed file: brought in anywhere it gives the same bytes, and the slightest change is noticed."""

from __future__ import annotations

import io
import json
import os
import time

import openpyxl
import pytest
import python_calamine
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app.honours import queries, sealing
from app.honours.errors import SnapshotBroken
from app.honours.importing import import_snapshot, imported
from app.honours.listing import FORMATS, listed
from app.honours.models import ImportedSnapshot, Selection
from app.honours.scoring import order
from app.identity.actors import SYSTEM
from app.kernel import clock
from app.kernel.db import session, transaction
from tests.honours import make, recompute
from tests.honours.test_selecting import _people

DIGESTS = {
    "csv": "724ef0bd1ed60be12983dacca819e6fc1e925dc5ee2165fad41cf0223f5ff668",
    "json": "4fe4b13f814ef5ae92033a7152a05b1b10f1030b465a74bf6d36b9eda00b21b4",
}


def _snapshot(count: int = 40) -> str:
    criteria = make.CRITERIA | {"format": 2, "seats": 10}
    head = {
        "selection": "00000000-0000-7000-8000-000000000007",
        "title": "十月最美骑手",
        "regions": ["3201"],
        "period": ["2026-10-01", "2026-10-31"],
        "criteria": criteria,
        "criteria_number": 1,
        "frozen_at": "2026-11-24T06:02:00+00:00",
    }
    facts = _people(count)
    return sealing.seal(head, facts, order(facts, criteria, make.END))


def _import(text):
    with transaction():
        return import_snapshot(content=text, by=SYSTEM, at=clock.now())


def _sealed(app, *minutes) -> str:
    selection = make.frozen(make.setting(*minutes))
    with transaction(write=False):
        return queries.snapshot_of(selection.id)


def test_a_real_snapshot_is_computed_again_by_a_stranger(app):
    text = _sealed(app, 300, 200, 100, 90, 59)
    assert len(recompute.agrees(text)) == 3
    assert json.loads(text)["ledger_seal"] is None


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Asia/Shanghai"])
def test_the_list_is_the_same_bytes_on_every_database_and_in_every_time_zone(app, zone, monkeypatch):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        digest = _import(_snapshot())
        with transaction(write=False):
            files = {form: listed(imported(digest), form) for form in FORMATS}
    finally:
        monkeypatch.undo()
        os.environ.setdefault("TZ", "")
        time.tzset()
    assert {form: sealing.sha256(files[form].decode()) for form in DIGESTS} == DIGESTS
    book = openpyxl.load_workbook(io.BytesIO(files["xlsx"]))
    rows = [[cell.value for cell in row] for row in book["评选名单"].iter_rows()]
    theirs = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(files["xlsx"]))
    assert [row[:4] for row in theirs.get_sheet_by_name("评选名单").to_python()] == [row[:4] for row in rows]
    assert not any(cell.data_type == "f" for sheet in book for row in sheet.iter_rows() for cell in row)


def test_importing_twice_is_once(app):
    assert _import(_snapshot()) == _import(_snapshot())
    with transaction(write=False):
        assert session.scalar(sa.select(sa.func.count()).select_from(ImportedSnapshot)) == 1


@pytest.mark.parametrize(
    "where, break_it",
    [
        ("facts_sha256", lambda it: it["facts"][0]["values"].update({"hours.proven": 9999})),
        ("criteria_sha256", lambda it: it["criteria"].update({"seats": 11})),
        ("candidates", lambda it: it["candidates"][-1].update({"chosen": True})),
        ("candidates", lambda it: it["candidates"].reverse()),
        ("format", lambda it: it.update({"format": 1})),
        ("format", lambda it: it.pop("facts")),
    ],
)
def test_a_changed_file_is_refused_and_says_where(app, where, break_it):
    found = json.loads(_snapshot())
    break_it(found)
    with pytest.raises(SnapshotBroken) as refused:
        _import(sealing.canonical(found))
    assert refused.value.facts["where"] == where


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"format": 2}', "{"])
def test_something_else_is_no_snapshot(app, text):
    with pytest.raises(SnapshotBroken):
        _import(text)


def test_another_spelling_of_the_same_content_is_refused(app):
    with pytest.raises(SnapshotBroken):
        _import(json.dumps(json.loads(_snapshot())))


def test_the_database_keeps_a_sealed_snapshot_as_it_is(app):
    make.frozen(make.setting(300))
    for change in ({"snapshot": "{}"}, {"snapshot_sha256": "0" * 64}):
        with pytest.raises(IntegrityError, match="selections_fixed"), transaction():
            session.execute(sa.update(Selection).values(change))
    with pytest.raises(IntegrityError), transaction():
        session.execute(sa.delete(Selection))


def test_the_commands_bring_a_snapshot_in_and_write_its_list(app, tmp_path):
    file, out = tmp_path / "snapshot.json", tmp_path / "list.csv"
    file.write_bytes(_snapshot().encode())
    run = app.test_cli_runner()
    digest = run.invoke(args=["honours", "import-snapshot", str(file)]).output.strip()
    assert run.invoke(args=["honours", "list-snapshot", digest, "--out", str(out)]).exit_code == 0
    assert sealing.sha256(out.read_bytes().decode()) == DIGESTS["csv"]
    file.write_bytes(b"{}")
    refused = run.invoke(args=["honours", "import-snapshot", str(file)])
    assert (refused.exit_code, "does not agree with itself" in refused.output) == (1, True)
