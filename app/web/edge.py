"""The edge of the pages: like the API's, a view says who may, what comes in, and makes one call — and answers a page.

    pages = Pages("shop")

    @pages.get("/shop")                              one transaction that cannot write
    @public                                          who may; otherwise @requires("self")
    def shop(by): return page("rider/shop.html", rewards=...)

    @pages.post("/shop/<uuid:reward_id>", again=reward, blame={"reward-sold-out": "station_id"})
    @requires("self")
    @once                                            a one-time key in the form: sent twice, done once
    @takes_form(OrderForm)                           what comes in, as keyword arguments
    def order(reward_id, station_id, by): ...; return go(f"/vouchers/{voucher.id}", said="web.said.reserved")

A refusal shows the form again (`again`, a GET view) with the fault named, what was typed kept; or, without a form to
show, a page with the same sentence. Whoever is not signed in is asked to, and comes back afterwards. Every POST is
checked for its CSRF token (flask-jwt-extended) and for its origin.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote

from flask import Blueprint, Response, current_app, make_response, redirect, render_template, request
from werkzeug.datastructures import FileStorage

from app.identity import sessions
from app.identity.actors import ANONYMOUS, Actor
from app.identity.edge import (
    REFRESH_COOKIE,
    Tokens,
    act_as,
    authenticate,
    drop_cookies,
    give_tokens,
    put_cookies,
    refresh_token_id,
)
from app.identity.errors import CsrfMissing, SessionEnded, SessionReused
from app.kernel import clock, i18n, idempotency, problems, traces
from app.kernel.answering import PUBLIC, Edge, count_tries, edge_of, file_bytes, load, unit
from app.kernel.db import in_transaction
from app.kernel.errors import Problem, Unauthenticated
from app.web.facts import kept, to_keep
from app.web.faults import Faults
from app.web.headers import secured
from app.web.notes import notes
from app.web.origin import check_origin
from app.web.paths import page_here

F = TypeVar("F", bound=Callable[..., Any])
OURS = ("csrf_token", "idempotency_key")  # form fields that belong to the edge


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a page does with a refusal: show the form again, or a page that says so."""

    again: Callable[..., Any] | None = None
    blame: Mapping[str, str] = field(default_factory=dict)
    template: str = "error.html"


class Refused(Problem):
    """A refusal that was answered before and is answered again in the same words."""

    def __init__(self, slug: str, status: int, facts: dict[str, Any]) -> None:
        super().__init__(**facts)
        self.slug, self.status = slug, status  # type: ignore[misc]


def once(view: F) -> F:
    """The form carries a one-time key: sent again, it is answered the same and done once."""
    edge_of(view).idempotent = True
    return view


class Pages(Blueprint):
    """A group of pages; `get` and `post` open the transaction, admit the caller and turn refusals into pages."""

    def __init__(self, name: str) -> None:
        super().__init__(f"web-{name}", "app.web", template_folder="templates")
        self.after_request(_finish)
        self.writing_gets: list[str] = []

    def get(self, rule: str, *, write: bool = False) -> Callable[[F], F]:  # type: ignore[override]
        """A page to look at; `write=True` only where looking must leave a trace."""
        self.writing_gets += [rule] if write else []
        return self._method("GET", rule, write, Refusal())

    def post(  # type: ignore[override]
        self,
        rule: str,
        *,
        again: Callable[..., Any] | None = None,
        blame: Mapping[str, str] | None = None,
        refused: str = "error.html",
    ) -> Callable[[F], F]:
        """A form; `again` shows it once more after a refusal, `blame` says which field a refusal speaks of.

        Without `again` a refusal is a page of its own, drawn by the template `refused`.
        """
        return self._method("POST", rule, True, Refusal(again, blame or {}, refused))

    def _method(self, method: str, rule: str, write: bool, refusal: Refusal) -> Callable[[F], F]:
        def register(view: F) -> F:
            edge = edge_of(view)
            if edge.access is None:
                raise RuntimeError(f"{method} {rule}: say who may see it with @requires or @public")
            edge.wants_caller = "by" in _arguments_of(view)

            @functools.wraps(view)
            def endpoint(**path: Any) -> Response:
                if (again := refusal.again) is not None:
                    notes().form = again.__page__, path  # type: ignore[attr-defined]
                try:
                    check_origin()
                    count_tries(edge)
                    request.get_data()  # all of it, before the unit of work: a slow sender must not hold the write lock
                    response = _with_session(
                        lambda: unit(
                            edge,
                            path,
                            lambda given: _answer(view, edge, given),
                            write=write or edge.trace is not None,
                        )
                    )
                except Problem as problem:
                    if _asked_by_script():
                        return problems.response_for(problem)
                    return _refuse(problem, refusal, path)
                return _for_script(response) if _asked_by_script() else response

            endpoint.__access__ = edge.access  # type: ignore[attr-defined]
            name = f"{method.lower()}-{view.__name__}"
            self.add_url_rule(rule, endpoint=name, view_func=endpoint, methods=[method])
            if method == "GET":
                view.__page__ = f"{self.name}.{name}"  # type: ignore[attr-defined]
            return view

        return register


