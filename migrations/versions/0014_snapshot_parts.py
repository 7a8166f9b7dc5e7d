"""snapshot parts and files of long exports"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kernel.db import UtcDateTime
from migrations.guards import v0014 as guards

revision = "0014"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "snapshot_parts",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("after", sa.String(length=20), nullable=True),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", "number", name=op.f("pk_snapshot_parts")),
    )
    op.create_table(
        "export_files",
        sa.Column("export_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("named_sha256", sa.String(length=64), nullable=True),
        sa.Column("why", sa.String(length=40), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'ready', 'failed', 'gone')", name=op.f("ck_export_files_state")
        ),
        sa.CheckConstraint("done >= 0 AND rows >= 0", name=op.f("ck_export_files_counted")),
        sa.CheckConstraint(
            "state <> 'ready' OR (sha256 IS NOT NULL AND size IS NOT NULL)",
            name=op.f("ck_export_files_ready_file"),
        ),
        sa.CheckConstraint(
            "state <> 'ready' OR expires_at IS NOT NULL", name=op.f("ck_export_files_ready_expires")
        ),
        sa.CheckConstraint("(state = 'failed') = (why IS NOT NULL)", name=op.f("ck_export_files_failed_why")),
        sa.ForeignKeyConstraint(["export_id"], ["honour_exports.id"], name=op.f("fk_export_files_export_id")),
        sa.PrimaryKeyConstraint("export_id", name=op.f("pk_export_files")),
    )
    op.create_index(op.f("ix_export_files_expires_at"), "export_files", ["expires_at"])
    guards.put_up(op.get_bind().dialect.name)


def downgrade() -> None:
    guards.take_down(op.get_bind().dialect.name)
    op.drop_index(op.f("ix_export_files_expires_at"), table_name="export_files")
    op.drop_table("export_files")
    op.drop_table("snapshot_parts")
