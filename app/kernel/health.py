"""Is it alive, is it ready, what has it counted: for whoever runs the product."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import redis
from flask import Blueprint, Response, current_app, jsonify
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
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
    return observing.metrics_page(_of_jobs())


def _of_jobs() -> list[Metric]:
    try:
        with transaction(write=False):
            queue = jobs.queue(at=clock.now())
    except SQLAlchemyError:
        return []
    by_state = GaugeMetricFamily("fengxing_jobs", "Jobs in the queue", labels=["state"])
    for state in jobs.STATES:
        by_state.add_metric([state], queue.by_state.get(state, 0))
    return [
        by_state,
        _gauge("jobs_due", "Jobs that nobody has begun although it is time", queue.due),
        _gauge("jobs_oldest_due_seconds", "How late the oldest of those is", queue.oldest_due_s),
        _gauge("jobs_struggling", "Jobs to be tried again after a failure", queue.struggling),
    ]


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(f"fengxing_{name}", words, value=value)


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
