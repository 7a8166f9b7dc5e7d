"""Everything that could show a name, a number, a story or a photo of a walk, and what of it is more than it may be."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pypdf
from flask.testing import FlaskClient

from app.honours import queries
from app.honours.exporting import make_export
from app.honours.making import KINDS
from app.kernel import clock
from app.kernel.db import transaction
from app.kernel.errors import Problem
from tests.honours.walking import Fate, Walk
from tests.web.make import browser, person

PAPERS = ("notice.pdf", "notice-en.pdf", "internal.pdf", "certificates.pdf", "certificates.zip")
STAFF = ("roll.csv", "roll.xlsx", "internal.pdf")  # for the department: before the roll is final, too
OF_THE_HONOURED = ("certificates.pdf", "certificates.zip")


def leaks(walk: Walk, papers: tuple[str, ...]) -> list[str]:
    """Every place that shows more of somebody than it may at this step."""
    return [*_of_pages(walk), *_of_exports(walk, papers), *_of_own_pages(walk), *_of_photos(walk)]


def _public(walk: Walk, fate: Fate) -> bool:
    return walk.step in ("final", "certified") and fate.honoured and fate.may_be_named


def _told(walk: Walk, where: str, text: str, may: Callable[[Fate], bool]) -> Iterator[str]:
    for fate in walk.fates:
        phone = f"139000077{walk.fates.index(fate):02}"
        if fate.name in text and not may(fate):
            yield f"{walk.step}: {where} names whom it may not: {fate.act}"
        if phone in text and not (where in STAFF and may(fate)):
            yield f"{walk.step}: {where} tells the number of {fate.act}"


def _of_pages(walk: Walk) -> Iterator[str]:
    """What everybody reads: pages with their titles and heads, answers of the API, verification, and refusals."""
    visitor, home = walk.app.test_client(), f"/honours/{walk.selection.id}"
    roll = visitor.get(home)
    for fate in walk.fates:
        if fate.pseudonym and fate.pseudonym in roll.text and not _is_listed(walk, fate):
            yield f"{walk.step}: the list shows {fate.act}, who is not on it"
        if _public(walk, fate) and fate.name not in roll.text:
            yield f"{walk.step}: {fate.act} agreed to be named and is not"
    addresses = ["/", "/honours", home, f"{home}/why", f"{home}/nominate"]
    addresses += [
        "/api/v1/honours/rolls",
        f"/api/v1/honours/rolls/{walk.selection.id}",
        "/api/v1/honours/consents",
    ]
    addresses += [f"{home}/{fate.pseudonym}" for fate in walk.fates if fate.pseudonym]
    for token in _tokens(walk):
        addresses += [f"/H/{token}", f"/H/{token.lower()}", f"/api/v1/honours/certificates/{token}"]
    for address in addresses:
        answer = visitor.get(address)
        yield from _told(walk, address, answer.text, lambda fate: _public(walk, fate))
        for fate in walk.fates:
            if fate.story in answer.text and not (_public(walk, fate) and fate.story_too):
                yield f"{walk.step}: {address} tells the story of {fate.act}"
        if "no-store" not in answer.headers["Cache-Control"] or "X-Keep" in answer.headers:
            yield f"{walk.step}: {address} may be kept: {answer.headers['Cache-Control']}"


def _is_listed(walk: Walk, fate: Fate) -> bool:
    if (
        walk.step not in ("noticed", "ended", "final", "certified")
        or fate.unlisted
        or fate.closed
        or fate.out
        or fate.revoked
    ):
        return False
    return fate.honoured or walk.step in ("noticed", "ended")


def _tokens(walk: Walk) -> list[str]:
    with transaction():
        honours = [queries.honour_of(fate.candidate_id) for fate in walk.fates if fate.candidate_id]
        return [str(honour.token) for honour in honours if honour]


def _of_exports(walk: Walk, papers: tuple[str, ...]) -> Iterator[str]:
    for kind in KINDS:
        if kind in PAPERS and kind not in papers:
            continue
        for personal in (False, True) if kind in STAFF else (False,):
            text = _exported(walk, kind, personal)
            if text is not None:
                yield from _told(walk, kind, text, lambda fate, kind=kind: _may_export(walk, fate, kind))


def _may_export(walk: Walk, fate: Fate, kind: str) -> bool:
    if kind in OF_THE_HONOURED or walk.step in ("final", "certified"):
        return _public(walk, fate) and kind in (*STAFF, *OF_THE_HONOURED)
    return kind in STAFF and fate.may_be_named


def _exported(walk: Walk, kind: str, personal: bool) -> str | None:
    how: dict[str, Any] = {
        "selection_id": walk.selection.id,
        "kind": kind,
        "reason": "核对",
        "personal": personal,
    }
    try:
        with transaction():
            _, file = make_export(**how, by=walk.here.department, at=clock.now())
    except Problem:
        return None
    assert file is not None
    data: Any = file.data
    return read_out(data, kind)


def read_out(data: bytes, kind: str) -> str:
    """Everything a reader can get out of a file, names of files in it included."""
    if kind.endswith(".pdf"):
        return "\n".join(each.extract_text() for each in pypdf.PdfReader(io.BytesIO(data)).pages)
    if kind.endswith((".xlsx", ".zip")):
        with zipfile.ZipFile(io.BytesIO(data)) as bundle:
            inner = [(name, bundle.read(name)) for name in bundle.namelist()]
        return "".join(name + read_out(part, name) for name, part in inner)
    return data.decode("utf-8", "replace")


def _of_own_pages(walk: Walk) -> Iterator[str]:
    """What riders read on their own pages: nobody else. What is theirs: a credential with their name as they agree."""
    for fate in walk.fates:
        if fate.closed:
            continue
        client = browser(walk.app, person(fate.acting))
        home = f"/honours/{walk.selection.id}"
        for address in (
            "/me/honours",
            f"{home}/why",
            home,
            f"/api/v1/honours/rolls/{walk.selection.id}/mine",
            "/inbox",
        ):
            text = client.get(address).text
            yield from _told(
                walk, f"{address} of {fate.act}", text,
                lambda other, fate=fate: other is fate or _public(walk, other),
            )  # fmt: skip
        yield from _of_credential(walk, fate, client)


def _of_credential(walk: Walk, fate: Fate, client: FlaskClient) -> Iterator[str]:
    with transaction():
        honour = queries.honour_of(fate.candidate_id) if fate.candidate_id else None
    if honour is None:
        return
    answer = client.get(f"/api/v1/honours/{honour.id}/credential")
    if fate.revoked:
        if answer.status_code != 410:
            yield f"{walk.step}: {fate.act} still gets a credential"
        return
    body = answer.json["credential"].split(".")[1]
    said = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    yield from _told(
        walk,
        "the credential",
        json.dumps(said, ensure_ascii=False),
        lambda other: other is fate and _public(walk, other),
    )


def _of_photos(walk: Walk) -> Iterator[str]:
    """Each photo at every address that could show it, to everybody, to another rider and to a reviewer."""
    visitor = walk.app.test_client()
    other, reviewer = (browser(walk.app, person(each)) for each in (walk.neighbour, walk.here.reviewer))
    for fate in walk.fates:
        photo_id, media_id = fate.photo
        wall = f"/honours/{walk.selection.id}/{fate.pseudonym}/photos/{media_id}"
        shown = visitor.get(wall).mimetype == "image/jpeg"
        may = _public(walk, fate) and fate.photo_too and fate.photo_agreed
        if shown != may:
            yield f"{walk.step}: the wall {'shows' if shown else 'hides'} the photo of {fate.act}"
        for who in (visitor, other, reviewer):
            for address in (f"/api/v1/media/{media_id}", f"/me/honours/photos/{photo_id}"):
                if who.get(address).mimetype == "image/jpeg":
                    yield f"{walk.step}: {address} shows the photo of {fate.act}"
        desk = f"/desk/honours/{walk.selection.id}/review/photos/{photo_id}"
        if any(who.get(desk).mimetype == "image/jpeg" for who in (visitor, other)):
            yield f"{walk.step}: the review shows strangers the photo of {fate.act}"
        known = walk.step not in ("draft", "approved", "frozen") and fate.pseudonym is not None
        if (reviewer.get(desk).mimetype == "image/jpeg") != (known and fate.photo_agreed):
            yield f"{walk.step}: the review is wrong about the photo of {fate.act}"
