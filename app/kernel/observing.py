"""Logs without personal data, metrics by route, and one request id through all of it."""

from __future__ import annotations

import logging
import os
import re
import time
import traceback
from collections.abc import Iterable, MutableMapping
from contextvars import ContextVar
from functools import lru_cache
from types import TracebackType
from typing import Any

import structlog
from flask import Flask, Response, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy.exc import PendingRollbackError, StatementError

from app.kernel.ids import new_id

REQUEST_ID_FORM = re.compile(r"^[A-Za-z0-9._-]{8,64}$")

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_request_id: ContextVar[str] = ContextVar("request_id", default="-")

# A page has some 300 routes: each bound is a line for each of them, and so is the moment when it was first counted.
SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
disable_created_metrics()  # type: ignore[no-untyped-call]
registry = CollectorRegistry()
requests_total = Counter(
    "fengxing_requests_total", "Requests answered", ["method", "route", "status"], registry=registry
)
request_seconds = Histogram(
    "fengxing_request_seconds", "Time to answer", ["method", "route"], registry=registry, buckets=SECONDS
)

log = structlog.get_logger()
_requests: Any = log
_STARTED = "fengxing.started"


def request_id() -> str:
    """The id of the running request, `-` outside one."""
    return _request_id.get()


def configure_logging(level: str) -> None:
    """JSON lines on stderr, each with the request id. Callers log ids and counts, never names, phones or texts.

    A line goes out with its end in one piece: other threads and processes write to the same place.
    """
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _with_request_id,
            structlog.processors.ExceptionRenderer(_told),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.WriteLoggerFactory(_stderr()),
        cache_logger_on_first_use=False,
    )
    global _requests
    _requests = log.bind()  # made once: a line that the level leaves out then costs nothing


def _stderr() -> Any:
    import sys

    return sys.stderr


def _with_request_id(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event["request_id"] = request_id()
    return event


# --- errors ----------------------------------------------------------------------------------------------------------

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]
QUOTES_THE_VALUE = "22"  # the class of PostgreSQL's errors that say what is wrong with a value, and which


def _told(exc_info: ExcInfo) -> str:
    """The stack and the words of an error and of those that led to it, the first one first."""
    return "\n".join(
        f"{''.join(traceback.format_tb(each.__traceback__))}{_named(each)}: {words_of(each)}"
        for each in _led_to(exc_info[1])
    )


def _led_to(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.insert(0, error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return found


def _named(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")


def words_of(error: BaseException) -> str:
    """What an error says on its first line: below it PostgreSQL quotes the row, in whatever language it speaks.

    Of a database error also its state and the constraint, by which it is found.
    """
    if isinstance(error, StatementError) and error.orig is not None:
        return f"({_named(error.orig)}) {words_of(error.orig)}"
    state = getattr(error, "sqlstate", None) or ""
    constraint = getattr(getattr(error, "diag", None), "constraint_name", None) or ""
    quotes = state.startswith(QUOTES_THE_VALUE) or isinstance(error, PendingRollbackError)  # quotes another
    said = "" if quotes else str(error).partition("\n")[0]
    return " ".join(filter(None, (said, state, constraint)))


# --- requests --------------------------------------------------------------------------------------------------------


def _log_broken(exc_info: Any) -> None:
    log.error("request-broken", method=_method(), route=_route(), exc_info=exc_info)


def _method() -> str:
    """Whoever asks may call a method what they like: what nobody serves is one word, in the log and in the counts."""
    return request.method if request.method in METHODS else "OTHER"


def _route() -> str:
    return request.url_rule.rule if request.url_rule else "unknown"


def watch(app: Flask) -> None:
    """Give each request an id, log it once by route (never by path: a path may hold a code), and count it."""
    app.log_exception = _log_broken  # type: ignore[method-assign]  # Flask's own names the path

    @app.before_request
    def _start() -> None:
        environ = request.environ
        given = environ.get("HTTP_X_REQUEST_ID", "")
        _request_id.set(given if given and REQUEST_ID_FORM.match(given) else new_id().hex)
        environ[_STARTED] = time.perf_counter()

    @app.after_request
    def _end(response: Response) -> Response:
        method, route = _method(), _route()
        now = time.perf_counter()
        seconds = now - request.environ.get(_STARTED, now)
        _counter(method, route, response.status_code).inc()
        _clock(method, route).observe(seconds)
        response.headers["X-Request-ID"] = request_id()
        if route not in ("/healthz", "/readyz", "/metrics"):
            _requests.info(
                "request",
                method=method,
                route=route,
                status=response.status_code,
                ms=round(seconds * 1000, 1),
            )
        return response


# The library finds a counter by its labels again and again; there are only so many routes and answers.
@lru_cache(maxsize=4096)
def _counter(method: str, route: str, status: int) -> Counter:
    return requests_total.labels(method, route, status)


@lru_cache(maxsize=2048)
def _clock(method: str, route: str) -> Histogram:
    return request_seconds.labels(method, route)


TOGETHER = "PROMETHEUS_MULTIPROC_DIR"  # the library's own: a folder where the workers of one server leave their counts


def metrics_page(now: Iterable[Metric]) -> Response:
    """What was counted so far, in Prometheus' text form, and what stands `now`, whichever worker is asked."""
    told = CollectorRegistry()
    told.register(_Told(now))
    return Response(generate_latest(_counted()) + generate_latest(told), content_type=CONTENT_TYPE_LATEST)


def _counted() -> CollectorRegistry:
    """The counts of this process, or of all workers where they are left together."""
    if TOGETHER not in os.environ:
        return registry
    everybody = CollectorRegistry()
    MultiProcessCollector(everybody)  # type: ignore[no-untyped-call]
    return everybody


class _Told(Collector):
    """What somebody has found out for this page alone."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics
