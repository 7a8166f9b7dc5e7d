"""The roll on paper: the public notice, the internal list with its signatures, and the certificates."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import IO, TYPE_CHECKING

from app.codes import drawing
from app.codes.kinds import certificate
from app.honours import queries
from app.honours.models import Meeting, Selection
from app.honours.queries import OnRoll, Roll
from app.identity.queries import masked_name
from app.kernel import i18n
from app.kernel.clock import city_day
from app.places.queries import full_name

if TYPE_CHECKING:
    from app.kernel.paper import Paper

QR_MM = 32.0


def notice(roll: Roll, locale: str = "zh") -> bytes:
    """The public notice: who is meant, masked; why; how to object. No points, no order that says anything."""
    from app.kernel.paper import Paper

    selection, word = roll.selection, partial(_in, locale)
    title = (locale == "en" and selection.title_en) or selection.title_zh
    foot = word("paper.checked", sha256=(selection.snapshot_sha256 or "")[:16])
    paper = Paper(title=title, made_at=_moment(selection), foot=foot, by_word=locale == "en")
    paper.heading(word("paper.notice-title", title=title), align="C")
    paper.say(word(
        "paper.notice-words",
        region=full_name(selection.region_code), start=selection.period_start_on, end=selection.period_end_on,
        first=selection.notice_starts_on or "—", last=selection.notice_ends_on or "—",
    ))  # fmt: skip
    header = [word("column.pseudonym"), word("column.name"), word("column.deeds")]
    rows = [
        [each.candidate.pseudonym, masked_name(each.person.name), _deeds(each, locale)]
        for each in roll.listed
    ]
    paper.rows(header, rows, widths=(3, 3, 6))
    paper.say(word("paper.notice-objecting"))
    if selection.contact_phone:
        phone, place, hours = selection.contact_phone, selection.contact_place, selection.contact_hours
        paper.say(word("paper.notice-contact", phone=phone, place=place or "", hours=hours or ""))
    return paper.bytes()


def internal(roll: Roll) -> bytes:
    """The list for the file, with the figures, the record of the meeting and lines to sign on."""
    from app.kernel.paper import Paper

    selection = roll.selection
    paper = Paper(
        title=selection.title_zh, made_at=_moment(selection), landscape=True, foot=_checked(selection)
    )
    paper.heading(_zh("paper.internal-title", title=selection.title_zh))
    paper.say(
        _zh(
            "paper.internal-words", number=selection.criteria_version.number, sha256=selection.criteria_sha256
        )
    )
    header = [_zh(f"column.{each}") for each in ("pseudonym", "name", "score", "deeds", "decision")]
    rows = [
        [each.candidate.pseudonym, each.name, str(each.candidate.score), _deeds(each), each.candidate.reason]
        for each in roll.listed
    ]
    paper.rows(header, rows, widths=(3, 3, 2, 6, 6))
    meetings = [_meeting(each) for each in queries.meetings_of(selection.id)]
    if said := [*meetings[:1], *filter(None, [selection.meeting])]:
        paper.heading(_zh("paper.meeting"), level=2)
        for words in said:
            paper.say(words)
    paper.signatures([_zh(f"paper.sign-{each}") for each in ("maker", "reviewer", "head")])
    return paper.bytes()


def certificates(roll: Roll) -> bytes:
    """All certificates, one page each, ready to print."""
    from app.kernel.paper import Paper

    paper = Paper(
        title=roll.selection.title_zh,
        made_at=_moment(roll.selection),
        landscape=True,
        foot="",
        numbered=False,
    )
    for number, each in enumerate(_certified(roll)):
        if number:
            paper.add_page()
        _certificate(paper, each, roll.selection)
    return paper.bytes()


def write_certificates_apart(file: IO[bytes], roll: Roll, *, one_more: Callable[[], None]) -> None:
    """A ZIP with a file for each certificate; the names of the files name nobody. Only one is in memory at a time."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
        for each in _certified(roll):
            entry = zipfile.ZipInfo(
                f"{each.candidate.pseudonym}.pdf", _moment(roll.selection).timetuple()[:6]
            )
            bundle.writestr(entry, one_certificate(each, roll.selection))
            one_more()


def one_certificate(listed: OnRoll, selection: Selection) -> bytes:
    """One certificate. Its name is tried first: a paper that is begun and not finished keeps its fonts open."""
    from app.kernel.paper import Paper, must_be_drawable

    must_be_drawable(listed.name)
    paper = Paper(
        title=selection.title_zh, made_at=_moment(selection), landscape=True, foot="", numbered=False
    )
    _certificate(paper, listed, selection)
    return paper.bytes()


def _certified(roll: Roll) -> Sequence[OnRoll]:
    return [each for each in roll.listed if each.honour is not None and each.honour.token is not None]


def _certificate(paper: Paper, listed: OnRoll, selection: Selection) -> None:
    assert listed.honour is not None
    token = str(listed.honour.token)
    paper.set_draw_color(138, 31, 75)
    paper.set_line_width(1.2)
    paper.rect(10, 10, paper.w - 20, paper.h - 20)
    paper.set_y(34)
    paper.say(_zh("paper.certificate"), size_pt=34, bold=True, align="C", after_mm=8)
    paper.say(listed.name, size_pt=26, bold=True, align="C", after_mm=6)
    period = {"start": selection.period_start_on, "end": selection.period_end_on}
    words = _zh("paper.certificate-words", title=selection.title_zh, **period)
    paper.say(words, size_pt=15, align="C", after_mm=6)
    paper.set_y(paper.h - 62)
    paper.say(_zh("issuer"), size_pt=13, align="C")
    paper.say(city_day(listed.honour.granted_at).isoformat(), size_pt=12, align="C")
    paper.say(_zh("paper.certificate-number", number=token), size_pt=10, align="C")
    paper.modules(
        drawing.matrix(certificate.make(token)), x=paper.w - 24 - QR_MM, y=paper.h - 24 - QR_MM, side_mm=QR_MM
    )


def _meeting(held: Meeting) -> str:
    return _zh(
        "paper.meeting-words", day=held.held_on, present=_zh("paper.and").join(held.present), decision=held.decision,
        yes=held.votes_for, no=held.votes_against, none=held.votes_abstained,
    )  # fmt: skip


def _deeds(each: OnRoll, locale: str = "zh") -> str:
    values = each.candidate.figures["values"]
    minutes = values.get("hours.proven", 0) + values.get("hours.witnessed", 0)
    reports = values.get("reports.resolved", 0)
    return _in(locale, "paper.deeds", hours=i18n.format_hours(minutes), reports=reports)


def _moment(selection: Selection) -> datetime:
    """A fixed time: the same roll gives the same bytes."""
    return selection.finalised_at or selection.approved_at or selection.created_at


def _checked(selection: Selection) -> str:
    return _zh("paper.checked", sha256=(selection.snapshot_sha256 or "")[:16])


def _zh(key: str, **facts: object) -> str:
    return _in("zh", key, **facts)


def _in(locale: str, key: str, **facts: object) -> str:
    return i18n.say(f"honours.{key}", locale=locale, **facts)
