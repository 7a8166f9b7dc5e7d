"""`make exports`: every export of an honour roll as its readers see it. Prints promise → figure → verdict.

    make exports                   10,000 names on one roll, 100,000 rows in each table
    NAMES=500 ROWS=2000 make exports

A third of those on the roll agreed to be named. What pdftotext, two readers of workbooks, LibreOffice and the public
pages show is searched for everybody else's name and telephone number. The large tables are written by the shipped
command in a process of its own, whose time and memory are measured.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import openpyxl
import python_calamine
from sqlalchemy import bindparam, select, update

from app.honours.announcing import end_notice, finalise, open_notice
from app.honours.criteria import approve_criteria
from app.honours.making import KINDS
from app.honours.models import FINAL, FULL, Candidate, Mark
from app.honours.reviewing import record_meeting, show_names, sign
from app.honours.selecting import create_selection, run_selection
from app.identity.actors import Actor
from app.identity.models import Consent, Person
from app.kernel.bulk import insert_many
from app.kernel.clock import city_day, city_midnight
from app.kernel.db import disconnect, session, transaction
from app.kernel.ids import new_id
from app.kernel.paper import GlyphMissing, must_be_drawable
from app.volunteering.models import Activity, Hours
from bench import city, crowd
from bench.city import CITY, DISTRICTS
from bench.ground import Ground, on_sqlite
from bench.names import names
from bench.reading import in_office, pdf_text, plain_rows
from bench.roll import actor_of_role

START, END = date(2026, 10, 1), date(2026, 10, 31)
AGREES = 3  # every third
MOST_S, MOST_MB = 60, 300
LONG_NAME = 5
APART, PAPERS = "certificates.zip", 200  # a file for each takes a second, and says the same of each
EXPORTER = "exporter"
LONG = ("list.csv", "list.json", "list.xlsx", "roll.csv", "roll.xlsx")
CONTACT = {"contact_phone": "025-1", "contact_place": "南京", "contact_hours": "9:00"}
CRITERIA: dict[str, Any] = {
    "eligibility": {"enrolled_days": 30, "minimum_minutes": 1},
    "components": [{"source": "hours.proven", "weight": 1, "cap": 600}],
    "tie_break": ["hours.proven"],
    "quotas": [],
}


@dataclass(slots=True)
class Report:
    """What was promised, what was seen, and whether that is kept."""

    broken: int = 0

    def say(self, promise: str, figure: str, kept: bool) -> None:
        """One line, at once."""
        self.broken += not kept
        print(f"{'kept  ' if kept else 'BROKEN'}  {promise}: {figure}", flush=True)


@dataclass(frozen=True, slots=True)
class Roll:
    """A final roll, and who is on it."""

    selection_id: UUID
    named: frozenset[str]
    silent: tuple[str, ...]
    phones: tuple[str, ...]


def main() -> int:
    """All parts; the exit code says whether every promise was kept."""
    count, rows = int(os.environ.get("NAMES", "10000")), int(os.environ.get("ROWS", "100000"))
    report = Report()
    tables = [kind for kind, each in KINDS.items() if FINAL in each.states and each.names]
    for many, kinds in (
        (count, [kind for kind in tables if kind != APART]),
        (min(count, PAPERS), [APART]),
    ):
        with on_sqlite() as ground, ground.app.app_context():
            _say(f"a roll of {many:,} names")
            roll = _final(many, seed=many)
            _draw(roll, report)
            _read(ground, roll, kinds, report)
            _leave()
    with on_sqlite() as ground, ground.app.app_context():
        _say(f"a roll of {rows:,} rows")
        _measure(ground, _final(rows, seed=2), rows, report)
        _leave()
    print(f"\n{report.broken} promises broken")
    return 1 if report.broken else 0


# --- a roll ----------------------------------------------------------------------------------------------------------


def _final(count: int, *, seed: int) -> Roll:
    """A final roll with so many people on it, made by the use cases."""
    made = city.found(1)
    at = made.at
    called = names(count, seed)
    phones = [f"+8613{number:09}" for number in range(count)]
    ids = _serving(called, phones, at)
    department, reviewer = actor_of_role("department", at), actor_of_role("reviewer", at)
    with transaction():
        session.execute(update(Person).where(Person.id == department.id).values(username=EXPORTER))
        selection = create_selection(
            title_zh="十月最美骑手", region_code=CITY, purpose="example", period_start_on=START, period_end_on=END,
            criteria={"seats": count, **CRITERIA}, by=department, at=at,
        )  # fmt: skip
    _finish(selection.id, department, reviewer, at)
    _agree(selection.id, ids[::AGREES], at)
    named = called[::AGREES]
    silent = [name for number, name in enumerate(called) if number % AGREES]
    others = [phone for number, phone in enumerate(phones) if number % AGREES]
    return Roll(selection.id, frozenset(named), tuple(silent), tuple(others))


def _serving(called: Sequence[str], phones: Sequence[str], at: datetime) -> list[UUID]:
    """Riders of these names who were enrolled long ago and served in the month."""
    riders = crowd.enrol(len(called), at=at - timedelta(days=90))
    starts_at = city_midnight(START) + timedelta(hours=8)
    with transaction():
        activity = Activity(
            title_zh="值守", category="rescue", region_code=DISTRICTS[0], place_words="路口", created_at=at
        )
        session.add(activity)
        session.flush()
        insert_many(Hours, (_hours(each.id, activity.id, n, starts_at) for n, each in enumerate(riders)))
        table = Person.__table__
        told = update(Person).where(table.c.id == bindparam("b_id"))
        session.connection().execute(
            told.values(name=bindparam("b_name"), phone=bindparam("b_phone")),
            [
                {"b_id": each.id, "b_name": name, "b_phone": phone}
                for each, name, phone in zip(riders, called, phones, strict=True)
            ],
        )
    return [each.id for each in riders]


def _hours(person_id: UUID, activity_id: UUID, number: int, starts_at: datetime) -> dict[str, Any]:
    minutes = 60 + number % 400
    return {
        "id": new_id(), "person_id": person_id, "activity_id": activity_id, "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=minutes), "minutes": minutes, "basis": "proven", "state": "confirmed",
        "created_at": starts_at, "confirmed_at": starts_at,
    }  # fmt: skip


def _finish(selection_id: UUID, department: Actor, reviewer: Actor, at: datetime) -> None:
    """From the criteria to the published roll, with everybody marked."""
    later = at + timedelta(days=20)
    steps: tuple[Callable[[], object], ...] = (
        lambda: approve_criteria(selection_id=selection_id, by=reviewer, at=at),
        lambda: run_selection(selection_id=selection_id, by=department, at=at),
        lambda: _mark(selection_id, reviewer, at),
        lambda: show_names(selection_id=selection_id, by=reviewer, at=at),
        lambda: sign(selection_id=selection_id, by=reviewer, at=at),
        lambda: record_meeting(
            selection_id=selection_id, held_on=city_day(at), present=["甲", "乙"], votes_for=2, votes_against=0,
            votes_abstained=0, decision="同意", by=reviewer, at=at,
        ),
        lambda: open_notice(selection_id=selection_id, **CONTACT, by=department, at=at),
        lambda: end_notice(selection_id=selection_id, by=department, at=later),
        lambda: finalise(selection_id=selection_id, by=department, at=later),
    )  # fmt: skip
    for step in steps:
        with transaction():
            step()


def _mark(selection_id: UUID, reviewer: Actor, at: datetime) -> None:
    ids = session.scalars(select(Candidate.id).where(Candidate.selection_id == selection_id)).all()
    given = {"reviewer_id": reviewer.id, "score": 80, "comment": "", "at": at}
    insert_many(Mark, [{"id": new_id(), "candidate_id": each, **given} for each in ids])


def _agree(selection_id: UUID, ids: Iterable[UUID], at: datetime) -> None:
    """These agree to be named in full, here and in general."""
    ids = set(ids)
    with transaction():
        insert_many(
            Consent,
            (
                {"id": new_id(), "person_id": each, "purpose": "publication", "version": 1, "given": True, "at": at}
                for each in ids
            ),
        )  # fmt: skip
        for candidate in session.scalars(select(Candidate).where(Candidate.selection_id == selection_id)):
            if candidate.person_id in ids:
                candidate.consent, candidate.consented_at = FULL, at


def _draw(roll: Roll, report: Report) -> None:
    """Every character of every name has a glyph: paper refuses by name what it cannot draw."""
    characters = {each for name in (*roll.named, *roll.silent) for each in name}
    missing = [each for each in characters if not _drawable(each)]
    told = f"{len(characters):,} different characters, {len(missing)} without a glyph {''.join(missing)}"
    report.say("no glyph is missing on paper", told.rstrip(), not missing)


def _drawable(character: str) -> bool:
    try:
        must_be_drawable(character)
    except GlyphMissing:
        return False
    return True


# --- what readers see ------------------------------------------------------------------------------------------------


def _read(ground: Ground, roll: Roll, kinds: Iterable[str], report: Report) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for kind in kinds:
            file = Path(folder) / kind
            began = time.perf_counter()
            done = _export(ground, roll.selection_id, kind, file)
            if done.returncode:
                report.say(f"{kind} is made", done.stderr.decode()[-300:], False)
                continue
            took = time.perf_counter() - began
            text, more = _text(file, Path(folder), report)
            _search(f"{kind} ({file.stat().st_size / 1e6:.1f} MB, {took:.0f} s{more})", text, roll, report)
    _search("public pages and answers", _public(ground, roll), roll, report)


def _search(where: str, text: str, roll: Roll, report: Report) -> None:
    """Everybody who did not agree is in no line; those who did are there, which shows that the search can find."""
    text = text.replace(" ", "")
    joined = text.replace(
        "\n", ""
    )  # a long name may be broken over two lines; of short ones that would prove nothing
    found = _within(text, roll.silent, but=roll.named)
    found += _within(joined, [name for name in roll.silent if len(name) >= LONG_NAME], but=roll.named)
    numbers = sum(phone[3:] in joined for phone in roll.phones)
    seen = sum(name in text or (len(name) >= LONG_NAME and name in joined) for name in roll.named)
    told = f"{found} of {len(roll.silent):,} names, {numbers} of their numbers"
    agreed = f"{seen:,} of {len(roll.named):,} who agreed"
    report.say(f"no name without consent in {where}", f"{told}; {agreed}", found == numbers == 0)


def _within(text: str, silent: Sequence[str], *, but: frozenset[str]) -> int:
    """How many of these names stand in the text, other than as a part of a longer name whose owner agreed."""
    found = [name for name in silent if name in text]
    if not found:
        return 0
    longer = sorted((each for each in but if any(name in each for name in found)), key=len, reverse=True)
    if longer:  # which may itself be broken over two lines
        text = re.sub("|".join("\n?".join(map(re.escape, each)) for each in longer), "\x00", text)
    return sum(name in text for name in found)


def _text(file: Path, folder: Path, report: Report) -> tuple[str, str]:
    """(everything that a reader gets out of the file, what else is worth saying about it)."""
    if file.suffix == ".pdf":
        return pdf_text(file), ""
    if file.suffix == ".zip":
        with zipfile.ZipFile(file) as bundle:
            parts = bundle.namelist()
            bundle.extractall(folder / "apart")
        return "".join(parts) + "".join(
            pdf_text(folder / "apart" / each) for each in parts
        ), f", {len(parts):,} files"
    if file.suffix == ".xlsx":
        return _workbook(file, folder, report), ""
    return file.read_text("utf-8"), ""


def _workbook(file: Path, folder: Path, report: Report) -> str:
    """What two readers and an office program agree on."""
    book = openpyxl.load_workbook(file, read_only=True)
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    formulas = sum(cell.data_type == "f" for cell in cells)
    rows = plain_rows(row for sheet in book.worksheets for row in sheet.iter_rows(values_only=True))
    other = python_calamine.CalamineWorkbook.from_path(str(file))
    theirs = plain_rows(
        row for name in other.sheet_names for row in other.get_sheet_by_name(name).to_python()
    )
    report.say(f"two readers agree on {file.name}", f"{len(rows):,} rows", rows == theirs)
    report.say(f"no formula in {file.name}", f"{formulas} of {len(cells):,} cells", not formulas)
    opened = in_office(file, folder)
    same = bool(opened) and all(mine == found for mine, found in zip(rows, opened, strict=False))
    report.say(f"LibreOffice shows the same of {file.name}", f"{len(opened):,} rows", same)
    return "\n".join("\t".join(row) for row in rows)


def _public(ground: Ground, roll: Roll) -> str:
    visitor = ground.app.test_client()
    paths = ("/honours", f"/honours/{roll.selection_id}", f"/api/v1/honours/rolls/{roll.selection_id}")
    return "\n".join(visitor.get(path).get_data(as_text=True) for path in paths)


# --- long tables -----------------------------------------------------------------------------------------------------


def _measure(ground: Ground, roll: Roll, rows: int, report: Report) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for kind in LONG:
            file = Path(folder) / kind
            began = time.perf_counter()
            done = _export(ground, roll.selection_id, kind, file)
            took = time.perf_counter() - began
            told = done.stderr.decode()
            used = _USED.search(told)
            peak, cpu = (int(used[1]), used[2]) if used else (0, "?")
            report.say(
                f"{kind} of {rows:,} rows in {MOST_S} s and {MOST_MB} MB",
                f"{took:.1f} s ({cpu} s of CPU), {peak} MB, "
                f"{file.stat().st_size / 1e6 if file.exists() else 0:.1f} MB on the disk",
                done.returncode == 0 and took <= MOST_S and peak <= MOST_MB,
            )
            if done.returncode:
                _say(told[-300:])


def _export(ground: Ground, selection_id: UUID, kind: str, file: Path) -> subprocess.CompletedProcess[bytes]:
    """The shipped command, measured: its highest memory and its CPU are the last line of what it says."""
    command = [
        *(sys.executable, "-c", _MEASURED, "--app", "wsgi", "honours", "export", str(selection_id), kind),
        *("--by", EXPORTER, "--reason", "核对", "--personal", "--out", str(file)),
    ]
    return subprocess.run(command, env=dict(ground.env), capture_output=True, check=False)


# VmHWM, not ru_maxrss: that one begins with what the bench itself held when it started the command.
_MEASURED = """
import atexit, pathlib, re, sys, time
from flask.cli import main
def say():
    peak = re.search(r"VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1]
    print(f"peak {int(peak) // 1024} MB, {time.process_time():.1f} s of CPU", file=sys.stderr)
atexit.register(say)
sys.argv[0] = "flask"
main()
"""


_USED = re.compile(r"^peak (\d+) MB, ([\d.]+) s of CPU$", re.MULTILINE)


def _say(words: str) -> None:
    print(f"  {words}", file=sys.stderr, flush=True)


def _leave() -> None:
    session.remove()
    disconnect()


if __name__ == "__main__":
    sys.exit(main())
