"""What was wrong with a form, for the summary on top and for the field itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.kernel import problems
from app.kernel.errors import Problem

# A file is refused before any form is looked at, so that it names no field; on every page the field is this one.
OF_PHOTOS = {"photo-too-large": "photo", "unsupported-photo": "photo"}


@dataclass(frozen=True, slots=True)
class Faults:
    """What was wrong with a form: one sentence, and one per field where a field is at fault."""

    sentence: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, problem: Problem, blame: Mapping[str, str]) -> Faults:
        sentence = problems.sentence(problem)
        # A page may call it otherwise than the use case does.
        if at_fault := blame.get(problem.slug) or OF_PHOTOS.get(problem.slug):
            return cls(sentence, {at_fault: sentence})
        named = problems.flatten(problem.fields) if problem.fields else ()
        return cls(sentence, {path: words for path, words in named if path != "body"})
