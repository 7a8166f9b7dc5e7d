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


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that is in order as far as one can see without a lock, to be settled together with others."""

    by: Any
    arguments: dict[str, Any]
    language: str
    key: str  # of idempotency, and what the request was
    mark: str


@dataclass(slots=True)
class Edge:
    """What the decorators of one view have said."""

    access: str | None = None
    wants_caller: bool = False
    body: ma.Schema | None = None
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


_authenticate: Callable[[Ahead], Caller] | None = None
_visitor: Caller | None = None


def set_authenticator(authenticate: Callable[[Ahead], Caller], *, visitor: Caller) -> None:
    """Tell the edge how to find out who calls, and who a visitor is (main.py introduces identity to the kernel)."""
    global _authenticate, _visitor
    _authenticate, _visitor = authenticate, visitor


def caller(ahead: Ahead = ()) -> Any:
    """Whoever sent the running request; an anonymous caller if nobody signed in."""
    if _authenticate is None:
        raise RuntimeError("no authenticator: main.create_app wires one")
    return _authenticate(ahead)


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
    if not edge.idempotent:
        response = outgoing(view(**arguments), edge)
        traces.leave(edge.trace, path, by)
        return response
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
        response = outgoing(view(**arguments), edge)
    except Problem as problem:
        if problem.keep:  # the key's row stays with what was written, so it needs its answer
            _keep_outcome(by.key, key, problems.response_for(problem))
        raise
    _keep_outcome(by.key, key, response)
    return response


def asked(edge: Edge, path: Mapping[str, Any]) -> Asked | None:
    """The running request, if it is in order; None: the ordinary way will say what is wrong with it."""
    key = request.headers.get("Idempotency-Key", "")
    if not idempotency.is_key(key):
        return None
    try:
        by = in_transaction(lambda: admit(edge.access), write=False)
        arguments = {**path, **incoming(edge)}
    except Problem:
        return None
    return Asked(by, arguments, locale(), key, _mark())


def answer_together(
    edge: Edge, settle: Callable[[Sequence[Asked]], Sequence[Any]], group: Sequence[Asked]
) -> list[Response | None]:
    """Settle these in one unit of work and keep each answer with its key, as `answer` does for one.

    Raises OneByOne if a key was used before: that request is then answered as it was the first time.
    """

    def work() -> list[Response | None]:
        try:
            answers = [_said(each, made, edge) for each, made in zip(group, settle(group), strict=True)]
        except Problem as problem:  # nothing of a refusal may stay here: it is for the one whose it is
            raise OneByOne from problem
        _keep_outcomes([(each, answer) for each, answer in zip(group, answers, strict=True) if answer])
        return answers

    return in_transaction(work)


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
    if access is None or not by.holds(access):
        raise by.refusal()
    return by


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


def outgoing(result: Any, edge: Edge) -> Response:
    """What the view made, as it goes out."""
    if isinstance(result, Response):
        return result
    if edge.out is None:
        return Response(status=204)
    body = json.dumps(edge.out.dump(result), ensure_ascii=False, separators=(",", ":"))
    return current_app.response_class(body, status=edge.out_status, content_type="application/json")
