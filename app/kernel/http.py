"""The edge of the API: a view says who may, what comes in, what goes out, and makes one call.

@api.post("/redemptions")          one write transaction by construction (`get` opens one that cannot write)
@requires("station.scan")          who may; `public` where anybody may
@asks_ahead(BALANCE)               what it will ask about the caller, asked together with who that is
@traced("case.seen")               that staff saw personal data is written down
@idempotent                        Idempotency-Key: the outcome is stored in the same transaction
@takes(RedeemVoucher)              what comes in, as keyword arguments
@gives(VoucherRead, 201)           what goes out
def redeem(voucher_id, station_id, by): return hand_over(..., by=by, at=clock.now())
"""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

import marshmallow as ma
from flask import Blueprint, Response, current_app, request
from werkzeug.datastructures import FileStorage

from app.kernel import clock, idempotency, limits, problems, strict_json, subjects, traces
from app.kernel.asking import Ahead, Question
from app.kernel.db import in_transaction
from app.kernel.errors import Forbidden, Invalid, Problem, Unauthenticated, UnsupportedMedia
from app.kernel.schemas import PageQuery, page_of

F = TypeVar("F", bound=Callable[..., Any])
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


def public(view: F) -> F:
    """Anybody may call this, signed in or not."""
    edge_of(view).access = PUBLIC
    return view


def requires(permission: str) -> Callable[[F], F]:
    """Only callers who hold `permission` somewhere; the use case then checks where."""

    def note(view: F) -> F:
        edge_of(view).access = permission
        return view

    return note


def takes(schema: type[ma.Schema]) -> Callable[[F], F]:
    """A JSON body of this shape, handed to the view as keyword arguments."""

    def note(view: F) -> F:
        edge_of(view).body = schema()
        return view

    return note


def takes_form(
    schema: type[ma.Schema], *files: str, **opened: Callable[[bytes | None], Any]
) -> Callable[[F], F]:
    """A multipart form of this shape and these file fields, each handed over as bytes or None.

    A file named with a function (`photo=clean_apart`) is opened by it before the unit of work begins, so that no lock
    is held while a picture is decoded; the view gets what the function made of it.
    """

    def note(view: F) -> F:
        edge = edge_of(view)
        edge.form, edge.files, edge.opens = schema(), (*files, *opened), opened
        return view

    return note


def takes_query(schema: type[ma.Schema]) -> Callable[[F], F]:
    """A query string of this shape, handed to the view as keyword arguments."""

    def note(view: F) -> F:
        edge_of(view).query = schema()
        return view

    return note


def gives(schema: type[ma.Schema] | None, status: int = 200, *, many: bool = False) -> Callable[[F], F]:
    """What goes out; None for an empty answer (204)."""

    def note(view: F) -> F:
        edge = edge_of(view)
        edge.out, edge.out_status = (schema(many=many), status) if schema else (None, 204)
        return view

    return note


def gives_page(schema: type[ma.Schema]) -> Callable[[F], F]:
    """A page {items, next_cursor} of this schema; the view gets `cursor` and `limit`."""
    page = page_of(schema)

    def note(view: F) -> F:
        edge = edge_of(view)
        edge.out, edge.paged = page(), True
        edge.query = edge.query or PageQuery()
        return view

    return note


def gives_file(media_type: str) -> Callable[[F], F]:
    """The view returns a ready Response of this media type."""

    def note(view: F) -> F:
        edge_of(view).out_media = media_type
        return view

    return note


def traced(action: str) -> Callable[[F], F]:
    """The answer tells of persons: that a member of staff saw it is written down in the same transaction."""

    def note(view: F) -> F:
        edge_of(view).trace = action
        return view

    return note


def asks_ahead(*questions: Question[Any]) -> Callable[[F], F]:
    """What a reading view will ask about whoever calls: it is asked in the statement that finds out who that is."""

    def note(view: F) -> F:
        edge_of(view).ahead = questions
        return view

    return note


def idempotent(view: F) -> F:
    """The request must carry an Idempotency-Key; sent again, it is answered the same and done once."""
    edge_of(view).idempotent = True
    return view


def in_one_message(view: F) -> F:
    """A hot path: what it writes goes out with the COMMIT (see `kernel.db.in_transaction`); it reads none of it."""
    edge_of(view).unanswered = True
    return view


