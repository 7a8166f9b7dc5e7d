"""Saying in words what the rules counted, and why a fact gave nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.kernel import i18n
from app.rules.models import NoAward


def arithmetic(found: Mapping[str, Any]) -> str:
    """150 ÷ 60 = 2，每份 10 分，共 20 分."""
    return i18n.say(f"web.entry.count-{found['kind']}", **found) if found else ""


def cuts(found: Sequence[Mapping[str, Any]]) -> str:
    """What the caps took off; empty if they took nothing."""
    return "，".join(i18n.say("web.entry.cut", points=each["cut"]) for each in found)


def why_none(found: NoAward) -> str:
    """Why a fact gave no points, in words a rider understands."""
    key = f"web.why-none.{found.why}"
    return i18n.say(key if i18n.has(key) else "web.why-none.other")
