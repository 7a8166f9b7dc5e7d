"""honours criteria"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Json, UtcDateTime
from migrations.guards import v0008 as guards

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "imported_snapshots",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("imported_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imported_snapshots")),
        sa.UniqueConstraint("sha256", name=op.f("uq_imported_snapshots_sha256")),
    )
    op.create_table(
        "criteria_versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("region_code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("written_by", sa.Uuid(), nullable=False),
        sa.Column("written_at", UtcDateTime(), nullable=False),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.Column("approved_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "(approved_by IS NULL) = (approved_at IS NULL)", name=op.f("ck_criteria_versions_approved_when")
        ),
        sa.CheckConstraint(
            "approved_by IS NULL OR approved_by <> written_by",
            name=op.f("ck_criteria_versions_second_person"),
        ),
        sa.CheckConstraint("number > 0", name=op.f("ck_criteria_versions_number_positive")),
        sa.ForeignKeyConstraint(
            ["approved_by"], ["people.id"], name=op.f("fk_criteria_versions_approved_by")
        ),
        sa.ForeignKeyConstraint(
            ["region_code"], ["regions.code"], name=op.f("fk_criteria_versions_region_code")
        ),
        sa.ForeignKeyConstraint(["written_by"], ["people.id"], name=op.f("fk_criteria_versions_written_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_criteria_versions")),
        sa.UniqueConstraint("region_code", "name", "number", name=op.f("uq_criteria_versions_number")),
    )
    with op.batch_alter_table("criteria_versions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_criteria_versions_approved_by"), ["approved_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_criteria_versions_written_by"), ["written_by"], unique=False)

    op.create_table(
        "integrity_holds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("lifted_by", sa.Uuid(), nullable=True),
        sa.Column("lifted_at", UtcDateTime(), nullable=True),
        sa.Column("lifted_because", sa.String(length=300), nullable=True),
        sa.CheckConstraint(
            "(lifted_at IS NULL) = (lifted_because IS NULL)", name=op.f("ck_integrity_holds_lifted_why")
        ),
        sa.CheckConstraint(
            "(lifted_at IS NULL) = (lifted_by IS NULL)", name=op.f("ck_integrity_holds_lifted_by")
        ),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_integrity_holds_reason")),
        sa.CheckConstraint("opened_by <> person_id", name=op.f("ck_integrity_holds_not_by_himself")),
        sa.ForeignKeyConstraint(["lifted_by"], ["people.id"], name=op.f("fk_integrity_holds_lifted_by")),
        sa.ForeignKeyConstraint(["opened_by"], ["people.id"], name=op.f("fk_integrity_holds_opened_by")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_integrity_holds_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integrity_holds")),
    )
    with op.batch_alter_table("integrity_holds", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_integrity_holds_lifted_by"), ["lifted_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_integrity_holds_opened_by"), ["opened_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_integrity_holds_person_id"), ["person_id"], unique=False)
        batch_op.create_index(
            "uq_integrity_holds_one_open",
            ["person_id"],
            unique=True,
            sqlite_where=sa.text("lifted_at IS NULL"),
            postgresql_where=sa.text("lifted_at IS NULL"),
        )

    with op.batch_alter_table("selections", schema=None) as batch_op:
        batch_op.add_column(sa.Column("criteria_version_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("only_regions", Json, nullable=True))
    # Each selection's own criteria become a version with its id; whoever signed the selection had read them.
    op.execute(
        "INSERT INTO criteria_versions (id, region_code, name, number, wording, sha256, written_by, written_at,"
        " approved_by, approved_at) SELECT id, region_code, title_zh, (SELECT count(*) FROM selections AS o"
        " WHERE o.region_code = s.region_code AND o.title_zh = s.title_zh AND o.id <= s.id), criteria,"
        " criteria_sha256, created_by, created_at, approved_by, approved_at FROM selections AS s"
    )
    op.execute("UPDATE selections SET criteria_version_id = id, only_regions = '[]'")
    with op.batch_alter_table("selections", schema=None) as batch_op:
        batch_op.alter_column("criteria_version_id", existing_type=sa.Uuid(), nullable=False)
        batch_op.alter_column("only_regions", existing_type=Json, nullable=False)
        batch_op.create_index(
            batch_op.f("ix_selections_criteria_version_id"), ["criteria_version_id"], unique=False
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_selections_criteria_version_id"),
            "criteria_versions",
            ["criteria_version_id"],
            ["id"],
        )
        batch_op.drop_column("criteria_sha256")
        batch_op.drop_column("criteria")

    guards.put_up(op.get_bind().dialect.name)


def downgrade() -> None:
    guards.take_down(op.get_bind().dialect.name)
    with op.batch_alter_table("selections", schema=None) as batch_op:
        batch_op.add_column(sa.Column("criteria", sa.TEXT(), nullable=True))
        batch_op.add_column(sa.Column("criteria_sha256", sa.VARCHAR(length=64), nullable=True))
    op.execute(
        "UPDATE selections SET"
        " criteria = (SELECT wording FROM criteria_versions WHERE id = criteria_version_id),"
        " criteria_sha256 = (SELECT sha256 FROM criteria_versions WHERE id = criteria_version_id)"
    )
    with op.batch_alter_table("selections", schema=None) as batch_op:
        batch_op.alter_column("criteria", existing_type=sa.TEXT(), nullable=False)
        batch_op.alter_column("criteria_sha256", existing_type=sa.VARCHAR(length=64), nullable=False)
        batch_op.drop_constraint(batch_op.f("fk_selections_criteria_version_id"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_selections_criteria_version_id"))
        batch_op.drop_column("only_regions")
        batch_op.drop_column("criteria_version_id")

    with op.batch_alter_table("integrity_holds", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_integrity_holds_one_open",
            sqlite_where=sa.text("lifted_at IS NULL"),
            postgresql_where=sa.text("lifted_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_integrity_holds_person_id"))
        batch_op.drop_index(batch_op.f("ix_integrity_holds_opened_by"))
        batch_op.drop_index(batch_op.f("ix_integrity_holds_lifted_by"))

    op.drop_table("integrity_holds")
    with op.batch_alter_table("criteria_versions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_criteria_versions_written_by"))
        batch_op.drop_index(batch_op.f("ix_criteria_versions_approved_by"))

    op.drop_table("criteria_versions")
    op.drop_table("imported_snapshots")
