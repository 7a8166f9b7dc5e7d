"""Headers that every answer carries unless the view has said otherwise: put on last, around the whole application."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from app.kernel import i18n
from app.kernel.cookies import Wsgi

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; media-src 'self' blob:; worker-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)


class ClosedDoors:
    """A WSGI application around another, whose answers go out with what keeps browsers careful."""

    def __init__(self, inner: Wsgi, *, version: str, only_tls: bool) -> None:
        self._inner = inner
        self._all = [
            ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "same-origin"),
            ("Permissions-Policy", "camera=(self), geolocation=(self), microphone=()"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("X-Fengxing", version),  # so that a page knows who answered: see reach.js
        ]
        if only_tls:
            self._all.append(("Strict-Transport-Security", "max-age=31536000"))

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            said = {name.lower() for name, _ in headers}
            wanted = [pair for pair in self._all if pair[0].lower() not in said]
            if environ.get("PATH_INFO", "").startswith("/api/"):
                of_api = (
                    ("Cache-Control", "no-store"),
                    ("Content-Language", i18n.HTML_LANGUAGE[i18n.locale()]),
                )
                wanted += [pair for pair in of_api if pair[0].lower() not in said]
            return start_response(status, headers + wanted, *more)

        return self._inner(environ, start)
