"""Who of the staff signs in, and their sessions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "staff_accounts",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("roles", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=True),
        sa.Column("issuer", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("invite_hash", sa.String(length=64), nullable=True),
        sa.Column("invite_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signed_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("organisation", "id", name=op.f("pk_staff_accounts")),
        sa.UniqueConstraint("organisation", "email", name=op.f("uq_staff_accounts_organisation_email")),
        sa.UniqueConstraint(
            "organisation", "issuer", "subject", name=op.f("uq_staff_accounts_organisation_issuer_subject")
        ),
    )
    op.create_table(
        "staff_sessions",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("how", sa.String(length=16), nullable=False),
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("how IN ('password', 'provider')", name=op.f("ck_staff_sessions_how")),
        sa.ForeignKeyConstraint(
            ["organisation", "account_id"],
            ["staff_accounts.organisation", "staff_accounts.id"],
            name=op.f("fk_staff_sessions_organisation_account_id_staff_accounts"),
        ),
        sa.PrimaryKeyConstraint("organisation", "token_hash", name=op.f("pk_staff_sessions")),
    )
    for columns in (("organisation", "account_id"), ("organisation", "expires_at")):
        op.create_index(op.f(f"ix_staff_sessions_{'_'.join(columns)}"), "staff_sessions", list(columns))
    op.create_table(
        "staff_sign_ins",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("browser_hash", sa.String(length=64), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("verifier", sa.String(length=128), nullable=False),
        sa.Column("back", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("organisation", "state_hash", name=op.f("pk_staff_sign_ins")),
    )
    op.create_index(
        op.f("ix_staff_sign_ins_organisation_expires_at"), "staff_sign_ins", ["organisation", "expires_at"]
    )


def downgrade() -> None:
    for table in ("staff_sign_ins", "staff_sessions", "staff_accounts"):
        op.drop_table(table)
