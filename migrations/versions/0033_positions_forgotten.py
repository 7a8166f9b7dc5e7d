"""Where a phone was is kept apart from what it sent, and only while its item waits; old positions are found quickly"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op

from app.kernel import geo
from migrations.gently import drop_tables

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_KEPT = ("kind", "body", "hash", "happened_at", "arrived_at")
_CONDITION = (
    "NOT ((OLD.state = 'waiting' OR NEW.state = OLD.state"
    " OR (OLD.state = 'review' AND NEW.state IN ('counted', 'refused')))"
    + "".join(f" AND NEW.{column} = OLD.{column}" for column in _KEPT)
    + ")"
)
_WORDS = "what came in stays as it came, and is settled once"
_NAME, _ON = "sync_items_guard_update", "BEFORE UPDATE ON sync_items"
_TRIGGER = {
    "sqlite": f"CREATE TRIGGER {_NAME} {_ON} WHEN {_CONDITION} BEGIN SELECT RAISE(ABORT, '{_WORDS}'); END",
    "postgresql": f"CREATE TRIGGER {_NAME} {_ON} FOR EACH ROW WHEN ({_CONDITION}) EXECUTE FUNCTION {_NAME}()",
}
_DROP = {
    "sqlite": f"DROP TRIGGER IF EXISTS {_NAME}",
    "postgresql": f"DROP TRIGGER IF EXISTS {_NAME} ON sync_items",
}

_STRIP = {
    "sqlite": "UPDATE sync_items SET body = json_remove(body, '$.position', '$.accuracy_m') WHERE kind = 'checkin'",
    "postgresql": (
        "UPDATE sync_items SET body = (body::jsonb - 'position' - 'accuracy_m')::text WHERE kind = 'checkin'"
    ),
}
_PUT_BACK = {
    "sqlite": """
        UPDATE sync_items SET body = json_set(
            body, '$.position', json_object('lat', p.lat, 'lng', p.lng), '$.accuracy_m', p.accuracy_m)
        FROM sync_positions p WHERE p.item_id = sync_items.id""",
    "postgresql": """
        UPDATE sync_items SET body = (body::jsonb || jsonb_build_object(
            'position', jsonb_build_object('lat', p.lat, 'lng', p.lng), 'accuracy_m', p.accuracy_m))::text
        FROM sync_positions p WHERE p.item_id = sync_items.id""",
}


def upgrade() -> None:
    op.create_table(
        "sync_positions",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("lng", sa.Double(), nullable=False),
        sa.Column("accuracy_m", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["sync_items.id"], name=op.f("fk_sync_positions_item_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_sync_positions_person_id")),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_sync_positions")),
    )
    op.create_index(op.f("ix_sync_positions_person_id"), "sync_positions", ["person_id"])
    dialect = op.get_bind().dialect.name
    _move_waiting()
    with _unguarded():
        op.execute(_STRIP[dialect])
    op.create_index(
        "ix_cases_with_place",
        "cases",
        ["created_at"],
        sqlite_where=sa.text("lat IS NOT NULL"),
        postgresql_where=sa.text("lat IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_cases_with_place", table_name="cases")
    with _unguarded():
        op.execute(_PUT_BACK[op.get_bind().dialect.name])
    drop_tables("sync_positions")


def _move_waiting() -> None:
    bind = op.get_bind()
    waiting = sa.text(
        "SELECT id, person_id, body FROM sync_items WHERE kind = 'checkin' AND state = 'waiting'"
    )
    into = sa.text(
        "INSERT INTO sync_positions (item_id, person_id, lat, lng, accuracy_m)"
        " VALUES (:item_id, :person_id, :lat, :lng, :accuracy_m)"
    )
    for item_id, person_id, body in bind.execute(waiting).all():
        told = json.loads(body)
        if told.get("position") and person_id is not None:
            there = geo.from_edge(**told["position"])
            where = {"lat": there.lat, "lng": there.lng, "accuracy_m": told.get("accuracy_m")}
            bind.execute(into, {"item_id": item_id, "person_id": person_id, **where})


@contextmanager
def _unguarded() -> Iterator[None]:
    """Without the guard that keeps what came in as it came: what is taken out is what was never to be kept."""
    dialect = op.get_bind().dialect.name
    op.execute(_DROP[dialect])
    yield
    op.execute(_TRIGGER[dialect])
