"""Long exports: made by a job part by part, told on a page, kept for a day, never handed out with a name taken back."""

from __future__ import annotations

import io
import re
from uuid import UUID

import openpyxl
import pytest
import sqlalchemy as sa

from app.audit.models import AuditRecord
from app.honours import exporting, fetching, listing, making, queries, snapshots
from app.honours.consenting import answer
from app.honours.errors import ExportFailed, ExportNotReady
from app.identity.consent import answer_consent
from app.kernel import clock, working
from app.kernel.db import session, transaction
from app.kernel.errors import Forbidden
from app.kernel.jobs import Job
from tests import make as city
from tests.honours import make


@pytest.fixture
def here(app, monkeypatch):
    """Everything is long, and a part holds two people."""
    kinds = {
        name: making.Kind(kind.media_type, kind.states, kind.write, kind.names, 0)
        for name, kind in making.KINDS.items()
    }
    monkeypatch.setattr(exporting, "KINDS", kinds)
    monkeypatch.setattr(snapshots, "PART_LINES", 2)
    return make.setting(300, 200, 150, 100, 90, names=["王小明", "欧阳振华", "李雷", "韩梅梅", "赵一"])


def _order(selection, kind, by):
    with transaction():
        asked, file = exporting.make_export(
            selection_id=selection.id, kind=kind, reason="月度上报", by=by, at=clock.now()
        )
        assert file is None
        return asked.id


def _fetch(export_id, by):
    with transaction():
        file = exporting.export_again(export_id=export_id, by=by, at=clock.now())
        return b"".join(file.data), file


def _not_ready(export_id, by):
    with pytest.raises(ExportNotReady):
        working.in_transaction(lambda: exporting.export_again(export_id=export_id, by=by, at=clock.now()))


def _progress(export_id, by):
    with transaction(write=False):
        return fetching.progress_of(exporting.export_for(export_id, by)[0])


def _answer(someone, given):
    with transaction():
        answer_consent(purpose="publication", given=given, by=city.actor(someone), at=clock.now())


def test_a_long_export_is_the_same_file_as_a_short_one(here):
    selection = make.final(here)
    for kind in making.KINDS:
        export_id = _order(selection, kind, here.department)
        _not_ready(export_id, here.department)
        assert [each.why for each in working.run_due(at=clock.now())].count(None) > 0
        data, file = _fetch(export_id, here.department)
        assert len(data) == file.size
        with transaction(write=False):
            asked, about = exporting.export_for(export_id, here.department)
            short = exporting._made(asked, about)
        assert data == short.data, kind


def test_it_tells_how_far_it_is_and_holds_one_part_at_a_time(here, monkeypatch):
    selection = make.frozen(here)
    export_id = _order(selection, "list.xlsx", here.department)
    seen, held = [], []
    real = snapshots.part

    def watched(sealed, number):
        lines = real(sealed, number)
        held.append(len(lines))
        return lines

    monkeypatch.setattr(snapshots, "part", watched)
    told = fetching._tell
    monkeypatch.setattr(fetching, "_tell", lambda export_id, done: (seen.append(done), told(export_id, done)))
    working.run_due(at=clock.now())
    assert max(held) == 2
    assert seen == sorted(seen)
    assert {2, 4} <= set(seen)
    assert _progress(export_id, here.department).state == "ready"


def test_a_long_roll_is_read_a_few_people_at_a_time_and_is_the_same_file(here, monkeypatch):
    selection = make.final(here)
    export_id = _order(selection, "roll.xlsx", here.department)
    with transaction(write=False):
        whole = exporting._made(*exporting.export_for(export_id, here.department)).data
    monkeypatch.setattr(queries, "READ_AT_ONCE", 2)
    read, seen = [], []
    real, told = queries.on_roll, fetching._tell
    monkeypatch.setattr(
        queries, "on_roll", lambda about, ids, **how: (read.append(len(ids)), real(about, ids, **how))[1]
    )
    monkeypatch.setattr(fetching, "_tell", lambda export_id, done: (seen.append(done), told(export_id, done)))
    working.run_due(at=clock.now())
    assert read == [2, 1]
    assert {2, 3} <= set(seen)
    assert _fetch(export_id, here.department)[0] == whole


def test_nothing_is_open_between_two_parts(here, monkeypatch):
    selection = make.frozen(here)
    _order(selection, "list.csv", here.department)
    real = listing.sheets.csv_rows
    monkeypatch.setattr(
        listing.sheets, "csv_rows", lambda rows: (real(rows), session().in_transaction() and 1 / 0)[0]
    )
    assert not [each.why for each in working.run_due(at=clock.now()) if each.why]


def test_a_kept_file_with_a_name_that_was_taken_back_is_made_again(here):
    selection = make.final(here)
    someone = here.riders[0]
    acting = make.acting(someone)
    with transaction():
        answer(selection_id=selection.id, choice="full", by=acting, at=clock.now())
    export_id = _order(selection, "roll.csv", here.department)
    working.run_due(at=clock.now())
    assert "王小明" in _fetch(export_id, here.department)[0].decode()
    _answer(someone, given=False)
    _not_ready(export_id, here.department)
    working.run_due(at=clock.now())
    assert "王小明" not in _fetch(export_id, here.department)[0].decode()


def test_a_file_lies_there_for_a_day_where_nobody_else_reads_it(here, clock):
    selection = make.frozen(here)
    export_id = _order(selection, "list.json", here.department)
    working.run_due(at=clock())
    (kept,) = fetching.folder().glob(f"{export_id}*")
    assert kept.stat().st_mode & 0o77 == 0
    left = fetching.folder() / f"{export_id}-x.part"
    left.write_bytes(b"of a killed worker")
    clock.advance(hours=25)
    with transaction():
        assert fetching.forget_expired(at=clock()) == 1
    assert not kept.exists()
    assert not left.exists()
    _not_ready(export_id, here.department)
    working.run_due(at=clock())
    assert _fetch(export_id, here.department)[0].startswith(b'{"list":[')


