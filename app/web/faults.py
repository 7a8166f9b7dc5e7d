"""What was wrong with a form, for the summary on top and for the field itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.kernel import problems
from app.kernel.errors import Invalid, Problem


@dataclass(frozen=True, slots=True)
class Faults:
    """What was wrong with a form: one sentence, and one per field where a field is at fault."""

    sentence: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, problem: Problem, blame: Mapping[str, str]) -> Faults:
        sentence = problems.sentence(problem)
        if isinstance(problem, Invalid) and problem.fields:
            return cls(
                sentence, {path: words for path, words in problems.flatten(problem.fields) if path != "body"}
            )
        at_fault = blame.get(problem.slug)
        return cls(sentence, {at_fault: sentence} if at_fault else {})
