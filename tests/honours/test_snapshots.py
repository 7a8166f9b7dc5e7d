"""A snapshot is a sealed file: brought in anywhere it gives the same bytes, and the slightest change is noticed."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import time

import openpyxl
import pytest
import python_calamine
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from app.honours import sealing, snapshots
from app.honours.errors import SnapshotBroken
from app.honours.importing import import_snapshot
from app.honours.listing import FORMATS, write_list
from app.honours.models import ImportedSnapshot, Selection
from app.honours.scoring import order
from app.honours.snapshots import SnapshotPart, imported
from app.identity.actors import SYSTEM
from app.kernel import clock
from app.kernel.db import session, transaction
from tests.honours import make, recompute
from tests.honours.test_selecting import _people

DIGESTS = {
    "csv": "724ef0bd1ed60be12983dacca819e6fc1e925dc5ee2165fad41cf0223f5ff668",
    "json": "e5783628a474daa05c4f5adf853c305e3d44e90ac57d27574308d20156b227f7",
}


def _lines(count: int = 40, **more) -> list[str]:
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
    return list(sealing.seal(head | more, facts, order(facts, criteria, make.END)))


def _snapshot(count: int = 40) -> str:
    return "".join(_lines(count))


def _import(lines):
    with transaction():
        return import_snapshot(lines=lines, by=SYSTEM, at=clock.now())


def _listed(sealed, form):
    file = io.BytesIO()
    write_list(file, sealed, form)
    return file.getvalue()


def test_a_real_snapshot_is_computed_again_by_a_stranger(app):
    text = make.snapshot(make.frozen(make.setting(300, 200, 100, 90, 59)))
    assert len(recompute.agrees(text)) == 3
    head, ordered, others = make.records(text)
    assert head["ledger_seal"] is None
    assert (head["people"], head["eligible"], head["chosen"]) == (5, 4, 3)
    assert head["cut_off"] == ordered[2]["verdict"]["score"]
    assert [each["values"]["hours.proven"] for each in others] == [59]


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Asia/Shanghai"])
def test_the_list_is_the_same_bytes_on_every_database_and_in_every_time_zone(app, zone, monkeypatch):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        digest = _import(_lines())
        with transaction(write=False):
            files = {form: _listed(imported(digest), form) for form in FORMATS}
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
    assert _import(_lines()) == _import(_lines())
    with transaction(write=False):
        assert session.scalar(sa.select(sa.func.count()).select_from(ImportedSnapshot)) == 1
        assert session.scalar(sa.select(sa.func.count()).select_from(SnapshotPart)) == 1


def _refused(lines) -> tuple[int, str]:
    with pytest.raises(SnapshotBroken) as refused:
        sealing.must_agree(lines)
    return refused.value.facts["line"], refused.value.facts["where"]


def _fields(value, path=()):
    """Every place in a record where something can be changed."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [path] if path else []
    for key, inside in items:
        found += _fields(inside, (*path, key))
    return found


def _changed(value):
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        return f"{value}1"
    return [*value, 1] if isinstance(value, list) else {} if value else {"a": "b"}


def _with(line, path, *, gone=False):
    record = json.loads(line)
    inside = record
    for key in path[:-1]:
        inside = inside[key]
    if gone:
        del inside[path[-1]]
    else:
        inside[path[-1]] = _changed(inside[path[-1]])
    return f"{sealing.canonical(record)}\n"


@pytest.mark.parametrize("number", [1, 2, 20, 41])
def test_whatever_is_changed_in_a_line_that_line_is_named(number):
    lines = _lines()
    for path in _fields(json.loads(lines[number - 1])):
        for gone in (False, True):
            broken = _with(lines[number - 1], path, gone=gone)
            found, _ = _refused([*lines[: number - 1], broken, *lines[number:]])
            assert found == number, path


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_byte_anywhere_is_noticed_at_its_line(data):
    lines = _lines(8)
    number = data.draw(st.integers(0, len(lines) - 1))
    place = data.draw(st.integers(0, len(lines[number]) - 2))
    other = data.draw(st.characters(codec="utf-8", exclude_characters=lines[number][place] + "\n\r"))
    lines[number] = lines[number][:place] + other + lines[number][place + 1 :]
    assert _refused(lines)[0] == number + 1


