"""The guards of photos that came with nominations. A frozen copy of what stands beside the models (`kernel.db.ddl_for`)."""

# ruff: noqa: E501 -- SQL as it is sent

from __future__ import annotations

from alembic import op

SQLITE: tuple[tuple[str, str], ...] = (
    (
        """CREATE TRIGGER nomination_photos_refused BEFORE UPDATE ON nomination_photos WHEN OLD.answer = 'refused' OR NEW.id <> OLD.id OR NEW.voice_id <> OLD.voice_id OR NEW.media_id <> OLD.media_id OR NEW.shows <> OLD.shows BEGIN SELECT RAISE(ABORT, 'nomination_photos_refused'); END""",
        """DROP TRIGGER IF EXISTS nomination_photos_refused""",
    ),
    (
        """CREATE TRIGGER nomination_photos_kept BEFORE DELETE ON nomination_photos WHEN 1 = 1 BEGIN SELECT RAISE(ABORT, 'nomination_photos_kept'); END""",
        """DROP TRIGGER IF EXISTS nomination_photos_kept""",
    ),
)

POSTGRESQL: tuple[tuple[str, str], ...] = (
    (
        """CREATE FUNCTION nomination_photos_refused() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'nomination_photos_refused' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER nomination_photos_refused BEFORE UPDATE ON nomination_photos FOR EACH ROW WHEN (OLD.answer = 'refused' OR NEW.id <> OLD.id OR NEW.voice_id <> OLD.voice_id OR NEW.media_id <> OLD.media_id OR NEW.shows <> OLD.shows) EXECUTE FUNCTION nomination_photos_refused()""",
        """DROP TRIGGER IF EXISTS nomination_photos_refused ON nomination_photos; DROP FUNCTION IF EXISTS nomination_photos_refused()""",
    ),
    (
        """CREATE FUNCTION nomination_photos_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'nomination_photos_kept' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER nomination_photos_kept BEFORE DELETE ON nomination_photos FOR EACH ROW WHEN (1 = 1) EXECUTE FUNCTION nomination_photos_kept()""",
        """DROP TRIGGER IF EXISTS nomination_photos_kept ON nomination_photos; DROP FUNCTION IF EXISTS nomination_photos_kept()""",
    ),
)

GUARDS = {"sqlite": SQLITE, "postgresql": POSTGRESQL}


def put_up(dialect: str) -> None:
    """Create every guard of this dialect."""
    for create, _drop in GUARDS[dialect]:
        op.execute(create.replace(":", "\\:"))


def take_down(dialect: str) -> None:
    """Drop them again, the last one first."""
    for _create, drop in reversed(GUARDS[dialect]):
        op.execute(drop.replace(":", "\\:"))
