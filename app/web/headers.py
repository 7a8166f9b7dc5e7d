"""What a browser may do with a page of ours: nothing inline, nothing from elsewhere, nothing kept in shared caches."""

from __future__ import annotations

from flask import Response

from app.web.notes import notes

CONTENT_SECURITY = (
    "default-src 'none'; script-src 'self'{wasm}; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "media-src 'self' blob:; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


def secured(response: Response) -> Response:
    """The response with the headers that say so."""
    wasm = " 'wasm-unsafe-eval'" if notes().wasm else ""
    response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY.format(wasm=wasm))
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = "camera=(self), geolocation=(self), microphone=(), payment=()"
    response.headers.setdefault("Cache-Control", "no-store")
    return response
