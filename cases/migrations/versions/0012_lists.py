"""What lists of cases are narrowed by has columns: who may open a case, and when it last changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_LISTS = ("organisation", "restricted", "created_at", "reference")
_CHANGES = ("organisation", "updated_at")
_RESTRICTED = {
    "sqlite": "UPDATE cases SET restricted = coalesce(json_extract(record, '$.restricted'), 0)",
    "postgresql": "UPDATE cases SET restricted = coalesce((record ->> 'restricted')::boolean, false)",
}
# Words, files and contacts move the conversation; events and notes have their own instants.
_CHANGED = (
    """
    UPDATE cases SET updated_at = (
        SELECT conversations.updated_at FROM conversations
        WHERE conversations.organisation = cases.organisation AND conversations.id = cases.conversation_id)
    """,
    """
    UPDATE cases SET updated_at = (
        SELECT max(case_events.recorded_at) FROM case_events
        WHERE case_events.organisation = cases.organisation AND case_events.case_reference = cases.reference)
    WHERE EXISTS (
        SELECT 1 FROM case_events
        WHERE case_events.organisation = cases.organisation AND case_events.case_reference = cases.reference
        AND case_events.recorded_at > cases.updated_at)
    """,
    """
    UPDATE cases SET updated_at = (
        SELECT max(notes.at) FROM notes
        WHERE notes.organisation = cases.organisation AND notes.case_reference = cases.reference)
    WHERE EXISTS (
        SELECT 1 FROM notes
        WHERE notes.organisation = cases.organisation AND notes.case_reference = cases.reference
        AND notes.at > cases.updated_at)
    """,
)


def upgrade() -> None:
    op.add_column("cases", sa.Column("restricted", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("cases", sa.Column("updated_at", sa.DateTime(timezone=True)))
    for statement in (_RESTRICTED[op.get_bind().dialect.name], *_CHANGED):
        op.execute(statement)
    with op.batch_alter_table("cases") as cases:
        cases.alter_column("updated_at", nullable=False)
    for columns in (_LISTS, _CHANGES):
        op.create_index(op.f(f"ix_cases_{'_'.join(columns)}"), "cases", list(columns))


def downgrade() -> None:
    for columns in (_LISTS, _CHANGES):
        op.drop_index(op.f(f"ix_cases_{'_'.join(columns)}"), table_name="cases")
    with op.batch_alter_table("cases") as cases:
        cases.drop_column("updated_at")
        cases.drop_column("restricted")
