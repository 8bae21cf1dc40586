"""The migrations make exactly the tables that the code expects, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from cases import schema
from cases.models import metadata
from cases.store import Store, migrate, open_store


def _drift(conn: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(conn), metadata))


def test_the_migrations_make_the_tables_of_the_models(store: Store) -> None:
    assert store.write_sync(_drift) == []


def test_a_column_that_no_migration_makes_is_seen(fresh_store: Store) -> None:
    def plant(conn: Connection) -> list[object]:
        conn.exec_driver_sql("ALTER TABLE clocks DROP COLUMN force")
        return _drift(conn)

    assert len(fresh_store.write_sync(plant)) == 1


def test_the_head_in_the_code_is_the_newest_migration() -> None:
    assert ScriptDirectory.from_config(schema.config()).get_heads() == [schema.HEAD]


def test_migrating_twice_changes_nothing(empty_url: str) -> None:
    migrate(empty_url)
    migrate(empty_url)
    open_store(empty_url).close()


def test_the_first_migration_can_be_undone_and_done_again(fresh_store: Store) -> None:
    def round_trip(conn: Connection) -> list[str]:
        settings = schema.config()
        settings.attributes["connection"] = conn
        command.downgrade(settings, "base")
        left = sa.inspect(conn).get_table_names()
        command.upgrade(settings, "head")
        return left

    assert fresh_store.write_sync(round_trip) == ["alembic_version"]
    assert fresh_store.write_sync(_drift) == []


def test_tables_of_another_version_are_refused_with_the_cure(empty_url: str) -> None:
    migrate(empty_url)
    store = open_store(empty_url)
    store.write_sync(lambda conn: conn.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'"))
    store.close()
    with pytest.raises(schema.SchemaMismatch, match=r"revision 9999.*hearout migrate"):
        open_store(empty_url)


def test_a_database_without_tables_is_refused_with_the_cure(tmp_path: Path) -> None:
    path = tmp_path / "bare.db"
    path.touch()
    with pytest.raises(schema.SchemaMismatch, match=r"no tables yet.*hearout migrate"):
        open_store(f"sqlite:///{path}")
    path.with_name("bare.db.lock").unlink()
    migrate(f"sqlite:///{path}")
    open_store(f"sqlite:///{path}").close()


def test_a_relative_alembic_ini_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = /nowhere\n")
    monkeypatch.chdir(tmp_path)
    migrate("sqlite:///data/hearout.db")
    assert (tmp_path / "data" / "hearout.db").exists()
