"""The one writer of a SQLite store: a thread that gathers what is waiting and commits it together.

Each work runs in a savepoint, so one that fails takes nothing of its neighbours with it; all of them share one
COMMIT, that is one sync to disk. Nobody is told of success before that COMMIT has returned.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

BATCH = 64


class StoreClosed(RuntimeError):
    """Work was handed to a store that is closing or closed; it was not done."""


@dataclass(slots=True)
class _Job:
    """A work, who waits for it, and how it went. `loop` is None when a thread waits."""

    work: Callable[[Connection], Any]
    future: asyncio.Future[Any] | Future[Any]
    loop: asyncio.AbstractEventLoop | None
    result: Any = None
    error: BaseException | None = None


class GroupCommitWriter:
    """Runs works on `connection`, which belongs to this writer alone until `close` returns."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)  # noqa: S101 - tells the type checker what the store opened
        self._raw = raw
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="hearout-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Connection], Any]) -> asyncio.Future[Any]:
        """Queue the work; the future resolves in this event loop once the commit has returned."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._put(_Job(work, future, loop))
        return future

    def submit_from_thread(self, work: Callable[[Connection], Any]) -> Future[Any]:
        """The same for a caller outside any event loop."""
        future: Future[Any] = Future()
        self._put(_Job(work, future, None))
        return future

    def close(self) -> None:
        """Finish what is queued, then stop. Later works raise StoreClosed."""
        with self._gate:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        self._thread.join()

    def _put(self, job: _Job) -> None:
        # Under the gate, so that no job can land behind the end mark and wait for ever.
        with self._gate:
            if self._closed:
                raise StoreClosed("the store is closed")
            self._jobs.put(job)

    def _run(self) -> None:
        while True:
            batch, last = self._gather()
            if batch:
                self._commit_together(batch)
                _tell(batch)
            if last:
                return

    def _gather(self) -> tuple[list[_Job], bool]:
        """Wait for one job, then take what else is there; the flag says that the end mark was among them."""
        batch: list[_Job] = []
        job = self._jobs.get()
        while job is not None:
            batch.append(job)
            if len(batch) == BATCH:
                return batch, False
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return batch, False
        return batch, True

    def _commit_together(self, batch: list[_Job]) -> None:
        try:
            # Told of the transaction, SQLAlchemy does not roll back by itself when a first statement is refused.
            self.connection.begin()
            self._raw.execute("BEGIN IMMEDIATE")
            for job in batch:
                self._run_in_savepoint(job)
            self._commit()
        except BaseException as error:  # noqa: BLE001 - whoever waits must hear of it, whatever it is
            for job in batch:
                job.error = error
        finally:
            with contextlib.suppress(Exception):
                self._raw.rollback()
            with contextlib.suppress(Exception):
                self.connection.rollback()

    def _commit(self) -> None:
        self._raw.execute("COMMIT")

    def _run_in_savepoint(self, job: _Job) -> None:
        self._raw.execute("SAVEPOINT work")
        try:
            job.result = job.work(self.connection)
        except BaseException as error:  # noqa: BLE001 - it belongs to the job, not to its neighbours
            job.error = error
            # A full disk rolls the whole transaction back by itself; then this raises and all of them fail.
            self._raw.execute("ROLLBACK TO work")
        self._raw.execute("RELEASE work")


def _tell(batch: list[_Job]) -> None:
    """Wake everyone who waits: one call an event loop, since each call is a system call."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
    for job in batch:
        if job.loop is None:
            _resolve([job])
        else:
            by_loop.setdefault(job.loop, []).append(job)
    for loop, jobs in by_loop.items():
        # A loop that has been closed has nobody left to tell; the work is on disk all the same.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_resolve, jobs)


def _resolve(jobs: Iterable[_Job]) -> None:
    for job in jobs:
        if job.future.done():  # the caller gave up waiting
            continue
        if job.error is not None:
            job.future.set_exception(job.error)
        else:
            job.future.set_result(job.result)
