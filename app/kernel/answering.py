"""Answering a request in one unit of work, by what the decorators of `kernel.http` have noted on its view."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import marshmallow as ma
from flask import Response, current_app, request
from werkzeug.datastructures import FileStorage

from app.kernel import clock, idempotency, limits, problems, strict_json, traces
from app.kernel.asking import Ahead
from app.kernel.db import in_transaction
from app.kernel.errors import Forbidden, Invalid, Problem, Unauthenticated, UnsupportedMedia
from app.kernel.i18n import locale, speaking
from app.kernel.lanes import Lane, OneByOne

PUBLIC, SIGNED_IN = "public", "self"


class Caller(Protocol):
    """What the edge must know about whoever calls."""

    @property
    def key(self) -> str: ...

    @property
    def is_anonymous(self) -> bool: ...

    def holds(self, permission: str) -> bool: ...

    def refusal(self) -> Forbidden: ...


@dataclass(slots=True)
class Asked:
    """A request that is in order as far as one can see without asking anybody, to be settled together with others.

    Who it comes from (`by`) and whether it comes too often is found out for all of them at once.
    """

    claim: Any
    subjects: list[limits.Subject]  # whose tries are counted, for each limit of its view
    arguments: dict[str, Any]
    language: str
    key: str  # of idempotency, and what the request was
    mark: str
    counted: bool = False
    by: Any = None


MOST = (
    256 * 1024
)  # bytes of a JSON body, unless the view takes more: once read, it may take up a hundred times as much


@dataclass(slots=True)
class Edge:
    """What the decorators of one view have said."""

    access: str | None = None
    wants_caller: bool = False
    body: ma.Schema | None = None
    most: int = MOST
    form: ma.Schema | None = None
    files: tuple[str, ...] = ()
    opens: Mapping[str, Callable[[bytes | None], Any]] = field(default_factory=dict)
    query: ma.Schema | None = None
    out: ma.Schema | None = None
    out_status: int = 200
    out_media: str = "application/json"
    paged: bool = False
    idempotent: bool = False
    limits: list[tuple[limits.Limit, Callable[[], tuple[str, ...]]]] = field(default_factory=list)
    trace: str | None = None
    ahead: Ahead = ()
    unanswered: bool = False
    lane: Lane[Asked, Response] | None = None


class Authenticator(Protocol):
    """How to find out who calls: of the running request, or of many that are settled together."""

    def authenticate(self, ahead: Ahead = ()) -> Caller:
        """Whoever sent the running request; an anonymous caller if nobody signed in."""

    def claimed(self) -> Any:
        """Whom the running request says it comes from; None if nobody signed in. Asks no database."""

    def callers(self, claims: Sequence[Any]) -> Sequence[Caller | None]:
        """Who these are; None where the claim does not hold any more."""


_authenticator: Authenticator | None = None
_visitor: Caller | None = None


def set_authenticator(authenticator: Authenticator, *, visitor: Caller) -> None:
    """Tell the edge how to find out who calls, and who a visitor is (main.py introduces identity to the kernel)."""
    global _authenticator, _visitor
    _authenticator, _visitor = authenticator, visitor


def _who() -> Authenticator:
    if _authenticator is None:
        raise RuntimeError("no authenticator: main.create_app wires one")
    return _authenticator


def caller(ahead: Ahead = ()) -> Any:
    """Whoever sent the running request; an anonymous caller if nobody signed in."""
    return _who().authenticate(ahead)


def edge_of(view: Callable[..., Any]) -> Edge:
    """The notes on a view, begun if there are none."""
    if not hasattr(view, "__edge__"):
        view.__edge__ = Edge()  # type: ignore[attr-defined]
    return view.__edge__  # type: ignore[attr-defined,no-any-return]


def answer(
    view: Callable[..., Any], edge: Edge, path: dict[str, Any], known: Asked | None = None
) -> Response:
    """What the view answers whoever calls: once, where the view is idempotent.

    `known`: the request as it was read before, if it was.
    """
    by = admit(edge.access, edge.ahead)
    arguments = path | (incoming(edge) if known is None else known.arguments)
    if edge.wants_caller:
        arguments["by"] = by

    def made() -> Response:
        return outgoing(view(**arguments), edge)

    response = _once(made, by, known) if edge.idempotent else made()
    traces.leave(edge.trace, path, by)
    return response


def _once(made: Callable[[], Response], by: Caller, known: Asked | None) -> Response:
    """The answer that is made now, or the one that the same request was given before."""
    key = request.headers.get("Idempotency-Key", "")
    before = idempotency.begin(
        owner=by.key, key=key, request=known.mark if known else _mark(), at=clock.now()
    )
    if before is not None:
        media = "application/json" if before.status < 400 else problems.MEDIA_TYPE
        response = Response(before.body, status=before.status, content_type=media)
        response.headers["Idempotent-Replayed"] = "true"
        return response
    try:
        response = made()
    except Problem as problem:
        if problem.keep:  # the key's row stays with what was written, so it needs its answer
            _keep_outcome(by.key, key, problems.response_for(problem))
        raise
    _keep_outcome(by.key, key, response)
    return response


def count_tries(edge: Edge) -> None:
    """Count the running request as a try, before anything else is done. Raises RateLimited."""
    for limit, subject in edge.limits:
        limits.count(limit, *subject())


SHORT = 4096  # bytes: what is longer is counted before it is read


def asked(edge: Edge, path: Mapping[str, Any]) -> Asked | None:
    """The running request, if it is in order; None: the ordinary way will say what is wrong with it."""
    key, size = request.headers.get("Idempotency-Key", ""), request.content_length
    if not idempotency.is_key(key) or size is None or size > SHORT:
        return None
    try:
        claim = _who().claimed()
        arguments = {**path, **incoming(edge)}
    except Problem:
        return None
    if claim is None:
        return None
    return Asked(claim, [subject() for _, subject in edge.limits], arguments, locale(), key, _mark())


def answer_together(
    edge: Edge, settle: Callable[[Sequence[Asked]], Sequence[Any]], group: Sequence[Asked]
) -> list[Response | None]:
    """Settle these in one unit of work and keep each answer with its key, as `answer` does for one.

    None for those that come too often, or from nobody who may: the ordinary way says so. Raises OneByOne if a key was
    used before: that request is then answered as it was the first time.
    """
    in_time = _count_all(edge, group)

    def work() -> list[Response | None]:
        let_in = _admit_all(edge.access, in_time)
        try:
            answers = [_said(each, made, edge) for each, made in zip(let_in, settle(let_in), strict=True)]
        except Problem as problem:  # nothing of a refusal may stay here: it is for the one whose it is
            raise OneByOne from problem
        told = {id(each): answer for each, answer in zip(let_in, answers, strict=True) if answer}
        _keep_outcomes([(each, told[id(each)]) for each in let_in if id(each) in told])
        return [told.get(id(each)) for each in group]

    return in_transaction(work)


def _count_all(edge: Edge, group: Sequence[Asked]) -> list[Asked]:
    """Count each as a try; those that are within their limits. The others are counted where they are refused."""
    within = list(group)
    for number, (limit, _) in enumerate(edge.limits):
        counted = limits.count_all(limit, [each.subjects[number] for each in within])
        within = [each for each, fits in zip(within, counted, strict=True) if fits]
    for each in within:
        each.counted = True
    return within


def _admit_all(access: str | None, group: Sequence[Asked]) -> list[Asked]:
    """Those of them that come from somebody who may."""
    callers = _who().callers([each.claim for each in group])
    for each, by in zip(group, callers, strict=True):
        each.by = by
    return [each for each in group if each.by is not None and _may_enter(access, each.by)]


def _said(each: Asked, made: Any, edge: Edge) -> Response | None:
    if made is None:
        return None
    with speaking(each.language):
        return outgoing(made, edge)


def _keep_outcomes(answered: Sequence[tuple[Asked, Response]]) -> None:
    kept = idempotency.keep_all(
        [
            idempotency.Kept(
                each.by.key, each.key, each.mark, answer.status_code, answer.get_data(as_text=True)
            )
            for each, answer in answered
        ],
        at=clock.now(),
    )
    if not kept:
        raise OneByOne


def _mark() -> str:
    return idempotency.fingerprint(request.method.encode(), request.path.encode(), request.get_data())


def _keep_outcome(owner: str, key: str, response: Response) -> None:
    body = response.get_data(as_text=True)
    idempotency.finish(owner=owner, key=key, status=response.status_code, body=body)


def admit(access: str | None, ahead: Ahead = ()) -> Any:
    """Whoever calls, if they may. Raises Unauthenticated or Forbidden."""
    try:
        by = caller(ahead)
    except (Unauthenticated, Forbidden):
        if access != PUBLIC:
            raise
        return _visitor  # a stale or foreign token never closes a door that is open to everybody
    if access == PUBLIC:
        return by
    if by.is_anonymous:
        raise Unauthenticated
    if not _may_enter(access, by):
        raise by.refusal()
    return by


def _may_enter(access: str | None, by: Caller) -> bool:
    return access is not None and by.holds(access)


def incoming(edge: Edge) -> dict[str, Any]:
    """What came in, checked and named as the view's arguments."""
    arguments: dict[str, Any] = {}
    if edge.query is not None:
        arguments |= load(edge.query, request.args.to_dict())
    if edge.form is not None:
        arguments |= load(edge.form, request.form.to_dict())
        for name in edge.files:
            if name not in edge.opens:
                arguments[name] = file_bytes(request.files.get(name))
    if edge.body is not None:
        if request.mimetype != "application/json":
            raise UnsupportedMedia
        arguments |= load(edge.body, strict_json.loads(request.get_data()))
    return arguments


