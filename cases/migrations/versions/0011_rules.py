"""Versions of the rules: drafts, each step of them, and what was published, which the database refuses to change."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_FIXED = {
    "rule_versions": "organisation = NEW.organisation AND number = NEW.number",
    "rule_draft_revisions": (
        "organisation = NEW.organisation AND draft_id = NEW.draft_id AND number = NEW.number"
    ),
}


def upgrade() -> None:
    op.create_table(
        "rule_drafts",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("base", sa.Integer(), nullable=False),
        sa.Column("base_sha256", sa.String(length=64), nullable=False),
        sa.Column("again_of", sa.Integer(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("author", sa.String(length=32), nullable=False),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'submitted', 'withdrawn', 'published')", name=op.f("ck_rule_drafts_state")
        ),
        sa.PrimaryKeyConstraint("organisation", "id", name=op.f("pk_rule_drafts")),
    )
    op.create_index(op.f("ix_rule_drafts_organisation_state"), "rule_drafts", ["organisation", "state"])
    op.create_table(
        "rule_draft_revisions",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("draft_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=32), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('saved', 'submitted', 'sent_back', 'taken_back', 'withdrawn', 'published')",
            name=op.f("ck_rule_draft_revisions_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation", "draft_id"],
            ["rule_drafts.organisation", "rule_drafts.id"],
            name=op.f("fk_rule_draft_revisions_organisation_draft_id_rule_drafts"),
        ),
        sa.PrimaryKeyConstraint("organisation", "draft_id", "number", name=op.f("pk_rule_draft_revisions")),
    )
    op.create_table(
        "rule_versions",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("author", sa.String(length=32), nullable=True),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("approver", sa.String(length=32), nullable=True),
        sa.Column("approver_name", sa.Text(), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("effective_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("base", sa.Integer(), nullable=True),
        sa.Column("draft_id", sa.String(length=32), nullable=True),
        sa.Column("again_of", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("organisation", "number", name=op.f("pk_rule_versions")),
    )
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table, same in _FIXED.items():
        for statement in _sqlite(table, same) if sqlite else _postgresql(table):
            op.execute(statement)


def _sqlite(table: str, same: str) -> list[str]:
    there = f"EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608 - names of ours
    refusal = f"SELECT RAISE(ABORT, '{table} is append-only')"
    return [
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} BEGIN {refusal}; END",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} BEGIN {refusal}; END",
        # INSERT OR REPLACE deletes without asking a DELETE trigger.
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {there} BEGIN {refusal}; END",
    ]


def _postgresql(table: str) -> list[str]:
    return [
        f"CREATE FUNCTION {table}_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$",
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_is_append_only()",
    ]


def downgrade() -> None:
    for table in ("rule_versions", "rule_draft_revisions", "rule_drafts"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION rule_versions_is_append_only(), rule_draft_revisions_is_append_only()")
