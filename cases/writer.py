"""The one writer of a SQLite store: what is waiting is committed together, and a thread of its own waits for the disk.

Each work runs in a savepoint, so one that fails takes nothing of its neighbours with it; all of them share one
COMMIT, that is one sync to disk. Nobody is told of success before that COMMIT has returned.

A `brief` work, such as a turn, runs on the event loop that submitted it, and the thread only commits. Were its
statements run by the thread, the two would take the interpreter from each other at each of them, which cost a quarter
of a turn. Other works run on the thread, however long they take. The connection belongs to one of the two at a time.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

# Works of the thread that share a commit, at most.
BATCH = 64
# Seconds that the thread waits for somebody else who writes to the file, as with the sqlite3 command.
PATIENCE = 10.0
_LOOK_AGAIN = 0.02


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


@dataclass(frozen=True, slots=True)
class _Handed:
    """Brief works, for the thread to commit; their SQL was run if `begun`, and what then went wrong is `broken`."""

    batch: list[_Job]
    begun: bool
    broken: BaseException | None = None


class GroupCommitWriter:
    """Runs works on `connection`, which belongs to this writer alone until `close` returns."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)  # noqa: S101 - tells the type checker what the store opened
        self._raw = raw
        # An event loop must not wait for another process: `_begin` does, on the thread.
        self._raw.execute("PRAGMA busy_timeout=0")
        self._queue: queue.SimpleQueue[_Job | _Handed | None] = queue.SimpleQueue()
        self._brief: list[_Job] = []
        # Held from the begin of a transaction to its end.
        self._in_use = threading.Lock()
        self._gate = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="hearout-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Connection], Any], *, brief: bool = False) -> asyncio.Future[Any]:
        """Queue the work; the future resolves in this event loop once the commit has returned.

        A `brief` one is a few statements: the loop itself runs them, and does nothing else meanwhile.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._put(_Job(work, future, loop), brief=brief)
        if brief:
            # Behind the tasks that are ready now, so that their turns share this commit.
            loop.call_soon(self._run_brief)
        return future

    def submit_from_thread(self, work: Callable[[Connection], Any]) -> Future[Any]:
        """The same for a caller outside any event loop."""
        future: Future[Any] = Future()
        self._put(_Job(work, future, None), brief=False)
        return future

    def close(self) -> None:
        """Finish what is queued, then stop. Later works raise StoreClosed."""
        with self._gate:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()

    def _put(self, job: _Job, *, brief: bool) -> None:
        # Under the gate, so that no job can land behind the end mark and wait for ever.
        with self._gate:
            if self._closed:
                raise StoreClosed("the store is closed")
            if brief:
                self._brief.append(job)
            else:
                self._queue.put(job)

    # --- on an event loop --------------------------------------------------------------------------------------

    def _run_brief(self) -> None:
        """Run every brief work that waits, and hand them over to be committed.

        While the connection is in use they go on waiting: whoever lets go of it has this called again.
        """
        if not self._brief or not self._in_use.acquire(blocking=False):
            return
        batch = self._take_brief()
        if not batch:
            self._let_go()
            return
        try:
            self._begin(patience=0)
        except sqlite3.Error:
            # Somebody else is writing to the file; what it is else, the thread will meet too, and tell.
            self._queue.put(_Handed(batch, begun=False))
            return
        broken: BaseException | None = None
        try:
            self._run_each(batch)
        except BaseException as error:  # noqa: BLE001 - whoever waits must hear of it, whatever it is
            broken = error
        self._queue.put(_Handed(batch, begun=True, broken=broken))

    def _take_brief(self) -> list[_Job]:
        with self._gate:
            batch, self._brief = self._brief, []
        return batch

    # --- on the writer's thread --------------------------------------------------------------------------------

    def _run(self) -> None:
        jobs: list[_Job] = []
        last = False
        while True:
            handed, ends = self._gather(jobs)
            last = last or ends
            if handed is None and not self._in_use.acquire(blocking=False):
                continue  # an event loop is at a transaction, and hands it over next
            done: list[_Job] = []
            if handed is not None:
                done = handed.batch
                self._commit_together(done, begun=handed.begun, broken=handed.broken)
            if last:
                jobs += self._take_brief()
            if jobs:
                _tell(done)
                done, jobs = jobs, []
                self._commit_together(done)
            # Before anybody is told: the next works then begin while these are being told of.
            self._let_go()
            _tell(done)
            if last:
                return

    def _gather(self, jobs: list[_Job]) -> tuple[_Handed | None, bool]:
        """Wait for something to do, and add what jobs there are to `jobs`; the flag says that the end mark was met."""
        item = self._queue.get()
        while item is not None:
            if isinstance(item, _Handed):
                return item, False
            jobs.append(item)
            if len(jobs) >= BATCH:
                return None, False
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                return None, False
        return None, True

    def _let_go(self) -> None:
        """Let go of the connection, and have the brief works run that could not while it was in use."""
        self._in_use.release()
        for loop in {job.loop for job in self._brief}:
            # Of a loop that has been closed nobody waits any more; its works are done at the latest by `close`.
            with contextlib.suppress(RuntimeError):
                if loop is not None:
                    loop.call_soon_threadsafe(self._run_brief)

    # --- on either ---------------------------------------------------------------------------------------------

    def _begin(self, patience: float) -> None:
        """Begin a transaction; waits so many seconds for others who write to the file."""
        until = time.monotonic() + patience
        while True:
            try:
                # Told of the transaction, SQLAlchemy does not roll back by itself when a first statement is refused.
                self.connection.begin()
                self._raw.execute("BEGIN IMMEDIATE")
            except sqlite3.Error as error:
                self._roll_back()
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() >= until:
                    raise
            else:
                return
            time.sleep(_LOOK_AGAIN)

    def _run_each(self, batch: list[_Job]) -> None:
        for job in batch:
            self._run_in_savepoint(job)

    def _commit_together(
        self, batch: list[_Job], *, begun: bool = False, broken: BaseException | None = None
    ) -> None:
        try:
            if not begun:
                self._begin(PATIENCE)
                self._run_each(batch)
            if broken is not None:
                raise broken
            self._commit(batch)
        except BaseException as error:  # noqa: BLE001 - whoever waits must hear of it, whatever it is
            for job in batch:
                job.error = error
        finally:
            self._roll_back()

    def _commit(self, batch: list[_Job]) -> None:
        """The one place after which the works of a batch are on disk."""
        del batch
        self._raw.execute("COMMIT")

    def _roll_back(self) -> None:
        with contextlib.suppress(Exception):
            self._raw.rollback()
        with contextlib.suppress(Exception):
            self.connection.rollback()

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
