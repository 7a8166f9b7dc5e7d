"""The shape of a kind: its categories, its state machine, who handles it, and whether it is private."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.cases import states as s


@dataclass(frozen=True, slots=True)
class Move:
    """A verb of a kind: from which states, to which (None: the state stays), by whom."""

    sources: tuple[str, ...]
    target: str | None
    who: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of case. Everything the engine needs to know about it, and nothing it could decide by itself."""

    name: str
    categories: Mapping[str, str]  # category → the grade it starts with
    moves: Mapping[str, Move]
    triage: str  # the permission to accept, reject, reassign
    work: str  # the permission to resolve
    private: bool = False  # never in lists, maps, hints or figures of others
    screened: bool = True  # refuse telephone and identity numbers in its texts
    followed: bool = False  # others may say "me too"

    @property
    def handlers(self) -> tuple[str, ...]:
        """The permissions of which one, held over the responsible unit, lets staff see the case."""
        return tuple(dict.fromkeys((self.triage, self.work)))

    def target(self, verb: str, state: str) -> str | None:
        """The state after `verb` in `state`, None where the kind does not declare it."""
        move = self.moves.get(verb)
        if move is None or state not in move.sources:
            return None
        return move.target or state


# The ordinary way of a case; a kind takes it whole or changes a line of it.
ORDINARY: Mapping[str, Move] = {
    s.ACCEPT: Move(s.WAITING, s.ACCEPTED, (s.TRIAGE,)),
    s.REJECT: Move((s.SUBMITTED, s.RETURNED), s.REJECTED, (s.TRIAGE,)),
    s.REASSIGN: Move(s.OPEN, None, (s.TRIAGE,)),
    s.START: Move((s.ACCEPTED,), s.IN_PROGRESS, (s.WORK,)),
    s.RESOLVE: Move(s.WORKING, s.RESOLVED, (s.WORK,)),
    s.HAND_BACK: Move(s.WORKING, s.RETURNED, (s.WORK,)),
    s.CONFIRM: Move((s.RESOLVED,), s.CLOSED, (s.REPORTER,)),
    s.ANSWER: Move((s.RESOLVED,), None, (s.REPORTER,)),
    s.REOPEN: Move((s.RESOLVED, s.CLOSED), s.REOPENED, (s.REPORTER, s.TRIAGE)),
    s.WITHDRAW: Move((s.SUBMITTED,), s.WITHDRAWN, (s.REPORTER,)),
    s.ESCALATE: Move(s.OPEN, None, (s.SYSTEM,)),
    s.CLOSE: Move((s.RESOLVED,), s.CLOSED, (s.SYSTEM,)),
}
