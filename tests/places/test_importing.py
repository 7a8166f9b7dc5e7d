"""The official divisions: all of a file or nothing, twice changes nothing, a bad row is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.cli.city import read_divisions
from app.kernel.db import session, transaction
from app.places.errors import BadRow
from app.places.importing import import_divisions
from app.places.models import Region

NANJING = Path(__file__).parents[2] / "data" / "nanjing_divisions.csv"
HEADER = "code,name,level,parent_code"


def take(*rows: str):
    with transaction():
        return import_divisions(lines=[f"{row}\n" for row in (HEADER, *rows)], file="divisions.csv")


def count(level: str | None = None) -> int:
    with transaction(write=False):
        chosen = select(func.count()).select_from(Region)
        return session.scalar(chosen.where(Region.level == level) if level else chosen) or 0


def test_it_reads_the_real_nanjing(app):
    with NANJING.open(encoding="utf-8") as lines, transaction():
        result = import_divisions(lines=lines, file=NANJING.name)
    assert result.added == 1474
    assert [count(level) for level in ("city", "district", "subdistrict", "community")] == [1, 11, 140, 1322]
    with transaction(write=False):
        assert session.get(Region, "320102002001").path == "3201/320102/320102002/320102002001/"


def test_it_changes_nothing_the_second_time(app):
    take("3201,南京市,city,32", "320102,玄武区,district,3201")
    again = take("3201,南京市,city,32", "320102,玄武区,district,3201")
    assert (again.added, again.changed, again.unchanged) == (0, 0, 2)


def test_it_takes_rows_in_any_order(app):
    assert take("320102,玄武区,district,3201", "3201,南京市,city,32").added == 2


def test_it_takes_a_new_name(app):
    take("3201,南京市,city,32")
    assert take("3201,南京,city,32").changed == 1


def test_a_later_file_may_build_on_an_earlier_one(app):
    take("3201,南京市,city,32")
    assert take("320102,玄武区,district,3201").added == 1


NANJING_ROWS = ["3201,南京市,city,32", "320102,玄武区,district,3201", "320104,秦淮区,district,3201"]
MEIYUAN_ROWS = ["320102002,梅园新村街道,subdistrict,320102", "320102002001,梅园社区,community,320102002"]


@pytest.mark.once
@pytest.mark.parametrize("told", [MEIYUAN_ROWS, MEIYUAN_ROWS[:1]], ids=["all of it", "its top only"])
def test_what_lies_in_a_region_moves_with_it(app, told):
    """Who may see what in a community is judged by its path."""
    take(*NANJING_ROWS, *MEIYUAN_ROWS)
    moved = take(*(row.replace("subdistrict,320102", "subdistrict,320104") for row in told))
    assert (moved.added, moved.changed, moved.unchanged) == (0, 2, 0)
    with transaction(write=False):
        paths = [session.get(Region, code).path for code in ("320102002", "320102002001")]
    assert paths == ["3201/320104/320102002/", "3201/320104/320102002/320102002001/"]


@pytest.mark.once
def test_the_line_that_is_not_utf8_is_named(app, tmp_path):
    file = tmp_path / "divisions.csv"
    rows = [HEADER, *NANJING_ROWS]
    file.write_bytes("\n".join(rows).encode() + b"\n320105,\xbd\xa8\xda\xfe,district,3201\n")
    with pytest.raises(BadRow) as refused:
        read_divisions(file)
    assert (refused.value.facts["line"], refused.value.facts["reason"]) == (5, "the file is not UTF-8")
    assert count() == 0


@pytest.mark.parametrize(
    ("row", "line"),
    [
        ("320102,玄武区,district", 3),
        ("32010x,玄武区,district,3201", 3),
        ("320102,,district,3201", 3),
        ("320102,玄武区,county,3201", 3),
        ("320102,玄武区,district,9999", 3),
        ("320102002,梅园,subdistrict,3201", 3),
        ("3201,又一个南京,city,32", 3),
        ('320102,"玄武区,district,3201', 3),
        ("320102," + "长" * 101 + ",district,3201", 3),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_taken(app, row, line):
    with pytest.raises(BadRow) as refused:
        take("3201,南京市,city,32", row)
    assert (refused.value.facts["file"], refused.value.facts["line"]) == ("divisions.csv", line)
    assert refused.value.facts["reason"]
    assert count() == 0


@pytest.mark.parametrize("lines", [["id,name\n"], []], ids=["another one", "none"])
def test_a_wrong_header_is_refused(app, lines):
    with pytest.raises(BadRow) as refused, transaction():
        import_divisions(lines=lines, file="x.csv")
    assert (refused.value.facts["file"], refused.value.facts["line"]) == ("x.csv", 1)


@pytest.mark.once
def test_a_file_of_headers_only_holds_no_division_and_one_from_a_spreadsheet_is_read(app):
    with pytest.raises(BadRow):
        take()
    with transaction():
        lines = [f"\ufeff{HEADER}\n", "\n", " 3201 , 南京市 ,city,\n", "3202,无锡市,city,\n"]
        assert import_divisions(lines=lines, file="x.csv").added == 2


@pytest.mark.once
def test_a_code_that_stands_twice_is_named_with_both_its_lines(app):
    with pytest.raises(BadRow) as refused:
        take("3201,南京市,city,32", "320102,玄武区,district,3201", "3201,南京市,city,32")
    assert refused.value.facts["line"] == 4
    assert "first in line 2" in refused.value.facts["reason"]
