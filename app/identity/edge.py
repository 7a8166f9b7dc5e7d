"""Tokens at the edge: what a browser keeps in cookies and an app sends as bearer, and who that makes the caller.

Access tokens live 15 minutes and name a person and a session family; whether the family still stands is asked of the
database each time, so a sign-out or a taken-back role counts at once, on every worker.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from flask import Flask, Response, current_app, request
from flask_jwt_extended import (
    JWTManager,
    create_access_token,
    create_refresh_token,
    decode_token,
    get_jwt_request_location,
    set_access_cookies,
    set_refresh_cookies,
    unset_jwt_cookies,
    verify_jwt_in_request,
)
from flask_jwt_extended.exceptions import CSRFError, JWTExtendedException, NoAuthorizationError
from jwt.exceptions import PyJWTError

from app.identity import sessions
from app.identity.actors import ANONYMOUS, Actor
from app.identity.errors import CsrfMissing, SessionEnded
from app.identity.models import Person, RefreshToken
from app.identity.sessions import Claim
from app.kernel import clock
from app.kernel.asking import Ahead
from app.kernel.settings import Settings
from app.kernel.subjects import address

_ACTOR = "fengxing.actor"  # once per request, in its environ: an application context may outlive a request
_WELL_SIGNED, MAX_WELL_SIGNED = (
    "fengxing.well-signed",
    4096,
)  # headers, and how many of them a process remembers
ACCESS_COOKIE, REFRESH_COOKIE = "fengxing_access", "fengxing_refresh"


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a signed-in client holds."""

    access_token: str
    refresh_token: str
    expires_in_s: int
    person: Person


def install(app: Flask, settings: Settings) -> None:
    """Configure flask-jwt-extended."""
    app.config.update(
        JWT_SECRET_KEY=settings.secret_key,
        JWT_ALGORITHM="HS256",
        JWT_TOKEN_LOCATION=["headers", "cookies"],
        JWT_ACCESS_COOKIE_NAME=ACCESS_COOKIE,
        JWT_REFRESH_COOKIE_NAME=REFRESH_COOKIE,
        JWT_COOKIE_SECURE=settings.secure_cookies,
        JWT_COOKIE_SAMESITE="Lax",
        JWT_SESSION_COOKIE=False,
        JWT_COOKIE_CSRF_PROTECT=True,
        JWT_CSRF_CHECK_FORM=True,
        JWT_ACCESS_TOKEN_EXPIRES=sessions.ACCESS_LIVES,
        JWT_REFRESH_TOKEN_EXPIRES=sessions.REFRESH_LIVES,
        # The library reads the system's clock; ours may be a test's. Its own check is opened wide, ours is in _claims.
        JWT_DECODE_LEEWAY=timedelta(days=36_500),
    )
    JWTManager(app)
    app.extensions[_WELL_SIGNED] = {}


def give_tokens(*, refresh: RefreshToken, person: Person, at: datetime) -> Tokens:
    """Signed tokens for a session. Times come from the product's clock."""
    claims = {"fam": refresh.family_id.hex, "iat": int(at.timestamp()), "nbf": int(at.timestamp())}
    access = create_access_token(
        person.id.hex, additional_claims={**claims, "exp": int((at + sessions.ACCESS_LIVES).timestamp())}
    )
    renewal = create_refresh_token(
        person.id.hex,
        additional_claims={
            **claims,
            "jti": refresh.id.hex,
            "exp": int((at + sessions.REFRESH_LIVES).timestamp()),
        },
    )
    return Tokens(access, renewal, int(sessions.ACCESS_LIVES.total_seconds()), person)


def put_cookies(response: Response, tokens: Tokens) -> Response:
    """Let a browser keep the tokens (http-only) and the CSRF values its forms must repeat."""
    set_access_cookies(response, tokens.access_token, max_age=int(sessions.REFRESH_LIVES.total_seconds()))
    set_refresh_cookies(response, tokens.refresh_token, max_age=int(sessions.REFRESH_LIVES.total_seconds()))
    return response


def drop_cookies(response: Response) -> Response:
    """Make a browser forget the tokens."""
    unset_jwt_cookies(response)
    return response


def refresh_token_id(token: str, at: datetime) -> UUID:
    """The id of a refresh token that came in. Raises SessionEnded when forged, run out or of another kind."""
    try:
        claims = decode_token(token)
    except (PyJWTError, JWTExtendedException):
        raise SessionEnded from None
    return _uuid(_checked(claims, "refresh", at), "jti")


