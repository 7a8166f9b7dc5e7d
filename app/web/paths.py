"""Where a page may lead to."""

from __future__ import annotations


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
