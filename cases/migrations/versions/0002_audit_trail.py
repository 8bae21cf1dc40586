"""The audit trail: its entries, which the database itself refuses to change, and the head of each chain."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_REFUSAL = "the audit trail is append-only"
# The database moves the head itself: that spares each writer a statement, and no entry can leave it behind.
_MOVE = "UPDATE audit_heads SET number = NEW.number, hash = NEW.hash WHERE organisation = NEW.organisation"
# INSERT OR REPLACE deletes without asking a DELETE trigger, so the third one refuses it before it begins.
_SQLITE = (
    f"CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END",
    f"CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END",
    """
    CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit
    WHEN EXISTS (SELECT 1 FROM audit WHERE organisation = NEW.organisation AND number = NEW.number)
    BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END
    """,
    f"CREATE TRIGGER audit_moves_head AFTER INSERT ON audit BEGIN {_MOVE}; END",
)
_POSTGRESQL = (
    f"""
    CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$
    """,
    """
    CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()
    """,
    f"""
    CREATE FUNCTION audit_move_head() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN {_MOVE}; RETURN NULL; END $$
    """,
    """
    CREATE TRIGGER audit_moves_head AFTER INSERT ON audit
    FOR EACH ROW EXECUTE FUNCTION audit_move_head()
    """,
)


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=16), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("delivery_id", sa.String(length=32), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint("actor IN ('complainant', 'staff', 'system')", name=op.f("ck_audit_actor")),
        sa.PrimaryKeyConstraint("organisation", "number", name=op.f("pk_audit")),
    )
    op.create_table(
        "audit_heads",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("organisation", name=op.f("pk_audit_heads")),
    )
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("audit_heads")
    op.drop_table("audit")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_is_append_only(), audit_move_head()")
