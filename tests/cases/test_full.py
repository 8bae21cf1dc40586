"""A full disk: nothing is half written, the person is told in plain words, and filing goes on once there is room."""

from __future__ import annotations

import sqlite3

import psycopg.errors
import pytest
import sqlalchemy as sa

from cases.full import NoRoom, is_full, saying_when_full
from cases.models import conversations, messages
from cases.store import Store
from tests.cases.builders import file_a_case, say


def limit(store: Store, spare: int) -> None:
    """Let the database's file grow by so many pages and no more: SQLite then finds the disk full."""

    def work(conn: sa.Connection) -> None:
        pages = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
        conn.exec_driver_sql(f"PRAGMA max_page_count={pages + spare}")

    store.write_sync(work)


def counts(store: Store) -> tuple[int, int]:
    def work(conn: sa.Connection) -> tuple[int, int]:
        both = [sa.select(sa.func.count()).select_from(table) for table in (conversations, messages)]
        return conn.execute(both[0]).scalar_one(), conn.execute(both[1]).scalar_one()

    return store.read_sync(work)


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
class TestOnSqlite:
    def test_a_turn_that_does_not_fit_is_refused_whole_and_fits_later(self, store: Store) -> None:
        file_a_case(store)
        limit(store, 2)
        with pytest.raises(NoRoom, match="could not be kept"):
            say(store, conversation_id="c2", key_hash="k2", reference="CQM-2", said="x" * 100_000)
        assert counts(store) == (1, 2)
        # The disk is not so full that a short message would not fit.
        say(store, conversation_id="c3", key_hash="k3", reference="CQM-3")
        assert counts(store) == (2, 4)
        limit(store, 1000)
        say(store, conversation_id="c2", key_hash="k2", reference="CQM-2", said="x" * 100_000)
        assert counts(store) == (3, 6)

    def test_reading_goes_on_while_the_disk_is_full(self, store: Store) -> None:
        file_a_case(store)
        limit(store, 0)
        with pytest.raises(NoRoom):
            say(store, conversation_id="c2", key_hash="k2", reference="CQM-2", said="x" * 100_000)
        assert counts(store) == (1, 2)


def test_both_databases_words_for_a_full_disk_are_known() -> None:
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL
    wrapped = sa.exc.OperationalError("INSERT", None, full)
    after = sqlite3.OperationalError("no such savepoint: work")
    after.__context__ = wrapped
    assert is_full(full)
    assert is_full(wrapped)
    assert is_full(after)
    assert is_full(sa.exc.OperationalError("INSERT", None, psycopg.errors.DiskFull("no space left")))


def test_another_error_is_not_taken_for_a_full_disk() -> None:
    locked = sqlite3.OperationalError("database is locked")
    assert not is_full(locked)
    with pytest.raises(sqlite3.OperationalError), saying_when_full():
        raise locked