def _arguments_of(view: Callable[..., Any]) -> tuple[str, ...]:
    code = view.__code__
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


# --- one request -----------------------------------------------------------------------------------------------------


def _with_session(call: Callable[[], Response]) -> Response:
    """Run the request; where the short access token has run out, renew the session from its cookie and run it again."""
    try:
        return call()
    except SessionEnded:
        at = clock.now()
        token = request.cookies.get(REFRESH_COOKIE, "")
        try:
            tokens = in_transaction(lambda: _renewed(token, at))
        except (SessionEnded, SessionReused):
            act_as(ANONYMOUS)
            notes().forget = True
        else:
            notes().tokens = tokens
        return call()


def _renewed(token: str, at: Any) -> Tokens:
    renewed, person = sessions.renew_session(token_id=refresh_token_id(token, at), at=at, grace=True)
    # As the session is, not as the person: roles may wait for a second step.
    act_as(sessions.actor_for(sessions.Claim(person.id, renewed.family_id)))
    return give_tokens(refresh=renewed, person=person, at=at)


def _asked_by_script() -> bool:
    """A script sends the same form as the page would, and wants to know what came of it, not to see the next page."""
    return request.method == "POST" and request.headers.get("Accept") == "application/json"


def _for_script(response: Response) -> Response:
    if response.status_code != 303:
        return response
    onward = {"location": response.headers["Location"]}
    if (ahead := notes().ahead) is not None:  # drawn once all is stored: no lock is held meanwhile
        notes().lives_at = onward["location"]
        onward["page"] = in_transaction(ahead, write=False)
    body = json.dumps(onward)
    return Response(body, status=200, content_type="application/json")


def _answer(view: Callable[..., Any], edge: Edge, path: dict[str, Any]) -> Response:
    by = authenticate(edge.ahead)
    if not _admits(edge, by):
        if not by.is_anonymous:
            raise by.refusal()
        if _asked_by_script():
            raise Unauthenticated
        return _to_sign_in()
    arguments = path | _incoming(edge) | ({"by": by} if edge.wants_caller else {})

    def made() -> Response:
        return make_response(view(**arguments))

    response = _once(made, by) if edge.idempotent else made()
    traces.leave(edge.trace, path, by)
    return response


def _admits(edge: Edge, by: Actor) -> bool:
    return edge.access == PUBLIC or (edge.access is not None and by.holds(edge.access))


def _to_sign_in() -> Response:
    return redirect(f"/sign-in?next={quote(page_here())}", 303)  # type: ignore[return-value]


def _once(call: Callable[[], Response], by: Actor) -> Response:
    """The redirect an earlier sending led to, or the work itself. Key and outcome commit with the work."""
    key = request.form.get("idempotency_key", "")
    parts = [(name, value) for name, value in sorted(request.form.items(multi=True)) if name not in OURS]
    files = [part for name, file in request.files.items(multi=True) for part in _named(name, file)]
    mark = idempotency.fingerprint(request.path.encode(), json.dumps(parts).encode(), *files)
    before = idempotency.begin(owner=by.key, key=key, request=mark, at=clock.now())
    if before is not None:
        if before.status >= 400:
            raise Refused(**kept(before.body))
        return redirect(before.body, 303)  # type: ignore[return-value]
    try:
        response = call()
    except Problem as problem:
        if problem.keep:
            told = {"slug": problem.slug, "status": problem.status, "facts": problem.facts}
            body = to_keep(told)
            idempotency.finish(owner=by.key, key=key, status=problem.status, body=body)
        raise
    if response.status_code != 303:
        raise RuntimeError("a form that counts once must answer with a redirect")
    idempotency.finish(owner=by.key, key=key, status=303, body=response.headers["Location"])
    return response


def _named(name: str, file: FileStorage) -> tuple[bytes, bytes]:
    return name.encode(), file_bytes(file) or b""


def _incoming(edge: Edge) -> dict[str, Any]:
    arguments = _asked(edge)
    if edge.form is not None:
        arguments |= load(edge.form, _filled(request.form, edge))
        for name in edge.files:
            if name not in edge.opens:
                arguments[name] = file_bytes(request.files.get(name))
    return arguments


def _asked(edge: Edge) -> dict[str, Any]:
    if edge.query is None:
        return {}
    asked = _filled(request.args, edge)  # a messenger that passes a link on adds what is its own
    return load(edge.query, {name: asked[name] for name in asked.keys() & edge.query.fields.keys()})


