"""Is it alive, is it ready, what has it counted: for whoever runs the product."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import redis
from flask import Blueprint, Response, current_app, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.kernel import clock, jobs, observing
from app.kernel.answering import PUBLIC
from app.kernel.db import session, transaction

blueprint = Blueprint("health", __name__)


def healthz() -> Response:
    """The process answers."""
    return jsonify(status="ok")


def readyz() -> tuple[Response, int]:
    """The database answers; without Redis the product is degraded but ready, for the database counts as well."""
    report = {"database": _database(), "redis": _redis(current_app.extensions.get("redis"))}
    ready = report["database"] == "ok"
    status = "ok" if ready and report["redis"] != "away" else "degraded" if ready else "not-ready"
    return jsonify(status=status, **report), 200 if ready else 503


def metrics() -> Response:
    """Everything counted so far, in Prometheus' text form; the queue of jobs is counted now."""
    _count_jobs()
    return observing.metrics_page()


def _count_jobs() -> None:
    observing.jobs_by_state.clear()
    try:
        with transaction(write=False):
            queue = jobs.queue(at=clock.now())
    except SQLAlchemyError:
        return
    for state in jobs.STATES:
        observing.jobs_by_state.labels(state).set(queue.by_state.get(state, 0))
    observing.jobs_due.set(queue.due)
    observing.jobs_oldest_due_seconds.set(queue.oldest_due_s)
    observing.jobs_struggling.set(queue.struggling)


def _database() -> str:
    try:
        with transaction(write=False):
            session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return "away"
    return "ok"


def _redis(client: Any) -> str:
    if client is None:
        return "not-configured"
    try:
        client.ping()
    except redis.RedisError:
        return "away"
    return "ok"


VIEWS: tuple[tuple[str, Callable[[], Any]], ...] = (
    ("/healthz", healthz),
    ("/readyz", readyz),
    ("/metrics", metrics),
)
for rule, view in VIEWS:
    view.__access__ = PUBLIC  # type: ignore[attr-defined]
    blueprint.add_url_rule(rule, view_func=view)
