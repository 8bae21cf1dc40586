"""Which version the tables have, and the way to the newest: Alembic, told everything here (there is no .ini).

Alembic is imported only when there is something to migrate, since a start should not wait for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy import Connection

if TYPE_CHECKING:
    from alembic.config import Config

# The newest file under migrations/versions; a test holds the two together.
HEAD = "0013"

# Any number will do, as long as every version of Hearout uses the same.
_MIGRATING = 7_236_841_905


class SchemaMismatch(RuntimeError):
    """The tables belong to another version of Hearout; `found` is None when there are none."""

    def __init__(self, found: str | None) -> None:
        what = "has no tables yet" if found is None else f"has the tables of revision {found}"
        super().__init__(f"the database {what}, this version needs revision {HEAD}: run `hearout migrate`.")
        self.found = found


def revision_of(connection: Connection) -> str | None:
    """The revision written in the database, None when it has never been migrated."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def require_head(connection: Connection) -> None:
    """Raise SchemaMismatch unless the tables are this version's."""
    found = revision_of(connection)
    if found != HEAD:
        raise SchemaMismatch(found)


def config() -> Config:
    """Alembic's settings, none of them from a file."""
    from alembic.config import Config

    settings = Config()
    settings.set_main_option("script_location", "cases:migrations")
    settings.set_main_option("path_separator", "os")
    return settings


def upgrade(connection: Connection) -> None:
    """Run the missing migrations in a transaction of `connection`; processes that start together queue up.

    On SQLite a table is changed by copying it, and the tables that refer to it are checked before the commit.
    """
    from alembic import command

    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATING})
    else:
        # Has no effect within a transaction. With it on, a table that has rows cannot make room for its copy.
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    settings = config()
    settings.attributes["connection"] = connection
    command.upgrade(settings, "head")
    if connection.dialect.name == "sqlite" and (
        lost := connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    ):
        raise RuntimeError(f"the migration would leave rows of '{lost[0]}' without what they belong to")
