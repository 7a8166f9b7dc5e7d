"""Exports, read back by two readers: no formulas, real dates, the same bytes, nobody named against his will."""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from datetime import date, datetime

import openpyxl
import pytest
import python_calamine
import sqlalchemy as sa

from app.audit.models import AuditRecord
from app.honours import sealing
from app.honours.consenting import answer
from app.honours.errors import SelectionMovedOn
from app.honours.exporting import export_again, make_export
from app.kernel import clock
from app.kernel.db import session, transaction
from app.kernel.errors import Forbidden
from tests import make as city
from tests.honours import make

HEADERS = [
    "编号", "姓名", "姓名公开", "扫码时长（分钟）", "见证时长（分钟）", "补录时长（分钟）", "办结上报（件）",
    "登记日期", "统计起始", "统计截止",
]  # fmt: skip
HOSTILE = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    '=HYPERLINK("http://x")',
    "|calc",
    "http://a.cn",
]


roll_xlsx, roll_csv, snapshot_json = "roll.xlsx", "roll.csv", "snapshot.jsonl"


def _export(kind, selection, by, **more):
    with transaction():
        made, file = make_export(
            selection_id=selection.id, kind=kind, reason="月度上报", by=by, at=clock.now(), **more
        )
        assert made.id
        return file.data


def _agree(selection, someone, choice="full"):
    acting = make.acting(someone)
    with transaction():
        answer(selection_id=selection.id, choice=choice, by=acting, at=clock.now())


def _texts(data):
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        return "".join(book.read(name).decode("utf-8") for name in book.namelist())


@pytest.fixture
def here(app):
    return make.setting(300, 200, 100, names=["王小明", "欧阳振华", "阿依古丽·买买提"])


