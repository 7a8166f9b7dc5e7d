"""A settlement statement, of a station or a merchant, as PDF and XLSX: drawn from its sealed facts alone.

Asked again it is the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any, Protocol

from app.kernel.i18n import format_number, say
from app.kernel.sheets import About, Cell, Column, Listing, workbook
from app.rewards.books.settling import SUMS
from app.rewards.redemption import HAND_OVER_KIND, REFUNDED_KIND, UNDONE_KIND

if TYPE_CHECKING:
    from app.kernel.paper import Paper

PDF = "application/pdf"

_COUNTED = (HAND_OVER_KIND, UNDONE_KIND, REFUNDED_KIND)


class Sealed(Protocol):
    """A statement: what it says, and the checksum of that."""

    @property
    def facts(self) -> Any: ...
    @property
    def sha256(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class Totalled:
    """So many hand-overs, undos and refunds, and the points they come to."""

    name: str
    handed_over: int
    undone: int
    refunded: int
    points: int

    @property
    def cells(self) -> tuple[str, int, int, int, int]:
        return self.name, self.handed_over, self.undone, self.refunded, self.points


def statement_pdf(made: Sealed) -> bytes:
    """The statement to sign on: what is owed and how it comes about, per reward and per day."""
    from app.kernel.paper import Paper

    facts = made.facts
    paper = Paper(
        title=_word("title", number=facts["number"]), made_at=datetime.fromisoformat(facts["made_at"])
    )
    paper.heading(_word("heading"), align="C")
    paper.rows([_word("about"), ""], [list(pair) for pair in _about(made)], widths=(1, 3))
    paper.heading(_word("sums"), level=2)
    paper.rows(
        [_word("item"), _word("points")],
        [[_word(name), format_number(_signed(name, facts["sums"][name]))] for name in SUMS],
        widths=(3, 1),
        aligns=("L", "R"),
    )
    if "stations" in facts:
        _write_stations(paper, facts)
    for heading, totals in ((_word("by-reward"), by_reward(facts)), (_word("by-day"), by_day(facts))):
        paper.heading(heading, level=2)
        paper.rows(
            _heads(heading),
            [
                [cell if isinstance(cell, str) else format_number(cell) for cell in each.cells]
                for each in totals
            ],
            widths=(3, 1, 1, 1, 1.2),
            aligns=("L", "R", "R", "R", "R"),
        )
    paper.say(_word("checksum-note", sha256=made.sha256), size_pt=8)
    paper.signatures(
        [
            _word("for-merchant" if "stations" in facts else "for-station"),
            _word("for-department"),
            _word("date"),
        ]
    )
    return paper.bytes()


def _write_stations(paper: Paper, facts: Mapping[str, Any]) -> None:
    paper.heading(_word("by-station"), level=2)
    paper.rows(
        _station_heads(),
        [[name, *(format_number(each) for each in numbers)] for name, *numbers in _by_station(facts)],
        widths=(3, 1, 1, 1, 1, 1),
        aligns=("L", "R", "R", "R", "R", "R"),
    )


def statement_xlsx(made: Sealed) -> bytes:
    """The same with every single entry, to be reconciled by whoever wants to."""
    facts = made.facts
    sums: list[Sequence[Cell]] = [[_word(name), _signed(name, facts["sums"][name])] for name in SUMS]
    return workbook(
        title=_word("title", number=facts["number"]),
        made_at=datetime.fromisoformat(facts["made_at"]),
        sheets=[
            Listing(_word("sums"), [Column(_word("item"), 24), Column(_word("points"))], sums),
            *_stations(facts),
            _totals(_word("by-reward"), by_reward(facts)),
            _totals(_word("by-day"), by_day(facts)),
            _entries(facts["lines"]),
            About(_word("about"), [*_about(made), (_word("checksum"), made.sha256)]),
        ],
    )


def by_reward(facts: Mapping[str, Any]) -> list[Totalled]:
    """What went over the counter, per reward."""
    return _grouped(facts, lambda line: line["reward"]["zh"])


def by_day(facts: Mapping[str, Any]) -> list[Totalled]:
    """What went over the counter, per city day."""
    return _grouped(facts, lambda line: line["at"][:10])


def _grouped(facts: Mapping[str, Any], key: Any) -> list[Totalled]:
    counted = [line for line in facts["lines"] if line["kind"] in _COUNTED and line["reward"]]
    return [_totalled(name, list(lines)) for name, lines in groupby(sorted(counted, key=key), key)]


def _totalled(name: str, lines: Sequence[Mapping[str, Any]]) -> Totalled:
    handed_over, undone, refunded = (sum(line["kind"] == kind for line in lines) for kind in _COUNTED)
    return Totalled(name, handed_over, undone, refunded, sum(line["points"] for line in lines))


def _totals(name: str, totals: Iterable[Totalled]) -> Listing:
    columns = [Column(head, 24 if number == 0 else 12) for number, head in enumerate(_heads(name))]
    return Listing(name, columns, [each.cells for each in totals])


def _stations(facts: Mapping[str, Any]) -> list[Listing]:
    """One more sheet on a merchant's: what each station closes with, and the checksum of its own statement."""
    if "stations" not in facts:
        return []
    seals = [each["sha256"] for each in facts["stations"]]
    heads = [*_station_heads(), _word("checksum")]
    columns = [Column(head, 24 if number in (0, len(heads) - 1) else 12) for number, head in enumerate(heads)]
    rows = [[*row, sha256] for row, sha256 in zip(_by_station(facts), seals, strict=True)]
    return [Listing(_word("by-station"), columns, rows)]


