"""What can go wrong, in four families plus the transport's own. Rendered once, as problem details (RFC 9457).

A problem carries a stable `slug` (the `code` in the API and the key of its words) and facts that fill the words.
Anything that is not a Problem is a bug and stays a 500.
"""

from __future__ import annotations

from typing import Any, ClassVar


class Problem(Exception):
    """A refusal with a reason. `keep = True`: what was written before it stays (a wrong try, a refused scan).

    `fields` maps the path of a field that is at fault to its messages, whichever family it is: each is named.
    """

    status: ClassVar[int] = 400
    slug: ClassVar[str] = "bad-request"
    keep: ClassVar[bool] = False
    retryable: ClassVar[bool] = False

    def __init__(self, fields: dict[str, Any] | None = None, **facts: Any) -> None:
        super().__init__(self.slug)
        self.fields, self.facts = fields or {}, facts


class BadRequest(Problem):
    """The request cannot be read at all."""


class NotFound(Problem):
    """There is no such thing, or the caller may not know that there is."""

    status = 404
    slug = "not-found"


class Conflict(Problem):
    """The thing is in a state in which this cannot happen."""

    status = 409
    slug = "conflict"


class Forbidden(Problem):
    """The caller may not do this."""

    status = 403
    slug = "not-allowed"


class Invalid(Problem):
    """The shape or value of what came in is wrong."""

    status = 422
    slug = "invalid"


class Unauthenticated(Problem):
    """The caller has not said who they are, or the proof has run out."""

    status = 401
    slug = "sign-in-needed"


class Gone(Problem):
    """It was there once and has been withdrawn."""

    status = 410
    slug = "gone"


class TooLarge(Problem):
    """More bytes than this door takes."""

    status = 413
    slug = "too-large"


class UnsupportedMedia(Problem):
    """A content type this door does not take."""

    status = 415
    slug = "unsupported-media"


class RateLimited(Problem):
    """Too many tries; the fact `retry_after_s` says when to come back."""

    status = 429
    slug = "too-many-tries"
    retryable = True


class Unavailable(Problem):
    """The database is busy or away; the same request with the same key may be sent again."""

    status = 503
    slug = "try-again"
    retryable = True
