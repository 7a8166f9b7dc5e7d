"""Many rows at once: the same on either database as one by one, defaults and JSON included, no guard off."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import Integer, String, cast, func, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DataError

from app.kernel import arrays, bulk, clock
from app.kernel.bulk import among
from app.kernel.db import dialect_name, insert_all_if_absent, insert_if_absent, session, transaction
from app.kernel.idempotency import IdempotencyRecord
from app.kernel.ids import new_id
from app.kernel.prepared import Prepared
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


def kept(key: str, **more: object) -> dict[str, object]:
    return {"id": new_id(), "owner": "me", "key": key, "fingerprint": "f", "created_at": clock.now(), **more}


def test_rows_are_found_by_their_keys_those_at_hand_without_asking(app):
    rows = [kept(key) for key in ("one", "two", "three")]
    with transaction():
        assert len(insert_all_if_absent(IdempotencyRecord, rows)) == 3
    with transaction():
        at_hand = session.get_one(IdempotencyRecord, rows[0]["id"])
        at_hand.fingerprint = "changed here"
        found = bulk.by_key(IdempotencyRecord, [row["id"] for row in rows] + [new_id()])
        assert {each.key for each in found.values()} == {"one", "two", "three"}
        assert found[rows[0]["id"]] is at_hand
        session.rollback()


def test_many_rows_change_at_once_where_a_condition_holds(app):
    rows = [kept("one", status=200), kept("two", status=409), kept("three", status=200)]
    with transaction():
        insert_all_if_absent(IdempotencyRecord, rows)
        changes = [{"id": row["id"], "body": f"body of {row['key']}"} for row in rows]
        only = "idempotency_keys.status = :wanted"
        assert bulk.update_all(IdempotencyRecord, changes, only=only, given={"wanted": 200}) == 2
        assert bulk.update_all(IdempotencyRecord, []) == 0
    with transaction(write=False):
        bodies = {each.key: each.body for each in session.scalars(select(IdempotencyRecord))}
    assert bodies == {"one": "body of one", "two": None, "three": "body of three"}


def test_a_row_that_is_inserted_if_absent_gets_the_defaults_of_its_columns(rider):
    values = _row(rider.id)
    with transaction():
        assert insert_if_absent(RecordedFact, values)
        assert not insert_if_absent(RecordedFact, values)
    with transaction(write=False):
        found = session.get_one(RecordedFact, values["id"])
        assert (found.stage, found.fields) == ("", values["fields"])


def test_a_statement_with_a_list_inside_is_not_for_the_driver():
    statement = select(IdempotencyRecord.id).where(IdempotencyRecord.key.in_(["one", "two"]))
    with pytest.raises(ValueError, match="one_of"):
        Prepared(statement, postgresql.dialect(), (), one=False)


def test_of_rows_that_were_there_before_only_the_new_ones_are_told(rider):
    first, second, third = (_row(rider.id) for _ in range(3))
    with transaction():
        assert bulk.insert_new(RecordedFact, [first]) == [first]
        again = first | {"fields": {}}
        assert bulk.insert_new(RecordedFact, [again, second, dict(second), third]) == [second, third]
        assert bulk.insert_new(RecordedFact, []) == []
        assert session.scalar(select(func.count()).select_from(RecordedFact)) == 3


def test_values_of_every_sort_arrive_as_they_were(rider):
    shared = {"words": HARD, "none": None, "n": [1.5, True]}
    at = clock.now()
    rows = [_row(rider.id, fields=shared, judged_at=at, stage=each) for each in (HARD[:20], "", "NULL", "{}")]
    with transaction():
        assert bulk.insert_new(RecordedFact, rows) == rows
    with transaction(write=False):
        found = {each.id: each for each in session.scalars(select(RecordedFact))}
        assert [{name: getattr(found[row["id"]], name) for name in row} for row in rows] == rows


def test_a_row_that_was_written_is_what_the_session_reads_and_there_once(rider):
    row = _row(rider.id, stage="")
    with transaction():
        bulk.insert_new(RecordedFact, [row])
        made = bulk.as_read(RecordedFact, row)
        assert session.get(RecordedFact, row["id"]) is made is bulk.as_read(RecordedFact, row)


SAID = datetime(2026, 11, 24, 6, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([None, "NULL", "null", "", "a,b", "{}", HARD, " "], "text"),
        ([None, None], "text"),
        (["NULL", "NULL"], "text"),
        ([UUID(int=7), None, UUID(int=2**127)], "uuid"),
        ([UUID(int=7), UUID(int=0)], "uuid"),
        ([SAID, None, SAID.replace(microsecond=1)], "timestamptz"),
        ([SAID.date(), None], "date"),
        ([0, -1, 2**40, None], "bigint"),
        ([True, False, None], "boolean"),
        ([1.5, -0.25], "float8"),
    ],
)
def test_an_array_is_read_as_what_it_was_written_of(app, values, kind):
    """By PostgreSQL itself where there is one; its text everywhere."""
    written = arrays.literal(values)
    assert written.count("NULL") - written.count('"NULL"') == values.count(None)
    if dialect_name() == "postgresql":
        with transaction(write=False):
            asked = text(f"SELECT CAST(:array AS {kind}[])")
            assert session.scalar(asked, {"array": written}) == values


def test_each_row_gets_a_default_of_its_own():
    row = {"owner": "a", "key": "k", "fingerprint": "f", "created_at": SAID}
    ids = arrays.columns_of(IdempotencyRecord.__table__, [row, row])["id"].strip("{}").split(",")
    assert len(set(ids)) == len(ids) == 2


def test_numbers_are_written_whole():
    assert arrays.literal([1.5, -0.25]) == "{1.5,-0.25}"
    assert arrays.literal([10**18, 0]) == "{1000000000000000000,0}"
