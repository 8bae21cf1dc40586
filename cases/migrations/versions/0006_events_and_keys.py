"""API keys, and what becomes of a case after it was filed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_REFUSAL = "what happened to a case is never changed"
# An event is erased with its case, and is changed for nothing.
_SQLITE = (
    f"CREATE TRIGGER case_events_no_update BEFORE UPDATE ON case_events "
    f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END",
)
_POSTGRESQL = (
    f"""
    CREATE FUNCTION case_events_stay() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$
    """,
    """
    CREATE TRIGGER case_events_no_update BEFORE UPDATE ON case_events
    FOR EACH STATEMENT EXECUTE FUNCTION case_events_stay()
    """,
)


def upgrade() -> None:
    with op.batch_alter_table("cases") as cases:
        cases.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
        cases.add_column(
            sa.Column("progress", sa.String(length=16), nullable=False, server_default="received")
        )
        cases.create_check_constraint(
            op.f("ck_cases_progress"), "progress IN ('received', 'acknowledged', 'responded', 'closed')"
        )
    op.create_index(
        op.f("ix_cases_organisation_created_at_reference"),
        "cases",
        ["organisation", "created_at", "reference"],
    )
    with op.batch_alter_table("clocks") as clocks:
        clocks.add_column(sa.Column("met_at", sa.DateTime(timezone=True)))
        clocks.add_column(sa.Column("paused_at", sa.DateTime(timezone=True)))
        clocks.add_column(sa.Column("promised", sa.Date()))
        clocks.add_column(sa.Column("extensions", sa.Integer(), nullable=False, server_default="0"))
        clocks.add_column(sa.Column("extended_reason", sa.Text()))
        clocks.add_column(sa.Column("stops", sa.JSON(none_as_null=True)))
        clocks.create_check_constraint(
            op.f("ck_clocks_state"), "state IN ('running', 'met', 'missed', 'paused', 'stopped')"
        )
    # In place, since a copy of the table would lose the triggers that keep it.
    op.add_column("audit", sa.Column("caller", sa.String(length=64)))
    _create_tables()
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL:
        op.execute(statement)


def _create_tables() -> None:
    op.create_table(
        "api_keys",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("prefix", sa.String(length=16), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scopes", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Column("last_used_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("organisation", "prefix", name=op.f("pk_api_keys")),
    )
    op.create_table(
        "case_events",
        *_of_a_case("case_events", numbered=True),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("data", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("clocks", sa.JSON(none_as_null=True), nullable=False),
    )
    op.create_table(
        "notes",
        *_of_a_case("notes", numbered=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "closings",
        *_of_a_case("closings", numbered=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("remedies", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("cause", sa.String(length=32)),
        sa.Column("details", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("failure_in_assessment", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("caller", sa.String(length=64), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("case_reference", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("organisation", "caller", "key_hash", name=op.f("pk_idempotency_keys")),
    )
    op.create_index(
        op.f("ix_idempotency_keys_organisation_expires_at"),
        "idempotency_keys",
        ["organisation", "expires_at"],
    )


def _of_a_case(table: str, *, numbered: bool) -> list[sa.schema.SchemaItem]:
    """The columns and keys by which a row belongs to a case."""
    key = ["organisation", "case_reference", *(["number"] if numbered else [])]
    number = sa.Column("number", sa.Integer(), autoincrement=False, nullable=False)
    return [
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("case_reference", sa.String(length=64), nullable=False),
        *([number] if numbered else []),
        sa.ForeignKeyConstraint(
            ["organisation", "case_reference"],
            ["cases.organisation", "cases.reference"],
            name=op.f(f"fk_{table}_organisation_case_reference_cases"),
        ),
        sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{table}")),
    ]


def downgrade() -> None:
    for table in ("idempotency_keys", "closings", "notes", "case_events", "api_keys"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION case_events_stay()")
    op.drop_column("audit", "caller")
    with op.batch_alter_table("clocks") as clocks:
        clocks.drop_constraint(op.f("ck_clocks_state"), type_="check")
        for column in ("met_at", "paused_at", "promised", "extensions", "extended_reason", "stops"):
            clocks.drop_column(column)
    op.drop_index(op.f("ix_cases_organisation_created_at_reference"), table_name="cases")
    with op.batch_alter_table("cases") as cases:
        cases.drop_constraint(op.f("ck_cases_progress"), type_="check")
        cases.drop_column("progress")
        cases.drop_column("version")
