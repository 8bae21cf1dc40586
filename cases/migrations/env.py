"""Alembic runs this; the connection comes from cases.schema and is in a transaction already."""

from __future__ import annotations

from alembic import context

from cases.models import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    # SQLite cannot alter a table in place: Alembic copies it.
    render_as_batch=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