def unit(
    edge: Edge, path: dict[str, Any], answer: Callable[[dict[str, Any]], Response], *, write: bool
) -> Response:
    """One unit of work around the answer; the files that a form has opened are opened before it begins."""
    given = path | _opened(edge)
    return in_transaction(lambda: answer(given), write=write, unanswered=edge.unanswered)


def _opened(edge: Edge) -> dict[str, Any]:
    """What the form's functions make of its files. Files of whoever may not enter are left alone."""
    if not edge.opens:
        return {}
    try:
        in_transaction(lambda: admit(edge.access), write=False)
    except (Unauthenticated, Forbidden):
        return {}  # the answer says so
    return {name: work(file_bytes(request.files.get(name))) for name, work in edge.opens.items()}


def file_bytes(upload: FileStorage | None) -> bytes | None:
    """The bytes of an uploaded file, None if none was chosen."""
    if upload is None or not upload.filename:
        return None
    upload.stream.seek(0)  # after a deadlock the whole unit of work runs again, and must find the file again
    data: bytes = upload.read()
    return data


def load(schema: ma.Schema, data: Any) -> dict[str, Any]:
    """What came in, checked. Raises Invalid with the fields named."""
    try:
        return dict(schema.load(data))
    except ma.ValidationError as error:
        raise Invalid(fields=error.normalized_messages()) from None


_as_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def outgoing(result: Any, edge: Edge) -> Response:
    """What the view made, as it goes out."""
    if isinstance(result, Response):
        return result
    if edge.out is None:
        return Response(status=204)
    body = _as_json(edge.out.dump(result))
    return current_app.response_class(body, status=edge.out_status, content_type="application/json")
