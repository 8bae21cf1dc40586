"""What an outbox row is about beside its case, and which warning of a clock was given."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_OF_CLOCKS = ("calendar_version", "recomputed", "warned_days", "warned_due")


def upgrade() -> None:
    with op.batch_alter_table("clocks") as clocks:
        clocks.add_column(sa.Column("warned_due", sa.Date()))
        clocks.add_column(sa.Column("warned_days", sa.Integer()))
        clocks.add_column(sa.Column("calendar_version", sa.String(length=120)))
        clocks.add_column(sa.Column("recomputed", sa.Date()))
        clocks.create_index(op.f("ix_clocks_organisation_state_due"), ["organisation", "state", "due"])
    with op.batch_alter_table("outbox") as outbox:
        outbox.add_column(sa.Column("detail", sa.JSON(none_as_null=True)))


def downgrade() -> None:
    with op.batch_alter_table("outbox") as outbox:
        outbox.drop_column("detail")
    with op.batch_alter_table("clocks") as clocks:
        clocks.drop_index(op.f("ix_clocks_organisation_state_due"))
        for name in _OF_CLOCKS:
            clocks.drop_column(name)