def test_a_file_that_cannot_be_made_says_why(here):
    selection = make.final(here)
    with transaction():
        city.people.person(here.riders[0].id).name = "\U0010fffd"
    acting = make.acting(here.riders[0])
    with transaction():
        answer(selection_id=selection.id, choice="full", by=acting, at=clock.now())
    export_id = _order(selection, "certificates.pdf", here.department)
    working.run_due(at=clock.now())
    with pytest.raises(ExportFailed), transaction():
        exporting.export_again(export_id=export_id, by=here.department, at=clock.now())
    assert _progress(export_id, here.department).why == "glyph-missing"
    assert not list(fetching.folder().glob(f"{export_id}*"))


def test_only_who_may_export_there_sees_or_fetches_it_and_each_fetch_leaves_a_trace(here):
    selection = make.frozen(here)
    export_id = _order(selection, "list.csv", here.department)
    working.run_due(at=clock.now())
    with pytest.raises(Forbidden), transaction():
        exporting.export_again(export_id=export_id, by=here.reviewer, at=clock.now())
    _, file = _fetch(export_id, here.department)
    with transaction(write=False):
        traces = session.scalars(sa.select(AuditRecord).order_by(AuditRecord.id)).all()
        mine = [each for each in traces if each.action.startswith("roll.export")]
        assert [each.action for each in mine] == ["roll.export-ordered", "roll.exported-again"]
        assert mine[1].facts["sha256"] == file.sha256
        assert {each.facts["reason"] for each in mine} == {"月度上报"}


def test_the_page_orders_tells_and_hands_out(app, here):
    selection = make.frozen(here)
    with transaction():
        department = city.people.person(here.department.id)
    desk = city.signed_in(app, department)
    path = f"/desk/honours/{selection.id}"
    token = re.search(r'name="csrf_token" value="([^"]+)"', desk.get(path).text)
    form = {"kind": "list.xlsx", "reason": "月度上报"}
    if token:
        form["csrf_token"] = token.group(1)
    gone = desk.post(f"{path}/exports", data=form)
    assert gone.status_code == 303
    page = gone.location.split("?")[0]
    assert 'http-equiv="refresh"' in desk.get(page).text
    assert desk.get(f"{page}/file").status_code == 303
    api = f"/api/v1/honours/exports/{page.rsplit('/', 1)[1]}"
    assert desk.get(f"{api}/progress").json["state"] == "waiting"
    assert desk.get(api).json["code"] == "export-not-ready"
    working.run_due(at=clock.now())
    assert 'http-equiv="refresh"' not in desk.get(page).text
    assert desk.get(f"{api}/progress").json["state"] == "ready"
    sheet = desk.get(f"{page}/file")
    assert int(sheet.headers["Content-Length"]) == len(sheet.data)
    assert openpyxl.load_workbook(io.BytesIO(sheet.data))["评选名单"].max_row == 6


def test_a_worker_that_dies_leaves_the_job_to_another(here, monkeypatch):
    selection = make.frozen(here)
    export_id = _order(selection, "list.csv", here.department)
    monkeypatch.setattr(fetching, "_digest", lambda _path: 1 / 0)
    working.run_due(at=clock.now())
    assert _progress(export_id, here.department).state == "waiting"
    monkeypatch.undo()
    with transaction():
        again = session.scalars(sa.select(Job).where(Job.kind == fetching.MAKE)).one()
        assert again.why.startswith("ZeroDivisionError")
        again.run_at = clock.now()
    working.run_due(at=clock.now())
    assert _progress(export_id, here.department).state == "ready"


def test_the_command_writes_the_same_file(app, here, tmp_path):
    selection = make.frozen(here)
    with transaction():
        city.people.person(here.department.id).username = "sun"
    out = tmp_path / "list.csv"
    asked = ["honours", "export", str(selection.id), "list.csv", "--by", "sun", "--reason", "核对"]
    said = app.test_cli_runner().invoke(args=[*asked, "--out", str(out)])
    assert said.exit_code == 0, said.output
    with transaction(write=False):
        found, about = exporting.export_for(UUID(said.stdout.strip()), here.department)
        assert out.read_bytes() == exporting._made(found, about).data
    refused = app.test_cli_runner().invoke(args=[*asked[:5], "nobody", *asked[6:], "--out", str(out)])
    assert refused.exit_code == 1
    with transaction(write=False):
        assert out.read_bytes() == exporting._made(found, about).data, "what stood there still does"


@pytest.mark.once
def test_the_command_gives_nobody_what_the_desk_would_not(app, here, tmp_path):
    with transaction():
        for each, username in ((here.department, "sun"), (here.reviewer, "wu")):
            city.people.person(each.id).username = username
    sealed, final = make.frozen(here), make.final(here, title_zh="再选")
    out = tmp_path / "roll.csv"
    for about, username, may in ((sealed, "sun", False), (final, "wu", False), (final, "sun", True)):
        asked = [str(about.id), "roll.csv", "--by", username, "--reason", "核对", "--out", str(out)]
        said = app.test_cli_runner().invoke(args=["honours", "export", *asked])
        assert (said.exit_code == 0, out.exists()) == (may, may), said.output
    assert list(tmp_path.iterdir()) == [out], "what was begun in vain is gone"
    with transaction(write=False):
        kept = session.query(AuditRecord).filter_by(action="roll.exported").one()
        assert (kept.subject, kept.actor_id) == (f"selection:{final.id}", here.department.id)
