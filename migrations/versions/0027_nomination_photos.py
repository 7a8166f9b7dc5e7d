"""Photos of nominations that their nominee answers for, links, and photos that are thrown away"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Json, UtcDateTime
from app.kernel.ids import new_id
from migrations.guards import v0027 as guards

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

BEFORE = {"ck_media_purpose": "purpose IN ('report', 'work', 'appeal', 'reward')"}
AFTER = {
    "ck_media_purpose": "purpose IN ('report', 'work', 'appeal', 'reward', 'nomination')",
    "ck_media_gone_before_erased": "erased_at IS NULL OR gone_at IS NOT NULL",
}
TABLE = "nomination_photos"
PHOTOS = sa.table(
    TABLE,
    *(sa.column(name, sa.Uuid()) for name in ("id", "voice_id", "media_id")),
    *(sa.column(name) for name in ("shows", "answer")),
)
VOICES = sa.table("nomination_voices", sa.column("id", sa.Uuid()), sa.column("photo_ids", Json))
MEDIA = sa.table("media", sa.column("id", sa.Uuid()), sa.column("purpose"), sa.column("seen_with", Json))


def upgrade() -> None:
    for name in ("gone_at", "erased_at"):
        op.add_column("media", sa.Column(name, UtcDateTime(), nullable=True))
    op.create_index("ix_media_gone_at", "media", ["gone_at"])
    _swap(BEFORE, AFTER)
    op.create_table(
        TABLE,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("voice_id", sa.Uuid(), nullable=False),
        sa.Column("media_id", sa.Uuid(), nullable=False),
        sa.Column("shows", sa.String(length=10), nullable=False),
        sa.Column("answer", sa.String(length=8), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("shows IN ('nominee', 'nobody')", name=op.f(f"ck_{TABLE}_shows")),
        sa.CheckConstraint("answer IN ('waiting', 'agreed', 'refused')", name=op.f(f"ck_{TABLE}_answer")),
        sa.CheckConstraint("(answer = 'waiting') = (answered_at IS NULL)", name=op.f(f"ck_{TABLE}_answered")),
        sa.ForeignKeyConstraint(["voice_id"], ["nomination_voices.id"], name=op.f(f"fk_{TABLE}_voice_id")),
        sa.ForeignKeyConstraint(["media_id"], ["media.id"], name=op.f(f"fk_{TABLE}_media_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        sa.UniqueConstraint("media_id", name=op.f(f"uq_{TABLE}_media")),
    )
    op.create_index(f"ix_{TABLE}_voice_id", TABLE, ["voice_id"])
    op.add_column(
        "nomination_voices", sa.Column("links", Json, nullable=False, server_default=sa.text("'[]'"))
    )
    _ask_nominees()
    op.drop_column("nomination_voices", "photo_ids")
    guards.put_up(op.get_bind().dialect.name)


def downgrade() -> None:
    guards.take_down(op.get_bind().dialect.name)
    op.add_column(
        "nomination_voices", sa.Column("photo_ids", Json, nullable=False, server_default=sa.text("'[]'"))
    )
    op.drop_column("nomination_voices", "links")
    op.drop_table(TABLE)
    op.get_bind().execute(sa.update(MEDIA).where(MEDIA.c.purpose == "nomination").values(purpose="report"))
    _swap(AFTER, BEFORE)
    op.drop_index("ix_media_gone_at", "media")
    for name in ("erased_at", "gone_at"):
        op.drop_column("media", name)


def _ask_nominees() -> None:
    """Photos that were given before anybody was asked wait for their nominee; staff no longer see them."""
    bind = op.get_bind()
    for voice_id, photo_ids in bind.execute(sa.select(VOICES.c.id, VOICES.c.photo_ids)).all():
        for each in photo_ids:
            row: dict[str, Any] = {"id": new_id(), "voice_id": voice_id, "media_id": UUID(each)}
            bind.execute(sa.insert(PHOTOS).values(**row, shows="nominee", answer="waiting"))
            kept = sa.update(MEDIA).where(MEDIA.c.id == row["media_id"])
            bind.execute(kept.values(purpose="nomination", seen_with=[]))


def _swap(old: dict[str, str], new: dict[str, str]) -> None:
    if op.get_bind().dialect.name == "sqlite":
        _rewrite(_written(old), _written(new))
        return
    for name in old:
        op.drop_constraint(op.f(name), "media", type_="check")
    for name, condition in new.items():
        op.create_check_constraint(op.f(name), "media", condition)


def _written(checks: dict[str, str]) -> str:
    return ", \n\t".join(f"CONSTRAINT {name} CHECK ({condition})" for name, condition in checks.items())


def _rewrite(was: str, becomes: str) -> None:
    """Change the table's definition where no row is touched, as SQLite's manual says; as 0010 does."""
    bind = op.get_bind()
    version = bind.scalar(sa.text("PRAGMA schema_version"))
    definition = bind.scalar(sa.text("SELECT sql FROM sqlite_master WHERE name = 'media'"))
    if was not in definition:
        raise RuntimeError("the table media is not as the migrations before this one made it")
    op.execute("PRAGMA writable_schema = ON")
    bind.execute(
        sa.text("UPDATE sqlite_master SET sql = :sql WHERE type = 'table' AND name = 'media'"),
        {"sql": definition.replace(was, becomes)},
    )
    op.execute(f"PRAGMA schema_version = {version + 1}")
    op.execute("PRAGMA writable_schema = OFF")
