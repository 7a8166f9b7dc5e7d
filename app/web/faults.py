"""What was wrong with a form, for the summary on top and for the field itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.kernel import problems
from app.kernel.errors import Problem


@dataclass(frozen=True, slots=True)
class Faults:
    """What was wrong with a form: one sentence, and one per field where a field is at fault."""

    sentence: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, problem: Problem, blame: Mapping[str, str]) -> Faults:
        sentence = problems.sentence(problem)
        if at_fault := blame.get(problem.slug):  # a page may call it otherwise than the use case does
            return cls(sentence, {at_fault: sentence})
        named = problems.flatten(problem.fields) if problem.fields else ()
        return cls(sentence, {path: words for path, words in named if path != "body"})