def test_the_workbook_reads_the_same_in_two_readers(here):
    selection = make.final(here)
    _agree(selection, here.riders[0])
    data = _export(roll_xlsx, selection, here.department)
    book = openpyxl.load_workbook(io.BytesIO(data))
    sheet = book["荣誉名单"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[0] == HEADERS
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:J4"
    assert {cell.data_type for row in sheet.iter_rows(min_row=2) for cell in row} == {"s", "n", "d"}
    assert all(isinstance(row[column], datetime) for row in rows[1:] for column in (7, 8, 9))
    assert sheet["H2"].number_format == "yyyy-mm-dd"
    assert sheet["A2"].number_format == "@"
    other = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    theirs = other.get_sheet_by_name("荣誉名单").to_python()
    assert theirs[0] == HEADERS
    assert theirs[1][7] == date(2026, 8, 1)
    assert [row[:7] for row in theirs[1:]] == [row[:7] for row in rows[1:]]
    assert sorted(row[1] for row in rows[1:]) == sorted(["王小明", "欧**华", "阿******提"])


def test_the_second_sheet_says_where_the_list_comes_from(here):
    selection = make.final(here)
    data = _export(roll_xlsx, selection, here.department)
    book = openpyxl.load_workbook(io.BytesIO(data))
    about = {row[0].value: row[1].value for row in book["说明"].iter_rows()}
    assert about["数据快照时间"] == "2026-11-24 14:02"
    assert about["快照校验值"] == selection.snapshot_sha256
    assert selection.criteria_sha256 in about["标准版本与校验值"]
    assert about["导出人"] == "孙部门"
    assert "筛选" in about
    assert about["导出用途"] == "月度上报"
    assert about["导出时间"] == "2026-11-24 14:02"
    assert len(about["导出编号"]) == 36
    table = _export(roll_csv, selection, here.department)
    assert about["名单校验值"] == hashlib.sha256(table).hexdigest()


@pytest.mark.once
def test_each_column_holds_what_its_head_says_and_the_unlisted_are_counted(here):
    with transaction():
        later = {"reason": "忘了", "created_by": here.department.id, "approved_by": here.reviewer.id}
        for day, minutes, basis, more in ((13, 70, "witnessed", {}), (14, 50, "backfilled", later)):
            on = date(2026, 10, day)
            make.served(here.activity, here.riders[0], minutes, day=on, basis=basis, **more)
    selection = make.final(here)
    _agree(selection, here.riders[0])
    _agree(selection, here.riders[2], "unlisted")
    table = _export(roll_csv, selection, here.department).decode("utf-8-sig")
    rows = {each["姓名"]: each for each in csv.DictReader(io.StringIO(table))}
    assert [rows["王小明"][each] for each in HEADERS[2:6]] == ["本人同意全名", "300", "70", "50"]
    assert [rows["欧**华"][each] for each in HEADERS[2:6]] == ["脱敏", "200", "0", "0"]
    book = openpyxl.load_workbook(io.BytesIO(_export(roll_xlsx, selection, here.department)))
    about = {row[0].value: row[1].value for row in book["说明"].iter_rows()}
    assert about["行数"] == "列出 2 位，另有 1 位选择不列出。"


@pytest.mark.once
def test_the_workbook_bears_the_time_of_the_snapshot_and_no_other(here, clock):
    selection = make.draft(here)
    clock.advance(hours=1)
    with transaction():
        make.approve_criteria(selection_id=selection.id, by=here.reviewer, at=clock())
        make.run_selection(selection_id=selection.id, by=here.department, at=clock())
    clock.advance(hours=1)
    selection = make.published(here, make.announced(here, selection))
    book = openpyxl.load_workbook(io.BytesIO(_export(roll_xlsx, selection, here.department)))
    assert book.properties.created.isoformat() == "2026-11-24T15:02:00"


def test_an_export_made_again_by_its_id_is_the_same_bytes(here, clock):
    selection = make.final(here)
    for kind in (roll_xlsx, roll_csv, snapshot_json, "list.xlsx", "list.csv", "list.json", "internal.pdf"):
        with transaction():
            made, first = make_export(
                selection_id=selection.id, kind=kind, reason="月度上报", by=here.department, at=clock()
            )
        clock.advance(days=40)
        with transaction():
            again = export_again(export_id=made.id, by=here.department, at=clock())
        assert (first.data, first.sha256) == (again.data, again.sha256), kind


def test_the_table_opens_right_in_a_spreadsheet(here):
    selection = make.final(here)
    data = _export(roll_csv, selection, here.department)
    assert data.startswith(b"\xef\xbb\xbf")
    assert b"\r\n" in data
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert rows[0] == HEADERS
    assert {len(row) for row in rows} == {10}
    assert rows[1][8:] == ["2026-10-01", "2026-10-31"]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_never_a_formula(app, name):
    here = make.setting(300, names=[name])
    selection = make.final(here)
    _agree(selection, here.riders[0])
    book = openpyxl.load_workbook(io.BytesIO(_export(roll_xlsx, selection, here.department)))
    cell = book["荣誉名单"]["B2"]
    assert cell.data_type == "s"
    assert cell.hyperlink is None
    table = _export(roll_csv, selection, here.department).decode("utf-8-sig")
    written = list(csv.reader(io.StringIO(table)))[1][1]
    assert not written.startswith(("=", "+", "-", "@", "|", "\t", "\r"))


def test_whoever_did_not_agree_is_in_no_byte_of_any_export(here):
    selection = make.final(here)
    _agree(selection, here.riders[0])
    _agree(selection, here.riders[1], "unlisted")
    texts = _texts(_export(roll_xlsx, selection, here.department))
    texts += (
        _export(roll_csv, selection, here.department).decode()
        + _export(snapshot_json, selection, here.department).decode()
    )
    assert "王小明" in texts
    for piece in ("欧阳振华", "欧阳", "振华", "欧**华", "阿依古丽", "买买提"):
        assert piece not in texts
    _agree(selection, here.riders[0], "masked")
    again = (
        _texts(_export(roll_xlsx, selection, here.department))
        + _export(roll_csv, selection, here.department).decode()
    )
    assert "王小明" not in again


def test_each_export_leaves_a_trace(here):
    selection = make.final(here)
    for each in (roll_xlsx, roll_csv, snapshot_json):
        _export(each, selection, here.department)
    with transaction(write=False):
        traces = session.scalars(sa.select(AuditRecord).where(AuditRecord.action == "roll.exported")).all()
        assert {trace.facts["media_type"].split(";")[0] for trace in traces} == {
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "text/csv", "application/jsonl",
        }  # fmt: skip
        assert {trace.actor_id for trace in traces} == {here.department.id}


def test_exporting_takes_its_permission_and_a_signed_choice(here):
    selection = make.frozen(here)
    with pytest.raises(Forbidden):
        _export(roll_xlsx, selection, here.reviewer)
    with pytest.raises(SelectionMovedOn):
        _export(roll_xlsx, selection, here.department)


def test_the_snapshot_is_exported_as_it_was_sealed(here):
    selection = make.frozen(here)
    data = _export(snapshot_json, selection, here.department)
    assert sealing.sha256(data.decode()) == selection.snapshot_sha256
    assert make.snapshot(selection).encode() == data


def test_the_edge_hands_out_files_and_takes_consents(app, here):
    selection = make.final(here)
    with transaction():
        department, someone = city.people.person(here.department.id), city.people.person(here.riders[0].id)
    rider = city.signed_in(app, someone)
    said = rider.post("/api/v1/honours/consent", json={"selection_id": str(selection.id), "choice": "full"})
    assert said.json["consent"] == "full"
    assert rider.get(f"/api/v1/selections/{selection.id}").status_code == 404
    assert rider.get(f"/api/v1/honours/rolls/{selection.id}/mine").json["chosen"] is True
    assert rider.get("/api/v1/honours/mine").json[0]["selection"]["title"] == "十月最美骑手"
    desk = city.signed_in(app, department)
    asked = {"kind": "roll.xlsx", "reason": "月度上报"}
    made = desk.post(f"/api/v1/selections/{selection.id}/exports", json=asked, headers=city.once()).json
    sheet = desk.get(f"/api/v1/honours/exports/{made['id']}")
    assert sheet.content_type == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    assert "filename*=UTF-8''" in sheet.headers["Content-Disposition"]
    assert (
        desk.post(
            f"/api/v1/selections/{selection.id}/exports", json=asked | {"reason": ""}, headers=city.once()
        ).status_code
        == 422
    )
    assert rider.get(f"/api/v1/honours/exports/{made['id']}").status_code == 403
    public = app.test_client().get(f"/api/v1/honours/rolls/{selection.id}").json
    assert "王小明" in public["names"]
    assert "score" not in str(public)


def test_the_desk_walks_the_whole_way(app, here):
    with transaction():
        department, reviewer = city.people.person(here.department.id), city.people.person(here.reviewer.id)
    desk, review = city.signed_in(app, department), city.signed_in(app, reviewer)
    made = desk.post(
        "/api/v1/selections",
        json={
            "title_zh": "十月最美骑手",
            "region_code": city.CITY,
            "purpose": "example",
            "period_start_on": "2026-10-01",
            "period_end_on": "2026-10-31",
            "criteria": make.CRITERIA,
        },
        headers=city.once(),
    )
    assert made.status_code == 201, made.json
    path = f"/api/v1/selections/{made.json['id']}"
    assert desk.get(f"{path}/dry-run").json["candidates"] == []  # three are few
    assert (
        desk.post(f"{path}/run", headers={"Idempotency-Key": "early"}).json["code"] == "criteria-not-approved"
    )
    assert review.post(f"{path}/criteria/approval").json["criteria_approved_at"] is not None
    assert desk.post(f"{path}/run", headers={"Idempotency-Key": "run"}).json["state"] == "frozen"
    listed = review.get(f"{path}/candidates").json
    assert [each["position"] for each in listed] == [1, 2, 3]
    assert listed[0]["values"] == {"breadth.categories": 1, "hours.proven": 300}
    assert "name" not in listed[0]
    decided = review.post(
        f"{path}/candidates/{listed[2]['id']}/decision", json={"decision": "out", "reason": "材料不全"}
    )
    assert decided.json["decision"] == "out"
    assert desk.post(f"{path}/signature", json={}).status_code == 403
    for each in listed:
        assert review.put(f"{path}/candidates/{each['id']}/mark", json={"score": 80}).status_code == 200
    assert review.post(f"{path}/names").json["named_at"] is not None
    assert (
        review.post(f"{path}/signature", json={"meeting": "到会三人，一致同意"}).json["state"] == "reviewed"
    )
    assert desk.post(f"{path}/notice", json=make.CONTACT).json["code"] == "meeting-missing"
    meeting = {"held_on": "2026-11-24", "present": ["甲", "乙"], "votes_for": 2, "decision": "同意"}
    assert review.post(f"{path}/meetings", json=meeting, headers=city.once()).json["is_carried"] is True
    assert desk.post(f"{path}/notice", json={}).status_code == 422
    assert desk.post(f"{path}/notice", json=make.CONTACT).json["notice_ends_on"] == "2026-12-01"
    early = desk.post(f"{path}/notice-end")
    assert (early.status_code, early.json["code"]) == (409, "notice-running")
    assert len(desk.get("/api/v1/selections").json["items"]) == 1
    assert len(app.test_client().get("/api/v1/honours/rolls").json["items"]) == 1
