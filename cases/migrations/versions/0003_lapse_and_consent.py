"""Abandoned drafts can be handed over without a case, and the person represented can be asked for consent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TO_CASES = "fk_outbox_organisation_case_reference_cases"


def upgrade() -> None:
    with op.batch_alter_table("outbox") as outbox:
        outbox.drop_constraint(_TO_CASES, type_="foreignkey")
    op.create_index(
        op.f("ix_conversations_organisation_state"), "conversations", ["organisation", "state"], unique=False
    )
    op.create_table(
        "consents",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("conversation_id", sa.String(length=64), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation", "conversation_id"],
            ["conversations.organisation", "conversations.id"],
            name=op.f("fk_consents_organisation_conversation_id_conversations"),
        ),
        sa.PrimaryKeyConstraint("organisation", "token_hash", name=op.f("pk_consents")),
    )


def downgrade() -> None:
    op.drop_table("consents")
    op.drop_index(op.f("ix_conversations_organisation_state"), table_name="conversations")
    # What hands over a draft has no case to belong to.
    op.execute("DELETE FROM outbox WHERE kind LIKE 'draft.%'")
    with op.batch_alter_table("outbox") as outbox:
        outbox.create_foreign_key(
            _TO_CASES, "cases", ["organisation", "case_reference"], ["organisation", "reference"]
        )
