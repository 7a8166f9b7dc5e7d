"""The official divisions: all of a file or nothing, twice changes nothing, a bad row is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

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


def test_a_wrong_header_is_refused(app):
    with pytest.raises(BadRow), transaction():
        import_divisions(lines=["id,name\n"], file="x.csv")