def authenticate(ahead: Ahead = ()) -> Actor:
    """Whoever sent the running request; ANONYMOUS without tokens. Raises SessionEnded or CsrfMissing.

    What the view will ask about the caller is asked in the same statement (`ahead`).
    """
    known: Actor | None = request.environ.get(_ACTOR)
    if known is None:
        claim = claimed()
        known = request.environ[_ACTOR] = ANONYMOUS if claim is None else sessions.actor_for(claim, ahead)
    return known


def known_actor() -> Actor:
    """Whoever the running request was found to come from so far; asks no database."""
    known: Actor = request.environ.get(_ACTOR, ANONYMOUS)
    return known


def act_as(actor: Actor) -> None:
    """From here on the running request is this actor's: its session was renewed, or has ended."""
    request.environ[_ACTOR] = actor


def named_caller() -> str:
    """Whom a well-signed token names, for limits per caller; the address otherwise.

    Many riders may share one station's address. The header's text would not do: it can be varied at will.
    """
    try:
        claims = _signed_claims()
    except (PyJWTError, JWTExtendedException):
        claims = None
    return str(claims.get("sub")) if claims else address()


def claimed() -> Claim | None:
    """Whom the running request says it comes from, by a well-signed token whose time is not over; None without tokens.

    Whether the session still stands is for `callers` to find out. Raises SessionEnded or CsrfMissing.
    """
    try:
        signed = _signed_claims()
    except CSRFError:
        raise CsrfMissing from None
    except NoAuthorizationError:
        return None
    except (PyJWTError, JWTExtendedException):
        raise SessionEnded from None
    if signed is None:
        return None
    claims = _checked(signed, "access", clock.now())
    return Claim(_uuid(claims, "sub"), _uuid(claims, "fam"))


def callers(claims: Sequence[Claim]) -> list[Actor | None]:
    """Who these are, as they are now; None where the session has ended. One statement for all of them."""
    return sessions.actors_for(claims)


def _signed_claims() -> dict[str, Any] | None:
    """What a well-signed token of the request says, whether or not its time is over; None without a token.

    What was found well-signed once is so for as long as the process keeps its key: it is not worked out again, unless
    the request comes by cookie and may change something: then it must also repeat the CSRF value.
    """
    header = _authorization()
    by_cookie = not header and request.method in ("GET", "HEAD")
    token = request.cookies.get(ACCESS_COOKIE, "") if by_cookie else header
    known: dict[str, dict[str, Any]] = current_app.extensions[_WELL_SIGNED]
    claims = known.get(token)
    if claims is not None and (by_cookie or token.startswith("Bearer ")):
        return claims
    try:
        verified = verify_jwt_in_request(optional=True)
    except TypeError:  # the library compares the CSRF value as ASCII: another one is not ours
        raise CSRFError("not ASCII") from None
    if verified is None:
        return None
    if by_cookie or get_jwt_request_location() == "headers":
        _remember(token, verified[1])
    return verified[1]


def _authorization() -> str:
    """The header that names the caller. Its scheme may be written in any case; flask-jwt-extended knows one only."""
    header: str = request.environ.get("HTTP_AUTHORIZATION", "")
    if header[:7].lower() == "bearer " and not header.startswith("Bearer "):
        header = request.environ["HTTP_AUTHORIZATION"] = f"Bearer {header[7:]}"
    return header


def _remember(token: str, claims: dict[str, Any]) -> None:
    known: dict[str, dict[str, Any]] = current_app.extensions[_WELL_SIGNED]
    if len(known) >= MAX_WELL_SIGNED:
        known.clear()
    known[token] = claims


def csrf_value(access_token: str) -> str | None:
    """What a form must repeat that comes with this access token by cookie; None if the token is not ours."""
    known: dict[str, dict[str, Any]] = current_app.extensions[_WELL_SIGNED]
    claims = known.get(access_token)
    if claims is None:
        try:
            claims = decode_token(access_token)
        except (PyJWTError, JWTExtendedException):
            return None
        _remember(access_token, claims)
    return claims.get("csrf")


def _checked(claims: dict[str, Any], kind: str, at: datetime) -> dict[str, Any]:
    # PyJWT accepts a token without exp; we do not.
    expires = claims.get("exp")
    if claims.get("type") != kind or not isinstance(expires, int) or at.timestamp() >= expires:
        raise SessionEnded
    return claims


def _uuid(claims: dict[str, Any], name: str) -> UUID:
    try:
        return _uuid_of(str(claims.get(name)))
    except ValueError:
        raise SessionEnded from None


@lru_cache(maxsize=MAX_WELL_SIGNED)
def _uuid_of(text: str) -> UUID:
    return UUID(hex=text)
