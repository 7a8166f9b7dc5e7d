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
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

import marshmallow as ma
from flask import Blueprint, Response, request

from app.kernel import limits, subjects
from app.kernel.answering import (
    MOST,
    PUBLIC,
    Asked,
    answer,
    answer_together,
    asked,
    count_tries,
    edge_of,
    unit,
)
from app.kernel.asking import Question
from app.kernel.lanes import Lane
from app.kernel.schemas import PageQuery, page_of

F = TypeVar("F", bound=Callable[..., Any])


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


def takes(schema: type[ma.Schema], *, most: int = MOST) -> Callable[[F], F]:
    """A JSON body of this shape and at most so many bytes, handed to the view as keyword arguments."""

    def note(view: F) -> F:
        edge = edge_of(view)
        edge.body, edge.most = schema(), most
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


def in_a_lane(settle: Callable[[Sequence[Asked]], Sequence[Any]]) -> Callable[[F], F]:
    """A hot path: requests that arrive at the same moment are settled by `settle`, in one unit of work.

    It gets them in the order of arrival and returns what the view would have returned for each; None for whatever is
    out of the ordinary, which then goes to the view by itself.
    """

    def note(view: F) -> F:
        edge = edge_of(view)
        edge.lane = Lane(lambda group: answer_together(edge, settle, group))
        return view

    return note


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
                with_body = bool(request.environ.get("CONTENT_LENGTH"))
                if with_body and edge.form is None:
                    request.max_content_length = edge.most
                known = asked(edge, path) if edge.lane is not None else None

                def alone() -> Response:
                    if known is None or not known.counted:
                        count_tries(edge)
                    if with_body:  # before the unit of work: a slow sender must not hold the write lock
                        request.get_data()
                    return unit(edge, path, lambda given: answer(view, edge, given, known), write=writes)

                if edge.lane is None or known is None:
                    return alone()
                return edge.lane.go(known, alone=alone)

            endpoint.__access__ = edge.access  # type: ignore[attr-defined]
            self.add_url_rule(
                rule, endpoint=f"{method.lower()}-{view.__name__}", view_func=endpoint, methods=[method]
            )
            self.endpoints.append((method, rule, view))
            return view

        return register


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
