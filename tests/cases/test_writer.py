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


async def _write_all(store: Store, works: list[Callable[[Connection], object]]) -> list[object]:
    return await asyncio.gather(*(store.write(work) for work in works), return_exceptions=True)


def test_a_failing_work_beside_good_ones_fails_alone(store: Store) -> None:
    broken = ValueError("broken")
    works = [_turn(1), _fail_after_writing(2, broken), _turn(3), _turn(1), _turn(4)]
    results = asyncio.run(_write_all(store, works))
    assert results[1] is broken
    assert type(results[3]).__name__ == "DuplicateMessage" or type(results[0]).__name__ == "DuplicateMessage"
    kept = store.read_sync(lambda conn: set(conn.execute(sa.select(conversations.c.id)).scalars()))
    assert kept == {"c1", "c3", "c4"}


def test_a_work_whose_first_statement_is_refused_leaves_the_others(store: Store) -> None:
    # SQLAlchemy answers such a refusal with a rollback when it does not know of the transaction.
    nul = a_turn(conversation_id="nul", key_hash="nul", reference="nul", recorded_by="\x00")
    works: list[Callable[[Connection], object]] = [_turn(1), lambda conn: commit_turn(conn, nul), _turn(2)]
    for order in (works, works[::-1], works[1:]):
        results = asyncio.run(_write_all(store, order))
        assert sum(isinstance(result, NulCharacter) for result in results) == 1
    assert _count(store) == 2


def test_a_database_error_in_one_work_leaves_the_others(store: Store) -> None:
    works = [_turn(1), lambda conn: conn.exec_driver_sql("INSERT INTO nowhere VALUES (1)"), _turn(2)]
    results = asyncio.run(_write_all(store, works))
    assert isinstance(results[1], sa.exc.DBAPIError)
    assert _count(store) == 2


def test_even_an_exit_raised_in_a_work_reaches_its_caller_and_the_writer_lives(sqlite_url: str) -> None:
    store = open_store(sqlite_url)
    with pytest.raises(SystemExit):
        store.write_sync(_fail_after_writing(1, SystemExit(3)))
    store.write_sync(_turn(2))
    assert _count(store) == 1
    store.close()


def test_works_that_wait_together_share_a_commit(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(sqlite_url)
    commits: list[int] = []
    commit = writer.GroupCommitWriter._commit

    def counted(self: writer.GroupCommitWriter) -> None:
        commits.append(1)
        commit(self)

    monkeypatch.setattr(writer.GroupCommitWriter, "_commit", counted)
    asyncio.run(_write_all(store, [_turn(number) for number in range(200)]))
    assert _count(store) == 200
    assert len(commits) < 60
    store.close()


def test_a_commit_that_fails_fails_every_work_of_its_batch_and_keeps_none(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(sqlite_url)

    def full(self: writer.GroupCommitWriter) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as planted:
        planted.setattr(writer.GroupCommitWriter, "_commit", full)
        results = asyncio.run(_write_all(store, [_turn(number) for number in range(5)]))
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
