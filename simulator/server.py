"""The server as the network sees it: each request is one unit of work with its key, and it may die on the way.

What `kernel/http.py` does around a view is done here around a use case: the key is claimed and the outcome kept in the
transaction that does the work. Each try has a seed of its own: what is drawn does not depend on where a crash struck.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol, TypeVar

from app.identity import queries as people
from app.identity.actors import Actor
from app.identity.errors import SessionEnded
from app.kernel import clock, idempotency, ids, randomness
from app.kernel.db import in_transaction
from app.kernel.errors import Problem
from simulator.faults import Crash, Crashes, Faults
from simulator.violation import Violation

T = TypeVar("T")

# Refusals that speak of the product's own books, or of another request at the same moment; here there is never one.
UNSAYABLE = frozenset({"account-short", "conflict", "source-used-differently", "still-running", "try-again"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What somebody asks for. With a key it may be sent again and counts once.

    `refused_by` names the invariant that forbids it: a forged code, a look into somebody else's case. `own_units` says
    that it brings its own units of work, like a job.
    """

    do: Callable[..., dict[str, Any]]
    by: Actor
    facts: Mapping[str, Any] = field(default_factory=dict)
    key: str | None = None
    refused_by: str | None = None
    own_units: bool = False

    @property
    def name(self) -> str:
        return self.do.__name__

    def fingerprint(self) -> str:
        """What makes two requests the same."""
        facts = json.dumps(dict(self.facts), default=str, sort_keys=True, ensure_ascii=False)
        return idempotency.fingerprint(self.name.encode(), facts.encode())


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the facts as JSON, or the slug of the refusal."""

    done: bool
    body: str
    replayed: bool = False

    @property
    def facts(self) -> dict[str, Any]:
        return dict(json.loads(self.body)) if self.done else {}

    @property
    def slug(self) -> str:
        return "" if self.done else self.body


@dataclass(frozen=True, slots=True)
class Step:
    """One try: what was asked, when, and what came of it (None: the server died)."""

    number: int
    at: datetime
    request: Request
    answer: Answer | None


class Meeting(Protocol):
    """Whoever lets others cross with a request: see crossing.py."""

    def come(self, first: Request, number: int, do: Callable[[Request], Answer]) -> bool:
        """It is about to begin. Whether somebody will cross with it."""

    def meet(self) -> None:
        """Its unit of work has done everything and is about to commit."""

    def part(self) -> None:
        """It has been committed."""


class Server:
    """Handles one request at a time and tells whoever watches."""

    def __init__(self, *, seed: int, faults: Faults, meeting: Meeting | None = None) -> None:
        self.steps = 0
        self.crashed = 0
        self.watchers: list[Callable[[Step], None]] = []
        self._seed = seed
        self._faults = faults
        self._crashes = Crashes()
        self._answered: dict[tuple[str, str], str] = {}
        self._meeting = meeting
        self._undisturbed = True  # nobody crosses with what is to die half-way, or with a calm hand

    def running(self) -> Any:
        """Switched on for as long as the block lasts."""
        return self._crashes.switched_on()

    def handle(self, request: Request, at: datetime, *, calm: bool = False) -> Answer:
        """Do what is asked, or say why not. Raises Crash when the server dies; whether it was done is then unknown."""
        self.steps += 1
        moment = None if calm else self._faults.crash()
        self._undisturbed = calm or moment is not None
        at = at if calm else self._faults.on_the_server(at)
        with clock.use(lambda: at), randomness.use(randomness.Seeded(f"{self._seed}:{self.steps}")):
            try:
                with self._crashes.armed(moment):
                    answer = self._answer(request, at)
            except Crash:
                self.crashed += 1
                ids.begin_anew()  # how many ids were made until then differs between databases
                self._tell(Step(self.steps, at, request, None))
                raise
        self._tell(Step(self.steps, at, request, answer))
        return answer

    def look(self, question: Callable[[], T], at: datetime) -> T:
        """Read something, in a transaction that cannot write."""
        with clock.use(lambda: at):
            return in_transaction(question, write=False)

    def _answer(self, request: Request, at: datetime) -> Answer:
        try:
            before = self._crashes.commits
            answer = (
                self._own_units(request, at) if request.own_units else self._alone_or_crossed(request, at)
            )
        except Problem as problem:
            self._must_be_sayable(request, problem.slug)
            return Answer(False, problem.slug)
        except Violation:
            raise
        except Exception as error:
            raise Violation("I0", f"{request.name} failed with {type(error).__name__}: {error}") from error
        if not request.own_units and self._crashes.commits != before + 1:
            raise Violation("I0", f"{request.name} was {self._crashes.commits - before} units of work")
        self._must_be_the_same(request, answer)
        return answer

    def _alone_or_crossed(self, request: Request, at: datetime) -> Answer:
        meeting = None if self._undisturbed else self._meeting
        if meeting is None:
            return in_transaction(lambda: _once(request, at))

        def met() -> Answer:
            answer = _once(request, at)
            meeting.meet()
            return answer

        meeting.come(request, self.steps, lambda other: _once(other, at))
        answer = in_transaction(met)
        meeting.part()
        return answer

    def _own_units(self, request: Request, at: datetime) -> Answer:
        meeting = None if self._undisturbed else self._meeting
        if meeting is None:
            return _once(request, at)
        if meeting.come(request, self.steps, lambda other: _once(other, at)):
            request = replace(request, facts={**request.facts, "then": meeting.meet})
        answer = _once(request, at)
        meeting.part()
        return answer

    def _must_be_the_same(self, request: Request, answer: Answer) -> None:
        """I5: the same key and body get the same answer, to the byte."""
        if request.key is None:
            return
        first = self._answered.setdefault((request.by.key, request.key), answer.body)
        if first != answer.body:
            raise Violation("I5", f"{request.name} with one key was answered {first} and then {answer.body}")

    def _must_be_sayable(self, request: Request, slug: str) -> None:
        """I0: nobody can cause these refusals. I5: what was done once is not refused when it is sent again."""
        if slug in UNSAYABLE:
            raise Violation("I0", f"{request.name} was refused as {slug}")
        first = self._answered.get((request.by.key, request.key or ""))
        if first is not None and slug != SessionEnded.slug:
            raise Violation(
                "I5", f"{request.name} with one key was answered {first} and then refused as {slug}"
            )

    def _tell(self, step: Step) -> None:
        if step.answer is not None and step.answer.done and step.request.refused_by:
            raise Violation(
                step.request.refused_by,
                f"{step.request.name} had to be refused and was done: {step.answer.body}",
            )
        for watcher in self.watchers:
            watcher(step)


def _once(request: Request, at: datetime) -> Answer:
    _admit(request.by)
    if request.key is None:
        return Answer(True, _text(request.do(by=request.by, at=at, **request.facts)))
    owner, key = request.by.key, request.key
    before = idempotency.begin(owner=owner, key=key, request=request.fingerprint(), at=at)
    if before is not None:
        return Answer(before.status < 400, before.body, replayed=True)
    try:
        body = _text(request.do(by=request.by, at=at, **request.facts))
    except Problem as problem:
        if problem.keep:
            idempotency.finish(owner=owner, key=key, status=problem.status, body=problem.slug)
        raise
    idempotency.finish(owner=owner, key=key, status=200, body=body)
    return Answer(True, body)


def _admit(by: Actor) -> None:
    """Whoever has closed the account is nobody any more, whatever is still on its way."""
    if by.is_rider and people.person(by.id).closed_at is not None:
        raise SessionEnded


def _text(facts: dict[str, Any]) -> str:
    return json.dumps(facts, ensure_ascii=False, sort_keys=True)