def _by_station(facts: Mapping[str, Any]) -> list[tuple[str, int, int, int, int, int]]:
    return [
        (
            f"{each['name']} {each['number']}",
            sums["opening"],
            sums["captured"],
            -(sums["undone"] + sums["refunded"]),
            sums["other"] - sums["paid"],
            sums["closing"],
        )
        for each in facts["stations"]
        for sums in [each["sums"]]
    ]


def _station_heads() -> list[str]:
    names = ("opening", "captured", "taken-back", "paid-and-other", "closing")
    return [_word("station"), *(_word(name) for name in names)]


def _entries(lines: Sequence[Mapping[str, Any]]) -> Listing:
    columns = [
        Column(_word("at"), 18),
        Column(_word("item"), 16),
        Column(_word("reward"), 20),
        Column(_word("points"), 10),
        Column(_word("entry"), 40),
        *([Column(_word("station"), 20)] if _is_merchants(lines) else []),
    ]
    rows: list[Sequence[Cell]] = [
        [
            datetime.fromisoformat(line["at"]),
            say(f"rewards.kind-of-entry.{line['kind']}", "zh") if line["kind"] in _KNOWN else line["kind"],
            line["reward"]["zh"] if line["reward"] else None,
            line["points"],
            line["entry"],
            *([line["station"]] if _is_merchants(lines) else []),
        ]
        for line in lines
    ]
    return Listing(_word("entries"), columns, rows)


def _is_merchants(lines: Sequence[Mapping[str, Any]]) -> bool:
    return any("station" in line for line in lines)


_KNOWN = (*_COUNTED, "settlement-paid")


def _about(made: Sealed) -> list[tuple[str, str]]:
    facts = made.facts
    month = date.fromisoformat(f"{facts['month']}-01")
    return [
        (_word("number"), facts["number"]),
        *_party(facts),
        (_word("month"), _word("year-month", year=str(month.year), month=month.month)),
        (_word("made-at"), facts["made_at"][:16].replace("T", " ")),
    ]


def _party(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """With whom it is settled."""
    if "merchant" in facts:
        return [(_word("merchant"), facts["merchant"]["name"]), (_word("region"), facts["region"])]
    station = facts["station"]
    return [(_word("station"), station["name"]), (_word("address"), facts["region"] + station["address"])]


def _heads(first: str) -> list[str]:
    return [first, *(_word(name) for name in ("handed-over", "undone", "refunded", "points"))]


def _signed(name: str, points: int) -> int:
    """Undone, refunded and paid points lower what is owed: on paper they carry their sign."""
    return -points if name in ("undone", "refunded", "paid") else points


def _word(name: str, **facts: Any) -> str:
    return say(f"rewards.statement.{name}", "zh", **facts)
