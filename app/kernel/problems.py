"""Problems put into words: problem details for programs, sentences in the caller's language for people."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import UUID

from flask import Response
from werkzeug.exceptions import HTTPException

from app.kernel import i18n
from app.kernel.errors import Problem
from app.kernel.observing import request_id

MEDIA_TYPE = "application/problem+json"
_HTTP_SLUGS = {
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
    415: "unsupported-media",
    429: "too-many-tries",
}

# marshmallow speaks English only; these are its sentences and the keys of ours.
_FIELD_SENTENCES: list[tuple[re.Pattern[str], str]] = [
    (re.compile(pattern), f"field.{key}")
    for pattern, key in (
        (r"^Missing data for required field\.$", "required"),
        (r"^Unknown field\.$", "unknown"),
        (r"^Field may not be null\.$", "required"),
        (r"^Not a valid (integer|number)\.$", "not-a-number"),
        (r"^Not a valid string\.$", "not-a-text"),
        (r"^Not a valid boolean\.$", "not-a-flag"),
        (r"^Not a valid UUID\.$", "not-an-id"),
        (r"^Not a valid (aware |naive )?(datetime|date|time)\.$", "not-a-time"),
        (r"^Not a valid list\.$", "not-a-list"),
        (r"^Not a valid mapping type\.$", "not-an-object"),
        (r"^Invalid input type\.$", "not-an-object"),
        (r"^Special numeric values", "not-a-number"),
        (r"^Number too large\.$", "not-a-number"),
        (r"^Must be one of: (?P<choices>.*)\.$", "not-a-choice"),
        (r"^Longer than maximum length (?P<max>\d+)\.$", "too-long"),
        (r"^Shorter than minimum length (?P<min>\d+)\.$", "too-short"),
        (r"^Length must be between (?P<min>\d+) and (?P<max>\d+)\.$", "wrong-length"),
        (r"^Length must be (?P<min>\d+)\.$", "exact-length"),
        (
            r"^Must be greater than or equal to (?P<min>[-\d.]+) and less than or equal to (?P<max>[-\d.]+)\.$",
            "out-of-range",
        ),
        (r"^Must be greater than or equal to (?P<min>[-\d.]+)\.$", "too-small"),
        (r"^Must be less than or equal to (?P<max>[-\d.]+)\.$", "too-large"),
        (r"^String does not match expected pattern\.$", "wrong-form"),
        (r"^Must be equal to ", "wrong-form"),
    )
]


class FieldTold(NamedTuple):
    """What is wrong with a field: `code` for programs, `message` in the caller's language."""

    field: str
    code: str
    message: str


def _about_a_field(message: Any) -> tuple[str, str]:
    """The code and the sentence; a slug of ours is looked up, our own sentence stays and has no code of its own."""
    text = str(message)
    for pattern, key in _FIELD_SENTENCES:
        if match := pattern.match(text):
            return key.removeprefix("field."), i18n.say(key, **match.groupdict())
    return (text.removeprefix("field."), i18n.say(text)) if i18n.has(text) else ("invalid", text)


def told(fields: Any, path: str = "") -> Iterator[FieldTold]:
    """Every message in marshmallow's nested error dict."""
    if isinstance(fields, dict):
        for name, inner in fields.items():
            part = "" if name == "_schema" else str(name)
            yield from told(inner, f"{path}.{part}".strip(".") if part else path)
    elif isinstance(fields, list | tuple):
        for inner in fields:
            yield from told(inner, path)
    else:
        yield FieldTold(path or "body", *_about_a_field(fields))


def flatten(fields: Any) -> Iterator[tuple[str, str]]:
    """(path, sentence) of the same, for people."""
    return ((each.field, each.message) for each in told(fields))


def sentence(problem: Problem) -> str:
    """What happened and what to do, in the caller's language."""
    facts = {name: _fact_in_words(value) for name, value in problem.facts.items()}
    if (seconds := facts.get("retry_after_s")) is not None:
        facts["wait"] = i18n.format_wait(seconds)
    return i18n.say(problem.slug if i18n.has(problem.slug) else "conflict", **facts)


def _fact_in_words(value: Any) -> Any:
    return i18n.format_instant(value) if hasattr(value, "astimezone") else value


def response_for(problem: Problem) -> Response:
    """Problem details for a Problem."""
    body: dict[str, Any] = _body(problem.status, problem.slug, sentence(problem), problem.retryable)
    if problem.facts:
        body["facts"] = {name: _plain(value) for name, value in problem.facts.items()}
    if problem.fields:
        body["errors"] = [each._asdict() for each in told(problem.fields)]
    response = _json(body, problem.status)
    if "retry_after_s" in problem.facts:
        response.headers["Retry-After"] = str(problem.facts["retry_after_s"])
    return response


def response_for_http(error: HTTPException) -> Response:
    """Problem details for an error of the transport itself (404 on an unknown path, 405, 413 …)."""
    status = error.code or 500
    slug = _HTTP_SLUGS.get(status, "bad-request" if status < 500 else "broken")
    response = _json(_body(status, slug, i18n.say(slug), retryable=status >= 500), status)
    return with_methods(response, error)


def with_methods(response: Response, error: HTTPException) -> Response:
    """The answer; to a method that does not fit, with those that do (RFC 9110, 15.5.6)."""
    if error.code == 405:
        response.headers["Allow"] = ", ".join(sorted(getattr(error, "valid_methods", None) or []))
    return response


def _body(status: int, slug: str, detail: str, retryable: bool) -> dict[str, Any]:
    return {
        "type": f"/problems/{slug}",
        "title": slug.replace("-", " "),
        "status": status,
        "detail": detail,
        "code": slug,
        "retryable": retryable,
        "request_id": request_id(),
    }


def _plain(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _json(body: dict[str, Any], status: int) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), status=status, content_type=MEDIA_TYPE)
