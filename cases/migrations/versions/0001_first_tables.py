"""The first tables: conversations, messages, cases, clocks, outbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "conversations",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=True),
        sa.Column("data", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("privacy_version", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('draft', 'filed', 'signposted', 'informal', 'withdrawn', 'abandoned')",
            name=op.f("ck_conversations_state"),
        ),
        sa.PrimaryKeyConstraint("organisation", "id", name=op.f("pk_conversations")),
        sa.UniqueConstraint("organisation", "key_hash", name=op.f("uq_conversations_organisation_key_hash")),
        sa.UniqueConstraint(
            "organisation", "reference", name=op.f("uq_conversations_organisation_reference")
        ),
    )
    op.create_table(
        "cases",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("conversation_id", sa.String(length=64), nullable=False),
        sa.Column("conversation_reference", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disposition", sa.String(length=32), nullable=True),
        sa.Column("handler", sa.Text(), nullable=True),
        sa.Column("stage", sa.String(length=16), nullable=True),
        sa.Column("acknowledge_by", sa.Date(), nullable=True),
        sa.Column("respond_by", sa.Date(), nullable=True),
        sa.Column("record", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("policy_sha256", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('draft', 'filed', 'signposted', 'informal', 'withdrawn', 'abandoned')",
            name=op.f("ck_cases_state"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation", "conversation_id"],
            ["conversations.organisation", "conversations.id"],
            name=op.f("fk_cases_organisation_conversation_id_conversations"),
        ),
        sa.PrimaryKeyConstraint("organisation", "reference", name=op.f("pk_cases")),
    )
    op.create_index(
        op.f("ix_cases_organisation_conversation_id"),
        "cases",
        ["organisation", "conversation_id"],
        unique=False,
    )
    op.create_table(
        "messages",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("conversation_id", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=True),
        sa.Column("entries", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("in_reply_to", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "role IN ('complainant', 'assistant', 'staff', 'system')", name=op.f("ck_messages_role")
        ),
        sa.ForeignKeyConstraint(
            ["organisation", "conversation_id"],
            ["conversations.organisation", "conversations.id"],
            name=op.f("fk_messages_organisation_conversation_id_conversations"),
        ),
        sa.PrimaryKeyConstraint("organisation", "conversation_id", "seq", name=op.f("pk_messages")),
        sa.UniqueConstraint(
            "organisation",
            "conversation_id",
            "message_id",
            name=op.f("uq_messages_organisation_conversation_id_message_id"),
        ),
    )
    op.create_table(
        "clocks",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("case_reference", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("by", sa.String(length=32), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("amount", sa.Integer(), nullable=True),
        sa.Column("unit", sa.String(length=32), nullable=True),
        sa.Column("from_event", sa.String(length=64), nullable=True),
        sa.Column("first_day", sa.String(length=32), nullable=True),
        sa.Column("force", sa.String(length=32), nullable=True),
        sa.Column("clause", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation", "case_reference"],
            ["cases.organisation", "cases.reference"],
            name=op.f("fk_clocks_organisation_case_reference_cases"),
        ),
        sa.PrimaryKeyConstraint("organisation", "case_reference", "kind", name=op.f("pk_clocks")),
    )
    op.create_index(op.f("ix_clocks_organisation_due"), "clocks", ["organisation", "due"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_reference", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("target", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('pending', 'leased', 'delivered', 'dead')", name=op.f("ck_outbox_state")
        ),
        sa.ForeignKeyConstraint(
            ["organisation", "case_reference"],
            ["cases.organisation", "cases.reference"],
            name=op.f("fk_outbox_organisation_case_reference_cases"),
        ),
        sa.PrimaryKeyConstraint("organisation", "id", name=op.f("pk_outbox")),
    )
    op.create_index(op.f("ix_outbox_state_due_at"), "outbox", ["state", "due_at"], unique=False)


def downgrade() -> None:
    for table in ("outbox", "clocks", "messages", "cases", "conversations"):
        op.drop_table(table)