@given(st.integers(0, 8))
@settings(max_examples=20, deadline=None)
def test_what_is_cut_off_left_out_or_swapped_is_named(number):
    lines = _lines(8)
    assert _refused(lines[:number])[0] == (number + 1 if number else 1)
    assert _refused([*lines[:number], lines[number][:-5]])[0] == number + 1
    if number < len(lines) - 1:
        assert _refused([*lines[:number], *lines[number + 1 :]])[0] == number + 1
    if 0 < number < len(lines) - 1:
        swapped = [*lines[:number], lines[number + 1], lines[number], *lines[number + 2 :]]
        assert _refused(swapped)[0] == number + 1
    assert _refused([*lines, lines[-1]])[0] == len(lines) + 1


def _checked_again(lines):
    """The lines of a forger who knows how checks are made."""
    check = sealing.Check()
    records = [json.loads(line) for line in lines]
    return [check.line(sealing.canonical({key: each[key] for key in each if key != "~"})) for each in records]


@pytest.mark.parametrize(
    "line, path, where",
    [
        (0, ("facts_sha256",), "facts_sha256"),
        (0, ("criteria_sha256",), "criteria_sha256"),
        (0, ("cut_off",), "cut_off"),
        (0, ("criteria", "components", 0, "weight"), "criteria_sha256"),
        (3, ("values", "hours.proven"), None),
        (3, ("verdict", "score"), "verdict"),
        (3, ("verdict", "parts", 1), "verdict"),
        (3, ("verdict", "chosen"), None),
    ],
)
def test_a_forger_who_makes_the_checks_again_is_found_by_the_list(line, path, where):
    lines = _lines()
    lines[line] = _with(lines[line], path)
    _, found = _refused(_checked_again(lines))
    assert where in (None, found)


@pytest.mark.parametrize("odd", ["1.5", '"7"', "true", "null"])
def test_a_figure_that_is_no_whole_number_is_refused(odd):
    lines = _lines(3)
    record = json.loads(lines[1])
    record["values"]["hours.proven"] = json.loads(odd)
    lines[1] = f"{sealing.canonical(record)}\n"
    assert _refused(_checked_again(lines)) == (2, "format")


@pytest.mark.parametrize("text", ["", "[]\n", "{}\n", "null\n", '{"format": 3}\n', "{\n"])
def test_something_else_is_no_snapshot(app, text):
    with pytest.raises(SnapshotBroken):
        _import(text.splitlines(keepends=True))


def test_another_spelling_of_the_same_content_is_refused():
    lines = _lines()
    lines[2] = f"{json.dumps(json.loads(lines[2]))}\n"
    assert _refused(lines) == (3, "check")


def test_a_snapshot_touched_in_the_database_is_not_exported(app):
    digest = _import(_lines())
    with transaction(write=False):
        sealed = imported(digest)
        touched = dataclasses.replace(sealed, first=sealed.first.replace("最美", "最丑"))
        for form in FORMATS:
            with pytest.raises(SnapshotBroken):
                _listed(touched, form)


def test_everybody_finds_his_own_line_in_whatever_part_it_lies(app, monkeypatch):
    monkeypatch.setattr(snapshots, "PART_LINES", 7)
    monkeypatch.setattr(snapshots, "PLACES", 5)
    lines = _lines(60)
    digest = _import(lines)
    with transaction(write=False):
        sealed = imported(digest)
        assert sealed.parts == 9
        assert list(snapshots.lines_of(sealed)) == lines
        for line in lines[1:]:
            known = sealing.person_in(line)
            assert snapshots.line_of(sealed, known.facts.pseudonym) == known
        assert snapshots.line_of(sealed, "C0") is None


@pytest.mark.usefixtures("owned")
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
    assert (refused.exit_code, "does not agree with the rest" in refused.output) == (1, True)
