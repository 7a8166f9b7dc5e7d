"""What a draft changes against the version in force, in plain words of both languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.kernel.i18n import say, speaking
from app.rules.rulebook import Rule
from app.rules.sentences import (
    cap_in_words,
    condition_in_words,
    expiry_in_words,
    rule_in_words,
    usable_in_words,
    worth_in_words,
)

LANGUAGES = ("zh", "en")


def differences(before: Sequence[Rule], after: Sequence[Rule]) -> list[dict[str, str]]:
    """Each change as one sentence: new rules, rules that end, and what is different in the others."""
    told = []
    for language in LANGUAGES:
        with speaking(language):
            told.append(_sentences(before, after))
    return [dict(zip(LANGUAGES, pair, strict=True)) for pair in zip(*told, strict=True)]


def _sentences(before: Sequence[Rule], after: Sequence[Rule]) -> list[str]:
    old, new = {rule.key: rule for rule in before}, {rule.key: rule for rule in after}
    said = [say("rules.change.new", rule=rule_in_words(rule)) for key, rule in new.items() if key not in old]
    said += [
        say("rules.change.gone", rule=rule_in_words(rule)) for key, rule in old.items() if key not in new
    ]
    for key, rule in new.items():
        if key in old and old[key] != rule:
            said += _changes(old[key], rule)
    return said


def _changes(old: Rule, new: Rule) -> list[str]:
    if old.fact != new.fact:
        return [say("rules.change.other", before=rule_in_words(old), after=rule_in_words(new))]
    then, now = _parts(old), _parts(new)
    return [
        say(
            "rules.change.part",
            rule=new.key,
            part=say(f"rules.part.{part}"),
            before=then[part],
            after=now[part],
        )
        for part in now
        if then[part] != now[part]
    ]


def _parts(rule: Rule) -> Mapping[str, Any]:
    comma, nothing = say("rules.list-comma"), say("rules.none")
    return {
        "name": rule.words_in(),
        "when": comma.join(condition_in_words(rule.fact, each) for each in rule.when) or say("rules.always"),
        "points": worth_in_words(rule),
        "caps": comma.join(cap_in_words(each) for each in rule.caps) or nothing,
        "usable": usable_in_words(rule),
        "expiry": expiry_in_words(rule) or nothing,
    }
