"""Workbooks and tables: no formulas, real dates, nothing but the arguments decides the bytes."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime

import openpyxl
import pytest

from app.kernel import sheets

AT = datetime(2026, 11, 24, 6, 2, tzinfo=UTC)
HOSTILE = [
    "=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\u3000=1+1", "\xa0\r\n+1+1", "\uff1d1+1", " \uff0b1+1", "\uff0d1+1",
    "\uff20SUM(A1)", "http://a.cn", "013800000000",
]  # fmt: skip


def book(rows):
    columns = [sheets.Column("名称"), sheets.Column("数量", 8), sheets.Column("日期"), sheets.Column("时间")]
    return sheets.workbook(
        title="测试",
        made_at=AT,
        sheets=[sheets.Listing("名单", columns, rows), sheets.About("说明", [("标题", "=1+1")])],
    )


def test_the_same_arguments_give_the_same_bytes():
    assert book([["水", 1, None, None]]) == book([["水", 1, None, None]])
    assert book([["水", 1, None, None]]) != book([["水", 2, None, None]])


def test_cells_have_their_types_and_the_header_stays_in_sight():
    sheet = openpyxl.load_workbook(io.BytesIO(book([["水", 3, date(2026, 11, 1), AT]])))["名单"]
    assert [cell.data_type for cell in sheet[2]] == ["s", "n", "d", "d"]
    assert sheet["D2"].value == datetime(2026, 11, 24, 14, 2)  # noqa: DTZ001 -- the city's wall clock
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:D2")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_is_never_a_formula(text):
    loaded = openpyxl.load_workbook(io.BytesIO(book([[text, 1, None, None]])))
    assert loaded["名单"]["A2"].data_type == "s"
    assert loaded["说明"]["B1"].data_type == "s"
    table = sheets.csv_table(["a"], [[text]]).decode("utf-8-sig")
    written = list(csv.reader(io.StringIO(table)))[1][0]
    assert written[:1].isalnum() or written[0] == "'"


def test_the_table_begins_with_the_mark_excel_looks_for():
    data = sheets.csv_table(["天", "空"], [[date(2026, 11, 1), None], [AT, 3]])
    assert data == "\ufeff天,空\r\n2026-11-01,\r\n2026-11-24 14:02,3\r\n".encode()
