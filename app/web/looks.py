"""What templates may ask for, static files under a versioned path, the service worker, and pages for errors."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from datetime import date
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, cast

from flask import Flask, Response, make_response, render_template, request, send_from_directory
from markupsafe import Markup
from werkzeug.exceptions import HTTPException

from app.identity.edge import ACCESS_COOKIE, csrf_value, known_actor
from app.kernel import i18n, problems
from app.kernel.answering import PUBLIC
from app.kernel.ids import new_id
from app.web.faults import Faults
from app.web.headers import secured
from app.web.icons import icon
from app.web.notes import notes
from app.web.paths import page_here
from app.web.templating import Environment

STATIC = Path(__file__).parent / "static"
LARGE_MINIMUM = 1_000  # metres from which a distance is said in kilometres


def install(app: Flask) -> None:
    """Give the application its templates' words and helpers, static files and error pages."""
    app.jinja_environment = Environment
    templates = cast("Environment", app.jinja_env)
    templates.trim_blocks = templates.lstrip_blocks = True
    templates.filters.update(FILTERS)
    templates.settle(
        say=i18n.say,
        has_words=i18n.has,
        locale=i18n.locale,
        html_language=lambda: i18n.HTML_LANGUAGE[i18n.locale()],
        asset=asset,
        vendored=vendored,
        icon=icon,
    )
    templates.globals.update(
        pick_words=i18n.pick,
        large=lambda: request.cookies.get("large") == "yes",
        hidden=hidden,
        typed=typed,
        new_key=lambda: new_id().hex,
        here=here,
        page_here=page_here,
        faults=lambda: notes().faults or Faults(),
        kept=kept,
        kept_all=kept_all,
        numbered=numbered,
        was_chosen=was_chosen,
        just_said=just_said,
        person_key=person_key,
        caller_is_signed_in=lambda: not known_actor().is_anonymous,
    )
    for rule, view in (
        ("/static/<version>/<path:name>", static_file),
        ("/sw.js", service_worker),
        ("/manifest.webmanifest", manifest),
    ):
        app.add_url_rule(rule, view_func=view, endpoint=f"web-{view.__name__}")


# --- words and small forms of things ---------------------------------------------------------------------------------


def hidden() -> Markup:
    """The CSRF field each form of a signed-in browser carries, also on pages that nobody has to be known for."""
    tokens = notes().tokens
    token = tokens.access_token if tokens else request.cookies.get(ACCESS_COOKIE)
    if not token or notes().forget:
        return Markup()
    value = csrf_value(token)
    if value is None:
        return Markup()
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(value)


def person_key() -> str:
    """Whose outbox and code this browser holds."""
    person_id = known_actor().person_id
    return person_id.hex if person_id else ""


def here() -> str:
    """The address that was asked for, or that a form was sent to."""
    if (elsewhere := notes().lives_at) is not None:
        return elsewhere
    return request.full_path.rstrip("?") if request.method == "GET" else request.path


def kept(name: str, default: Any = "") -> Any:
    """What the person typed before the refusal, else the default."""
    otherwise = "" if default is None else default
    # A field that was not sent at all stands in another form of the page, of which nothing was refused.
    return request.form.get(name, otherwise) if notes().faults else otherwise


def typed(name: str, default: Any = "") -> str:
    """What the form that came in holds, whether or not anything was wrong with it, else the default."""
    return str(request.form.get(name) or default)


def was_chosen(name: str) -> bool:
    """Whether a file came with a form that was refused: no browser sends it again by itself."""
    return bool(notes().faults and (file := request.files.get(name)) and file.filename)


def kept_all(name: str, default: Any = None) -> list[str]:
    """All that was chosen of several before the refusal, else the default."""
    if notes().faults:
        return request.form.getlist(name)
    chosen = default if isinstance(default, list | tuple | set) else [] if default is None else [default]
    return [str(each) for each in chosen]


def numbered(rows: Iterable[Any], of: str, key: str) -> dict[Any, int]:
    """The number of each row in the fields of its form, as `heads.0.seen`; `key` is the field that says which it is.

    After a refusal it is the number that was sent: a list that changed meanwhile gives nobody what was typed of others.
    """
    name = re.compile(rf"{of}\.([0-9]{{1,4}})\.{key}")
    sent = {value: int(found[1]) for field, value in request.form.items() if (found := name.fullmatch(field))}
    free = count(max(sent.values(), default=-1) + 1)
    return {row: sent[str(row)] if str(row) in sent else next(free) for row in rows}


