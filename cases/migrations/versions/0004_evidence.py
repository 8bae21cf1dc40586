"""Files that were sent with a conversation."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "evidence",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("conversation_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=128), nullable=False),
        sa.Column("scan", sa.String(length=16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("scan IN ('clean', 'unscanned', 'infected')", name=op.f("ck_evidence_scan")),
        sa.ForeignKeyConstraint(
            ["organisation", "conversation_id"],
            ["conversations.organisation", "conversations.id"],
            name=op.f("fk_evidence_organisation_conversation_id_conversations"),
        ),
        sa.PrimaryKeyConstraint("organisation", "id", name=op.f("pk_evidence")),
    )
    op.create_index(
        op.f("ix_evidence_organisation_conversation_id"), "evidence", ["organisation", "conversation_id"]
    )


def downgrade() -> None:
    op.drop_table("evidence")
