"""Writing a notice and handing it to the channels of its kind."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from app.identity.models import Person
from app.kernel import i18n
from app.kernel.db import insert_if_absent, session
from app.kernel.ids import new_id
from app.notices.channels import CHANNELS
from app.notices.kinds import KINDS
from app.notices.models import Notice


class About(NamedTuple):
    """What the reader can open from a notice."""

    kind: str
    id: UUID


def tell(
    *, person_id: UUID | None, slug: str, source: str, facts: Mapping[str, Any], about: About, at: datetime
) -> Notice | None:
    """Tell one person one thing, once per `source`. None if it was told before, or nobody is there to read it."""
    if not _reads(person_id):
        return None
    values = {
        "id": new_id(),
        "person_id": person_id,
        "slug": slug,
        "source": source,
        "facts": dict(facts),
        "about_kind": about.kind,
        "about_id": about.id,
        "created_at": at,
    }
    if not insert_if_absent(Notice, values):  # the same event twice at once: the unique constraint keeps one
        return None
    notice = session.get_one(Notice, values["id"])
    for channel in KINDS[slug]:
        CHANNELS[channel].deliver(notice)
    return notice


def _reads(person_id: UUID | None) -> bool:
    """Whether there is an open account to tell: the ledger outlives its people."""
    someone = session.get(Person, person_id) if person_id is not None else None
    return someone is not None and someone.closed_at is None


def text_of(notice: Notice, locale: str | None = None) -> str:
    """The notice in the reader's language. A fact kept as {"zh": …, "en": …} is told in that language too."""
    language = locale or i18n.locale()
    facts = {name: _fact(value, language) for name, value in notice.facts.items()}
    return i18n.say(f"notices.{notice.slug}", locale=language, **facts)


def _fact(value: Any, language: str) -> Any:
    if isinstance(value, Mapping):
        return i18n.pick(str(value["zh"]), value.get("en"), language)
    return value
