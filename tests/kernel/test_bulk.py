"""Many rows at once: the same on either database as one by one, defaults and JSON included, no guard off."""

from __future__ import annotations

import contextlib

import pytest
from sqlalchemy import Integer, String, cast, func, select
from sqlalchemy.exc import DataError

from app.kernel import bulk, clock
from app.kernel.bulk import among
from app.kernel.db import insert_all_if_absent, session, transaction
from app.kernel.ids import new_id
from app.rules.models import RecordedFact
from tests import make

HARD = 'a "quoted" \\ back\nslash\ttab, 爨'


def _row(person_id, **more):
    at = clock.now()
    return {
        "id": new_id(), "kind": "checkin", "fact_id": new_id(), "person_id": person_id, "region_code": make.XUANWU,
        "happened_at": at, "judged_at": at, "fields": {"words": HARD, "none": None},
    } | more  # fmt: skip


@pytest.fixture
def rider(app):
    with transaction():
        make.regions()
        return make.rider()


def test_rows_arrive_whole_and_what_is_left_out_is_the_default(rider):
    rows = [_row(rider.id) for _ in range(5)]
    with transaction():
        assert bulk.insert_many(RecordedFact, iter(rows)) == 5
    with transaction(write=False):
        found = {each.id: each for each in session.scalars(select(RecordedFact))}
        for row in rows:
            kept = found[row["id"]]
            assert {name: getattr(kept, name) for name in row} == row
            assert kept.stage == ""


def test_no_rows_are_no_statement(rider):
    with transaction():
        assert bulk.insert_many(RecordedFact, []) == 0


def test_one_bad_row_is_all_of_them(rider):
    rows = [_row(rider.id), _row(rider.id, region_code="999999")]
    with pytest.raises(Exception, match=r"(?i)foreign key"), transaction():
        bulk.insert_many(RecordedFact, rows)
    with transaction(write=False):
        assert session.scalar(select(func.count()).select_from(RecordedFact)) == 0


def test_rows_are_read_as_they_were_written(rider):
    rows = [_row(rider.id, kind=kind) for kind in ("checkin", "100% \\N\ttab")]
    with transaction():
        bulk.insert_many(RecordedFact, rows)
        mine = RecordedFact.kind.in_([each["kind"] for each in rows])
        asked = select(
            RecordedFact.kind,
            RecordedFact.happened_at,
            func.length(RecordedFact.kind, type_=Integer),
            cast(None, String),
        ).where(mine, RecordedFact.region_code == make.XUANWU)
        found = [tuple(each) for each in bulk.read_many(asked.order_by(RecordedFact.id))]
    assert found == [(each["kind"], each["happened_at"], len(each["kind"]), None) for each in rows]


def test_many_rows_at_once_leave_out_what_is_there_and_say_which_were_new(rider):
    first, second = _row(rider.id), _row(rider.id, fields=None, kind='"{a, b}" \\')
    again = _row(rider.id, fact_id=first["fact_id"])
    with transaction():
        assert insert_all_if_absent(RecordedFact, []) == set()
        assert insert_all_if_absent(RecordedFact, [first]) == {(first["id"],)}
        assert insert_all_if_absent(RecordedFact, [first, again, second]) == {(second["id"],)}
    with transaction(write=False):
        found = {each.id: each for each in session.scalars(select(RecordedFact))}
        assert set(found) == {first["id"], second["id"]}
        for row in (first, second):
            assert {name: getattr(found[row["id"]], name) for name in row} == row
            assert found[row["id"]].stage == ""


def test_a_text_that_is_too_long_is_refused_or_kept_whole_and_never_cut(rider):
    with contextlib.suppress(DataError), transaction():
        insert_all_if_absent(RecordedFact, [_row(rider.id, kind="x" * 21)])
    with transaction(write=False):
        assert set(session.scalars(select(RecordedFact.kind))) <= {"x" * 21}


def test_among_many_and_among_none(rider):
    rows = [_row(rider.id) for _ in range(3)]
    with transaction():
        bulk.insert_many(RecordedFact, rows)
        wanted = {each["id"] for each in rows[:2]}
        assert set(session.scalars(select(RecordedFact.id).where(among(RecordedFact.id, wanted)))) == wanted
        assert not session.scalars(select(RecordedFact.id).where(among(RecordedFact.id, ()))).all()