def _filled(values: Any, edge: Edge) -> dict[str, Any]:
    """What was filled in: an empty field counts as not given, a list field collects all its ticks."""
    schema = edge.form or edge.query
    found: dict[str, Any] = {}
    for name, given in values.lists():
        if name in OURS:
            continue
        many = getattr(schema.fields.get(name), "inner", None) is not None if schema else False
        kept = [value for value in given if value.strip()]
        if kept:
            found[name] = kept if many else kept[0]
    return found


def _refuse(problem: Problem, refusal: Refusal, path: dict[str, Any]) -> Response:
    """The form again, for whoever may see its page, and as a look at that page; for all others the sentence alone."""
    again = refusal.again
    if again is None or isinstance(problem, CsrfMissing):
        return error_page(problem, refusal.template)
    notes().faults = Faults.of(problem, refusal.blame)

    edge = edge_of(again)

    def show() -> Response:
        by = authenticate()
        if not _admits(edge, by):
            return error_page(problem, refusal.template)
        taken = _arguments_of(
            again
        )  # the form's address may name more than the page's, as a candidate of a selection
        given = {name: value for name, value in path.items() if name in taken}
        arguments = given | _asked(edge)  # a form's address says whom its page was about
        if "by" in taken:
            arguments["by"] = by
        response = make_response(again(**arguments))
        traces.leave(edge.trace, given, by)
        return response

    try:
        response = in_transaction(show, write=edge.trace is not None)
    except Problem as worse:
        return error_page(worse)
    if response.status_code == 200:
        response.status_code = problem.status
    return _saying_when(response, problem)


def _saying_when(response: Response, problem: Problem) -> Response:
    if "retry_after_s" in problem.facts:
        response.headers["Retry-After"] = str(problem.facts["retry_after_s"])
    return response


def _finish(response: Response) -> Response:
    """Cookies and headers that each page carries."""
    if (tokens := notes().tokens) is not None:
        put_cookies(response, tokens)
    elif notes().forget:
        drop_cookies(response)
    if notes().told:
        response.delete_cookie("said")
    return secured(response)


# --- what a view may answer ------------------------------------------------------------------------------------------


def page(template: str, **facts: Any) -> str:
    """A page, drawn while the transaction is open."""
    return render_template(template, **facts)


def kept_offline(text: str) -> Response:
    """A page that the service worker keeps on this device for a start without a signal.

    The header says for whom and in which form it was drawn; another one makes the worker fetch all kept pages anew.
    """
    response = make_response(text)
    static: Any = current_app.jinja_env.globals["asset"]
    by = authenticate()
    person = (by.key, str(by.agrees_to_location))
    drawn = (*person, i18n.locale(), request.cookies.get("large", ""), str(static("")))
    response.headers["X-Keep"] = hashlib.sha256("|".join(drawn).encode()).hexdigest()[:16]
    return response


def go(path: str, *, said: str | None = None, ahead: Callable[[], str] | None = None) -> Response:
    """On to another page after a form; `said` names words (web.said.…) shown there once.

    `ahead` draws that page: a script gets it with the answer and need not ask once more on a slow network.
    """
    notes().ahead = ahead
    response: Response = redirect(path, 303)  # type: ignore[assignment]
    if said is not None:
        response.set_cookie("said", said, max_age=60, httponly=True, samesite="Lax", secure=request.is_secure)
    return response


def faults_of_request() -> set[str]:
    """The fields that were at fault, while a page is shown again after a refusal."""
    faults = notes().faults
    return set(faults.fields) if faults else set()


def signed_in(response: Response, tokens: Tokens) -> Response:
    """The browser keeps the session, and the language and type size of the person."""
    notes().tokens = tokens
    remember(response, language=tokens.person.locale, large=tokens.person.large_type)
    return response


def remember(
    response: Response, *, language: str | None = None, large: bool | None = None, draws: str | None = None
) -> None:
    """Keep on this device the choice of language and type size, and for whom it draws the own code itself."""
    values = {"lang": language, "large": None if large is None else "yes" if large else "no", "draws": draws}
    for name, value in values.items():
        if value is not None:
            response.set_cookie(
                name, value, max_age=31_536_000, httponly=True, samesite="Lax", secure=request.is_secure
            )


def error_page(problem: Problem, template: str = "error.html") -> Response:
    """A refusal as a page: what happened and what to do."""
    if isinstance(problem, Unauthenticated) and request.method == "GET":
        return _to_sign_in()
    facts = {"sentence": problems.sentence(problem), "slug": problem.slug, "problem": problem}
    response = make_response(render_template(template, **facts), problem.status)
    return secured(_saying_when(response, problem))
