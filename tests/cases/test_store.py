"""Opening and closing: one writer a file, nobody left waiting, nothing created by looking."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from cases import conversations as conv
from cases.models import conversations
from cases.store import Store, StoreBusy, StoreClosed, StoreMissing, UnsupportedStore, migrate, open_store
from tests.cases.builders import a_turn, say
from tests.databases import migrated_database

HOLD = """
import sys, time
from cases.store import open_store
store = open_store(sys.argv[1])
print("open", flush=True)
time.sleep(60)
"""


def _holder(url: str) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, url], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    process.stdout.close()
    return process


def test_a_second_process_is_refused_by_name_and_a_kill_leaves_no_stale_lock(sqlite_url: str) -> None:
    holder = _holder(sqlite_url)
    try:
        with pytest.raises(
            StoreBusy, match=rf"hearout\.db is open for writing in process {holder.pid}"
        ) as busy:
            open_store(sqlite_url)
        assert busy.value.pid == holder.pid
        with pytest.raises(StoreBusy):
            migrate(sqlite_url)
        # Reading beside it is what the commands do while the server runs.
        reader = open_store(sqlite_url, read_only=True)
        assert reader.read_sync(lambda conn: conv.find(conn, "cqm", "k")) is None
        reader.close()
    finally:
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
    store = open_store(sqlite_url)
    say(store)
    store.close()


def test_a_second_writer_in_the_same_process_is_refused_too(sqlite_url: str) -> None:
    store = open_store(sqlite_url)
    with pytest.raises(StoreBusy):
        open_store(sqlite_url)
    store.close()
    open_store(sqlite_url).close()


def test_a_reader_sees_what_is_committed_and_cannot_write(sqlite_url: str) -> None:
    store = open_store(sqlite_url)
    reader = open_store(sqlite_url, read_only=True)
    say(store)
    found = reader.read_sync(lambda conn: conv.find(conn, "cqm", "k" * 64))
    assert found is not None
    with pytest.raises(StoreClosed, match="reading only"):
        say(reader)
    with pytest.raises(sa.exc.OperationalError, match="readonly"):
        reader.read_sync(lambda conn: conn.execute(conversations.delete()))
    reader.close()
    store.close()


def test_a_read_cannot_write_on_either_database(store: Store) -> None:
    say(store)
    with pytest.raises(sa.exc.DBAPIError, match=r"readonly|read-only"):
        store.read_sync(lambda conn: conn.execute(conversations.update().values(state="filed")))
    found = store.read_sync(lambda conn: conv.find(conn, "cqm", "k" * 64))
    assert found is not None
    assert found.state == "draft"


def test_looking_creates_nothing(tmp_path: Path) -> None:
    with pytest.raises(StoreMissing, match="hearout migrate"):
        open_store(f"sqlite:///{tmp_path / 'none.db'}", read_only=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite://", "sqlite:///:memory:", "oracle://x"])
def test_a_database_that_we_do_not_run_on_is_refused(url: str) -> None:
    with pytest.raises(UnsupportedStore):
        open_store(url)


def test_every_commit_is_synced_before_it_is_acknowledged(sqlite_url: str) -> None:
    store = open_store(sqlite_url)
    pragmas = ("synchronous", "journal_mode", "foreign_keys")
    values = store.write_sync(
        lambda conn: [conn.exec_driver_sql(f"PRAGMA {name}").scalar() for name in pragmas]
    )
    assert values == [2, "wal", 1]
    store.close()


def test_closing_lets_what_is_queued_finish_and_refuses_what_comes_later(store: Store) -> None:
    async def write_and_close() -> list[object]:
        turns = [a_turn(conversation_id=f"c{i}", key_hash=f"k{i}", reference=f"r{i}") for i in range(100)]
        waiting = [
            asyncio.ensure_future(store.write(lambda conn, turn=turn: conv.commit_turn(conn, turn)))  # type: ignore[misc]
            for turn in turns
        ]
        await asyncio.sleep(0)
        await asyncio.to_thread(store.close)
        with pytest.raises(StoreClosed):
            await store.write(lambda conn: None)
        with pytest.raises(StoreClosed):
            await store.read(lambda conn: None)
        return list(await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 10))

    results = asyncio.run(write_and_close())
    assert {type(result) for result in results} == {conv.CommittedTurn}
    store.close()


def test_a_closed_store_refuses_callers_outside_the_loop(store: Store) -> None:
    store.close()
    with pytest.raises(StoreClosed):
        store.write_sync(lambda conn: None)
    with pytest.raises(StoreClosed):
        store.read_sync(lambda conn: None)


def test_one_read_is_one_consistent_view(store: Store) -> None:
    say(store)

    def look_twice(conn: sa.Connection) -> tuple[object, object]:
        before = conv.find(conn, "cqm", "k" * 64)
        say(store, expected_version=1, message_id="m2")
        return before, conv.find(conn, "cqm", "k" * 64)

    before, after = store.read_sync(look_twice)
    assert before == after


class TestPostgresql:
    """What only a server of its own can do to us."""

    @pytest.fixture
    def served(self, tmp_path: Path) -> Iterator[Store]:
        with migrated_database("postgresql", tmp_path) as url:
            opened = open_store(url)
            yield opened
            opened.close()

    def test_a_server_that_dropped_idle_connections_is_not_noticed(self, served: Store) -> None:
        say(served)
        end_others = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        )
        with pytest.raises(sa.exc.DBAPIError):
            served.read_sync(lambda conn: conn.exec_driver_sql(end_others))
        assert served.read_sync(lambda conn: conv.find(conn, "cqm", "k" * 64)) is not None
        assert say(served, expected_version=1, message_id="m2").version == 2

    def test_a_server_set_to_acknowledge_early_is_overruled(self, served: Store) -> None:
        # The server of these tests is set to synchronous_commit = off.
        shown = served.write_sync(lambda conn: conn.exec_driver_sql("SHOW synchronous_commit").scalar())
        assert shown == "on"