def just_said() -> str:
    """What the last form did, told once."""
    key = request.cookies.get("said", "")
    if not key.startswith("web.said.") or not i18n.has(key):
        return ""
    notes().told = True
    return i18n.say(key)


def grouped(digits: str, size: int = 4) -> str:
    """Digits in groups that can be read aloud."""
    return " ".join(digits[start : start + size] for start in range(0, len(digits), size))


def distance(metres: int) -> str:
    """80 米, 1.2 公里."""
    if metres < LARGE_MINIMUM:
        return i18n.say("web.metres", n=metres)
    return i18n.say("web.kilometres", n=f"{metres / LARGE_MINIMUM:.1f}")


def signed(points: int) -> str:
    """+5, −20 (with a real minus sign)."""
    return (
        f"+{i18n.format_number(points)}"
        if points > 0
        else f"−{i18n.format_number(-points)}"
        if points
        else "0"
    )


def month(day: date) -> str:
    """2026 年 10 月, 2026-10."""
    return i18n.say("web.year-month", year=str(day.year), month=f"{day.month:02d}")


def spans(hours: list[list[str]]) -> str:
    """Opening spans of one day: 08:00–22:00."""
    return (
        "、".join(f"{opens}–{closes}" for opens, closes in hours)
        if hours
        else i18n.say("web.station.closed-today")
    )


# --- files -----------------------------------------------------------------------------------------------------------


@cache
def version() -> str:
    """A digest of all static files: part of their address, so that they may be kept for ever."""
    digest = hashlib.sha256()
    for file in sorted(STATIC.rglob("*")):
        if file.is_file():
            digest.update(file.relative_to(STATIC).as_posix().encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def asset(name: str) -> str:
    """The address of a static file."""
    return f"/static/{version()}/{name}"


@cache
def vendored(name: str) -> bool:
    """Whether a file that comes through npm is there (a machine without Node does without)."""
    return (STATIC / "vendor" / name).is_file()


def static_file(version: str, name: str) -> Response:
    """A static file; kept for ever under the current version's address."""
    response = send_from_directory(STATIC, name)
    current = version == globals()["version"]()
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if current else "no-cache"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def service_worker() -> Response:
    """The service worker, at the root so that it may serve the home page offline."""
    text = f'const VERSION = "{version()}";\n' + (STATIC / "sw.js").read_text("utf-8")
    response = make_response(text)
    response.headers["Content-Type"] = "text/javascript; charset=utf-8"
    response.headers["Cache-Control"] = "no-cache"
    return response


def manifest() -> dict[str, Any]:
    """The web app manifest."""
    return {
        "name": i18n.say("web.product"),
        "short_name": i18n.say("web.product"),
        "start_url": "/",
        "display": "standalone",
        "background_color": "#f3f5f4",
        "theme_color": "#006c5b",
        "icons": [{"src": asset("icon.svg"), "sizes": "any", "type": "image/svg+xml"}],
    }


for _view in (static_file, service_worker, manifest):
    setattr(_view, "__access__", PUBLIC)  # noqa: B010 -- a note on a function, for the test that asks every route


FILTERS: dict[str, Callable[..., str]] = {
    "day": i18n.format_day,
    "date": i18n.format_date,
    "time": i18n.format_time,
    "instant": i18n.format_instant,
    "table_instant": i18n.format_table_instant,
    "number": i18n.format_number,
    "hours": i18n.format_hours,
    "grouped": grouped,
    "distance": distance,
    "signed": signed,
    "spans": spans,
    "month": month,
}


# --- errors of the transport, as pages -------------------------------------------------------------------------------


def wants_page() -> bool:
    """Whether the running request asked for a page (everything outside the API and the machines' addresses)."""
    return not request.path.startswith(("/api/", "/healthz", "/readyz", "/metrics", "/static/"))


def page_for_http(error: HTTPException) -> Response:
    """An unknown address, a method that does not fit, too many bytes, or a bug: the same friendly page."""
    status = error.code or 500
    slug = {404: "not-found", 405: "method-not-allowed", 413: "too-large"}.get(
        status, "bad-request" if status < 500 else "broken"
    )
    answer = make_response(render_template("error.html", sentence=i18n.say(slug), slug=slug), status)
    return secured(problems.with_methods(answer, error))
