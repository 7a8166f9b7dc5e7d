"""Saying why points moved, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.kernel import i18n

UNEXPLAINED = "ledger.unexplained"


def explain(words: Mapping[str, Any], locale: str | None = None) -> str:
    """The sentence behind a transaction's `words`: its slug, filled with its facts.

    A fact stored as {"zh": …, "en": …} is told in the reader's language.
    """
    slug = str(words.get("slug", ""))
    language = locale or i18n.locale()
    facts = {
        name: _fact(value, language) for name, value in words.items() if name not in ("slug", "key", "locale")
    }
    return i18n.say(slug if i18n.has(slug) else UNEXPLAINED, locale=language, **facts)


def _fact(value: Any, language: str) -> Any:
    if isinstance(value, Mapping) and "zh" in value:
        return i18n.pick(str(value["zh"]), value.get("en"), language)
    return value
