"""Where a page may lead to."""

from __future__ import annotations

from flask import current_app, request, url_for
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import RequestRedirect

from app.web.notes import notes


def local_path(text: str | None, default: str = "/") -> str:
    """A path on this site; anything else (another host, a trick) becomes the default."""
    if (
        not text
        or not text.startswith("/")
        or text.startswith(("//", "/\\"))
        or not text.isprintable()
        or "\\" in text
    ):
        return default
    return text


def page_here() -> str:
    """The page that the person has before them, as an address that can be opened.

    After a refusal that is the page of the form: the address the form was sent to often takes forms only.
    """
    if (elsewhere := notes().lives_at) is not None:
        return elsewhere
    if request.method == "GET":
        return request.full_path.rstrip("?")
    if (form := notes().form) is None:
        return _nearest_page(request.path)
    endpoint, parts = form
    rule = next(current_app.url_map.iter_rules(endpoint))
    return url_for(endpoint, **{name: value for name, value in parts.items() if name in rule.arguments})


def _nearest_page(path: str) -> str:
    """The address itself, or the nearest above it where there is a page."""
    addresses = current_app.url_map.bind("")
    while path:
        try:
            addresses.match(path, method="GET")
        except (MethodNotAllowed, NotFound):
            path = path.rpartition("/")[0]
        except RequestRedirect:
            break
        else:
            break
    return path or "/"
