"""Group commit: many works share one sync, none shares another's failure."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from cases import writer
from cases.conversations import commit_turn
from cases.models import NulCharacter, conversations
from cases.store import Store, open_store
from tests.cases.builders import a_turn


def _turn(number: int) -> Callable[[Connection], object]:
    turn = a_turn(conversation_id=f"c{number}", key_hash=f"k{number}", reference=f"r{number}")
    return lambda conn: commit_turn(conn, turn)


def _count(store: Store) -> int:
    return store.read_sync(
        lambda conn: conn.execute(sa.select(sa.func.count()).select_from(conversations)).scalar_one()
    )


def _fail_after_writing(number: int, error: BaseException) -> Callable[[Connection], object]:
    def work(conn: Connection) -> object:
        _turn(number)(conn)
        raise error

    return work


@pytest.fixture(params=[False, True], ids=["on the thread", "on the loop"])
def brief(request: pytest.FixtureRequest) -> bool:
    """Where the SQL of the works runs; what they may rely on is the same."""
    return bool(request.param)


async def _write_all(
    store: Store, works: list[Callable[[Connection], object]], brief: bool = False
) -> list[object]:
    writes = (store.write(work, brief=brief) for work in works)
    return await asyncio.gather(*writes, return_exceptions=True)


def test_a_failing_work_beside_good_ones_fails_alone(store: Store, brief: bool) -> None:
    broken = ValueError("broken")
    works = [_turn(1), _fail_after_writing(2, broken), _turn(3), _turn(1), _turn(4)]
    results = asyncio.run(_write_all(store, works, brief))
    assert results[1] is broken
    assert type(results[3]).__name__ == "DuplicateMessage" or type(results[0]).__name__ == "DuplicateMessage"
    kept = store.read_sync(lambda conn: set(conn.execute(sa.select(conversations.c.id)).scalars()))
    assert kept == {"c1", "c3", "c4"}


def test_a_work_whose_first_statement_is_refused_leaves_the_others(store: Store, brief: bool) -> None:
    # SQLAlchemy answers such a refusal with a rollback when it does not know of the transaction.
    nul = a_turn(conversation_id="nul", key_hash="nul", reference="nul", recorded_by="\x00")
    works: list[Callable[[Connection], object]] = [_turn(1), lambda conn: commit_turn(conn, nul), _turn(2)]
    for order in (works, works[::-1], works[1:]):
        results = asyncio.run(_write_all(store, order, brief))
        assert sum(isinstance(result, NulCharacter) for result in results) == 1
    assert _count(store) == 2


def test_a_database_error_in_one_work_leaves_the_others(store: Store, brief: bool) -> None:
    works = [_turn(1), lambda conn: conn.exec_driver_sql("INSERT INTO nowhere VALUES (1)"), _turn(2)]
    results = asyncio.run(_write_all(store, works, brief))
    assert isinstance(results[1], sa.exc.DBAPIError)
    assert _count(store) == 2


def test_even_an_exit_raised_in_a_work_reaches_its_caller_and_the_writer_lives(sqlite_url: str) -> None:
    store = open_store(sqlite_url)
    with pytest.raises(SystemExit):
        store.write_sync(_fail_after_writing(1, SystemExit(3)))
    store.write_sync(_turn(2))
    assert _count(store) == 1
    store.close()


def test_works_that_wait_together_share_a_commit(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, brief: bool
) -> None:
    store = open_store(sqlite_url)
    commits: list[int] = []
    commit = writer.GroupCommitWriter._commit

    def counted(self: writer.GroupCommitWriter, batch: list[writer._Job]) -> None:
        commits.append(1)
        commit(self, batch)

    monkeypatch.setattr(writer.GroupCommitWriter, "_commit", counted)
    asyncio.run(_write_all(store, [_turn(number) for number in range(200)], brief))
    assert _count(store) == 200
    assert len(commits) < 60
    store.close()


def test_a_commit_that_fails_fails_every_work_of_its_batch_and_keeps_none(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, brief: bool
) -> None:
    store = open_store(sqlite_url)

    def full(self: writer.GroupCommitWriter, batch: list[writer._Job]) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as planted:
        planted.setattr(writer.GroupCommitWriter, "_commit", full)
        results = asyncio.run(_write_all(store, [_turn(number) for number in range(5)], brief))
    assert {type(result) for result in results} == {sqlite3.OperationalError}
    assert _count(store) == 0
    store.write_sync(_turn(1))
    assert _count(store) == 1
    store.close()


def test_a_caller_that_stops_waiting_does_not_undo_its_work(store: Store) -> None:
    async def give_up() -> None:
        begun = threading.Event()
        go_on = threading.Event()

        def work(conn: Connection) -> None:
            begun.set()
            go_on.wait(5)
            _turn(1)(conn)

        waiting = asyncio.create_task(store.write(work))
        await asyncio.to_thread(begun.wait, 5)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        go_on.set()
        await store.write(_turn(2))

    asyncio.run(give_up())
    store.close()


def test_a_loop_that_has_gone_does_not_hurt_the_writer(store: Store, store_url: str) -> None:
    go_on = threading.Event()

    async def leave() -> None:
        task = asyncio.ensure_future(store.write(lambda conn: (go_on.wait(5), _turn(1)(conn))))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(leave())
    go_on.set()
    store.write_sync(_turn(2))
    store.close()  # waits for the work that nobody waits for
    again = open_store(store_url)
    assert _count(again) == 2
    again.close()


def test_brief_works_run_where_they_are_submitted_and_others_on_the_thread(sqlite_url: str) -> None:
    store = open_store(sqlite_url)
    here = threading.current_thread()

    async def write(brief: bool) -> threading.Thread:
        return await store.write(lambda conn: threading.current_thread(), brief=brief)

    assert asyncio.run(write(brief=True)) is here
    assert asyncio.run(write(brief=False)) is not here
    store.close()


def test_both_kinds_of_work_beside_each_other_are_all_kept_and_none_waits_for_ever(sqlite_url: str) -> None:
    store = open_store(sqlite_url)

    async def talk(first: int) -> None:
        for number in range(first, first + 20):
            await store.write(_turn(number), brief=number % 2 == 0)

    async def write() -> None:
        talks = [talk(100 * client) for client in range(8)]
        threads = [asyncio.to_thread(store.write_sync, _turn(10_000 + number)) for number in range(20)]
        await asyncio.wait_for(asyncio.gather(*talks, *threads), 60)

    asyncio.run(write())
    assert _count(store) == 8 * 20 + 20
    store.close()


def test_a_loop_does_not_wait_for_another_process_that_writes_and_the_turn_is_kept_afterwards(
    sqlite_url: str,
) -> None:
    store = open_store(sqlite_url)
    # As the sqlite3 command would, for a while.
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    async def write() -> None:
        waiting = asyncio.ensure_future(store.write(_turn(1), brief=True))
        for _ in range(5):
            # It would take ten seconds until the first of these.
            await asyncio.wait_for(asyncio.sleep(0.02), 5)
        assert not waiting.done()
        other.execute("COMMIT")
        await asyncio.wait_for(waiting, 30)

    asyncio.run(write())
    assert _count(store) == 1
    other.close()
    store.close()


def test_a_lock_that_another_process_never_gives_back_is_told(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, brief: bool
) -> None:
    store = open_store(sqlite_url)
    monkeypatch.setattr(writer, "PATIENCE", 0.1)
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    (told,) = asyncio.run(_write_all(store, [_turn(1)], brief))
    assert isinstance(told, sqlite3.OperationalError)
    other.execute("COMMIT")
    assert asyncio.run(_write_all(store, [_turn(2)], brief)) != [told]
    assert _count(store) == 1
    other.close()
    store.close()


def test_brief_works_that_wait_when_the_store_closes_are_done(sqlite_url: str) -> None:
    store = open_store(sqlite_url)

    async def write_and_close() -> list[object]:
        waiting = [asyncio.ensure_future(store.write(_turn(number), brief=True)) for number in range(10)]
        await asyncio.sleep(0)
        # On the loop itself, as when a server ends: it cannot run them any more.
        store.close()
        return await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 10)

    results = asyncio.run(write_and_close())
    assert {type(result).__name__ for result in results} == {"CommittedTurn"}
    again = open_store(sqlite_url)
    assert _count(again) == 10
    again.close()
