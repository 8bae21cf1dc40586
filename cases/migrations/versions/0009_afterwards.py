"""What a complainant does after filing: codes, sessions, corrected contacts, and by what a person is known again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "case_codes",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_reference", sa.String(length=64), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("address_hash", sa.String(length=64), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code_hash", sa.String(length=64), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("organisation", "id", name=op.f("pk_case_codes")),
    )
    op.create_index(
        op.f("ix_case_codes_organisation_case_reference_asked_at"),
        "case_codes",
        ["organisation", "case_reference", "asked_at"],
    )
    op.create_index(op.f("ix_case_codes_organisation_asked_at"), "case_codes", ["organisation", "asked_at"])
    op.create_table(
        "case_sessions",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("case_reference", sa.String(length=64), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("organisation", "token_hash", name=op.f("pk_case_sessions")),
    )
    op.create_index(
        op.f("ix_case_sessions_organisation_expires_at"), "case_sessions", ["organisation", "expires_at"]
    )
    op.create_table(
        "contact_changes",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("case_reference", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("field", sa.String(length=32), nullable=False),
        sa.Column("old", sa.Text(), nullable=True),
        sa.Column("new", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation", "case_reference"],
            ["cases.organisation", "cases.reference"],
            name=op.f("fk_contact_changes_organisation_case_reference_cases"),
        ),
        sa.PrimaryKeyConstraint("organisation", "case_reference", "number", name=op.f("pk_contact_changes")),
    )
    op.create_table(
        "person_marks",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("case_reference", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation", "case_reference"],
            ["cases.organisation", "cases.reference"],
            name=op.f("fk_person_marks_organisation_case_reference_cases"),
        ),
        sa.PrimaryKeyConstraint("organisation", "case_reference", "kind", name=op.f("pk_person_marks")),
    )
    op.create_index(
        op.f("ix_person_marks_organisation_mark_at"), "person_marks", ["organisation", "mark", "at"]
    )


def downgrade() -> None:
    for table in ("person_marks", "contact_changes", "case_sessions", "case_codes"):
        op.drop_table(table)
