"""Around the whole application: headers that every answer carries unless the view has said otherwise, and, where the
public address is https, no answer to what came in the clear.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from app.kernel import i18n
from app.kernel.cookies import Wsgi

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; media-src 'self' blob:; worker-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
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


# Asked by the machine next door: whether the service lives, and how many did what.
IN_THE_CLEAR = frozenset({"/healthz", "/readyz", "/metrics"})
ONLY_TLS = "只能通过 https 访问。Only over https."


class OnlyTls:
    """A WSGI application around another, which hears only what came over TLS.

    Nobody is led on to https: whoever sent a token or a code in the clear should notice. A proxy that ends TLS says so
    in X-Forwarded-Proto, which counts where FENGXING_TRUSTED_PROXIES does.
    """

    def __init__(self, inner: Wsgi) -> None:
        self._inner = inner

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if environ.get("wsgi.url_scheme") == "https" or path in IN_THE_CLEAR:
            return self._inner(environ, start_response)
        media, body = "text/plain; charset=utf-8", ONLY_TLS
        if path.startswith("/api/"):
            media = "application/problem+json"
            said = {
                "type": "about:blank",
                "title": ONLY_TLS,
                "status": 403,
                "code": "only-tls",
                "detail": ONLY_TLS,
            }
            body = json.dumps(said, ensure_ascii=False)
        start_response("403 Forbidden", [("Content-Type", media)])
        return [body.encode()]