def limited(limit: limits.Limit, *subject: Callable[[], str]) -> Callable[[F], F]:
    """At most so many tries by the same subject (default: the caller's address), counted before anything else."""

    def note(view: F) -> F:
        parts = subject or (subjects.address,)
        edge_of(view).limits.append((limit, lambda: tuple(part() for part in parts)))
        return view

    return note


class Api(Blueprint):
    """A group of endpoints under /api/v1 that belong to one package."""

    def __init__(self, name: str, prefix: str, description: str) -> None:
        super().__init__(f"api-{name}", __name__, url_prefix=f"/api/v1{prefix}")
        self.tag = name
        self.description = description
        self.endpoints: list[tuple[str, str, Callable[..., Any]]] = []

    def get(self, rule: str, *, write: bool = False) -> Callable[[F], F]:  # type: ignore[override]
        """A read; `write=True` only where looking must leave a trace (audit)."""
        return self._method("GET", rule, write)

    def post(self, rule: str) -> Callable[[F], F]:  # type: ignore[override]
        return self._method("POST", rule, True)

    def put(self, rule: str) -> Callable[[F], F]:  # type: ignore[override]
        return self._method("PUT", rule, True)

    def delete(self, rule: str) -> Callable[[F], F]:  # type: ignore[override]
        return self._method("DELETE", rule, True)

    def _method(self, method: str, rule: str, write: bool) -> Callable[[F], F]:
        def register(view: F) -> F:
            edge = edge_of(view)
            if edge.access is None:
                raise RuntimeError(f"{method} {rule}: say who may call it with @requires or @public")
            edge.wants_caller = "by" in inspect.signature(view).parameters

            writes = write or edge.trace is not None

            @functools.wraps(view)
            def endpoint(**path: Any) -> Response:
                for limit, subject in edge.limits:
                    limits.count(limit, *subject())
                request.get_data()  # all of it, before the unit of work: a slow sender must not hold the write lock
                return unit(edge, path, lambda given: _answer(view, edge, given), write=writes)

            endpoint.__access__ = edge.access  # type: ignore[attr-defined]
            self.add_url_rule(
                rule, endpoint=f"{method.lower()}-{view.__name__}", view_func=endpoint, methods=[method]
            )
            self.endpoints.append((method, rule, view))
            return view

        return register


def _answer(view: Callable[..., Any], edge: Edge, path: dict[str, Any]) -> Response:
    by = admit(edge.access, edge.ahead)
    arguments = path | _incoming(edge)
    if edge.wants_caller:
        arguments["by"] = by
    if not edge.idempotent:
        response = _outgoing(view(**arguments), edge)
        traces.leave(edge.trace, path, by)
        return response
    key = request.headers.get("Idempotency-Key", "")
    mark = idempotency.fingerprint(request.method.encode(), request.path.encode(), request.get_data())
    before = idempotency.begin(owner=by.key, key=key, request=mark, at=clock.now())
    if before is not None:
        media = "application/json" if before.status < 400 else problems.MEDIA_TYPE
        response = Response(before.body, status=before.status, content_type=media)
        response.headers["Idempotent-Replayed"] = "true"
        return response
    try:
        response = _outgoing(view(**arguments), edge)
    except Problem as problem:
        if problem.keep:  # the key's row stays with what was written, so it needs its answer
            _keep_outcome(by.key, key, problems.response_for(problem))
        raise
    _keep_outcome(by.key, key, response)
    return response


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


def _incoming(edge: Edge) -> dict[str, Any]:
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


def attachment(
    data: bytes | Iterable[bytes], media_type: str, filename: str, *, size: int | None = None
) -> Response:
    """A file to keep, whole or in pieces; its name may hold any characters (RFC 6266)."""
    response = Response(data, content_type=media_type)
    if size is not None:
        response.content_length = size
    plain = filename.encode("ascii", "ignore").decode() or "file"
    response.headers["Content-Disposition"] = (
        f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename)}"
    )
    return response


def load(schema: ma.Schema, data: Any) -> dict[str, Any]:
    """What came in, checked. Raises Invalid with the fields named."""
    try:
        return dict(schema.load(data))
    except ma.ValidationError as error:
        raise Invalid(fields=error.normalized_messages()) from None


def _outgoing(result: Any, edge: Edge) -> Response:
    if isinstance(result, Response):
        return result
    if edge.out is None:
        return Response(status=204)
    body = json.dumps(edge.out.dump(result), ensure_ascii=False, separators=(",", ":"))
    return current_app.response_class(body, status=edge.out_status, content_type="application/json")
