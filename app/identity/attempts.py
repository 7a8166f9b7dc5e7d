"""Each try to prove who one is becomes a line of the log: which way, and what came of it; never a phone or a name."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from app.identity.models import Person
from app.kernel.errors import Problem
from app.kernel.observing import log

T = TypeVar("T")


def logged(how: str) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """Write down every call of a use case that proves somebody: whom it proved, or the slug of the refusal.

    False is no outcome: there was nothing to prove.
    """

    def around(prove: Callable[..., T]) -> Callable[..., T]:
        @wraps(prove)
        def proved(**facts: Any) -> T:
            try:
                result = prove(**facts)
            except Problem as problem:
                log.warning("authentication", how=how, outcome=problem.slug)
                raise
            if result is not False:
                who = result.id if isinstance(result, Person) else facts["person_id"]
                log.info("authentication", how=how, outcome="done", person=str(who))
            return result

        return proved

    return around
