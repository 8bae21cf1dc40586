"""Open a store, read from it, write to it. One file is SQLite with group commit, or PostgreSQL with a pool.

A work is a plain function of a SQLAlchemy connection. It runs SQL only, since others may wait behind it, and it
leaves transactions alone: the store commits. Time is an argument everywhere; nothing here looks at a clock.
"""

from __future__ import annotations

import abc
import asyncio
import json
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

import sqlalchemy as sa
from pydantic_core import from_json, to_json
from sqlalchemy import Connection, Engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import NullPool

from cases import schema
from cases.full import saying_when_full
from cases.lock import StoreBusy, WriterLock
from cases.models import NaiveInstant, NulCharacter, holds_nul
from cases.writer import GroupCommitWriter, StoreClosed

__all__ = ["Store", "StoreBusy", "StoreClosed", "StoreMissing", "UnsupportedStore", "migrate", "open_store"]

T = TypeVar("T")
Work = Callable[[Connection], T]

# Threads, and so transactions at once, against PostgreSQL.
POSTGRESQL_POOL = 8


class UnsupportedStore(ValueError):
    """The database URL names something that Hearout does not run on."""


class StoreMissing(FileNotFoundError):
    """There is no database at that place, and it was opened for reading only."""


def open_store(url: str, *, read_only: bool = False) -> Store:
    """Open the store at `url` (sqlite:///path or postgresql+psycopg://...), migrated before.

    Raises StoreBusy when another process writes this SQLite file, StoreMissing when `read_only` and there is
    none, schema.SchemaMismatch when its tables are not the ones of this version.
    """
    parsed = _checked(url)
    store: Store = (
        _postgresql(parsed) if parsed.get_backend_name() == "postgresql" else _Sqlite(parsed, read_only)
    )
    try:
        store.read_sync(schema.require_head)
    except BaseException:
        store.close()
        raise
    return store


def migrate(url: str) -> None:
    """Bring the tables at `url` to this version, creating the SQLite file and its folder when there is none.

    Raises StoreBusy when another process has the SQLite file open for writing.
    """
    parsed = _checked(url)
    if parsed.get_backend_name() == "postgresql":
        engine = _engine(parsed, poolclass=NullPool)
        _upgrade(engine)
        return
    path = _path(parsed)
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = WriterLock(path)
    try:
        _upgrade(_sqlite_engine(path, "rwc"))
    finally:
        lock.release()


class Store(abc.ABC):
    """Where everything is kept. Every write resolves only after its COMMIT; `close` leaves none waiting."""

    dialect: str

    @abc.abstractmethod
    async def write(self, work: Work[T], *, brief: bool = False) -> T:
        """Run `work` in a transaction and return its result once that is on disk; raises what it raises.

        `brief` says that it is a few statements about one conversation or case: see `cases.writer`.
        """

    @abc.abstractmethod
    def write_sync(self, work: Work[T]) -> T:
        """The same for the commands and tests: blocks the calling thread."""

    @abc.abstractmethod
    async def read(self, work: Work[T]) -> T:
        """Run `work` on one consistent view of what is committed; it cannot write."""

    @abc.abstractmethod
    def read_sync(self, work: Work[T]) -> T:
        """The same, blocking."""

    @abc.abstractmethod
    def close(self) -> None:
        """Finish what is queued and let go of the database; may be called twice."""


class _Sqlite(Store):
    """One process, one writer thread, one reading connection that answers on the caller's own thread.

    Reading inline is faster than any hand-over: a row by its key takes some ten microseconds of SQLite.
    """

    dialect = "sqlite"

    def __init__(self, url: URL, read_only: bool) -> None:
        path = _path(url)
        if not path.exists():
            raise StoreMissing(
                f"there is no database at {path}; `hearout migrate` or `hearout serve` makes one."
            )
        self._lock = None if read_only else WriterLock(path)
        self._closed = False
        self._writer: GroupCommitWriter | None = None
        self._reading = threading.Lock()
        try:
            self._engine = _sqlite_engine(path, "rw")
            self._reader = self._engine.connect()
            self._reader_raw = _raw(self._reader)
            self._reader_raw.execute("PRAGMA query_only=ON")
            if not read_only:
                self._writer = GroupCommitWriter(self._engine.connect())
        except BaseException:
            if self._lock:
                self._lock.release()
            raise

    def _writing(self) -> GroupCommitWriter:
        if self._writer is None:
            raise StoreClosed("the store was opened for reading only")
        return self._writer

    async def write(self, work: Work[T], *, brief: bool = False) -> T:
        with saying_when_full():
            return cast(T, await self._writing().submit(work, brief=brief))

    def write_sync(self, work: Work[T]) -> T:
        with saying_when_full():
            return cast(T, self._writing().submit_from_thread(work).result())

    async def read(self, work: Work[T]) -> T:
        return self.read_sync(work)

    def read_sync(self, work: Work[T]) -> T:
        with self._reading:
            if self._closed:
                raise StoreClosed("the store is closed")
            try:
                self._reader.begin()
                self._reader_raw.execute("BEGIN")
                return work(self._reader)
            finally:
                self._reader_raw.rollback()
                self._reader.rollback()

    def close(self) -> None:
        if self._writer:
            self._writer.close()
        with self._reading:
            if self._closed:
                return
            self._closed = True
            if self._writer:
                self._writer.connection.close()
            self._reader.close()
            self._engine.dispose()
        if self._lock:
            self._lock.release()


class _Postgresql(Store):
    """A few threads, each with a connection of its own; one transaction a work. Any number of processes."""

    dialect = "postgresql"

    def __init__(self, writers: Engine, readers: Engine) -> None:
        self._writers = writers
        self._readers = readers
        self._threads = ThreadPoolExecutor(POSTGRESQL_POOL, thread_name_prefix="hearout-store")
        self._closed = False

    async def write(self, work: Work[T], *, brief: bool = False) -> T:
        del brief  # each work has a thread and a connection here
        return await self._hand_over(partial(self._run, self._writers, work))

    def write_sync(self, work: Work[T]) -> T:
        self._refuse_when_closed()
        return self._run(self._writers, work)

    async def read(self, work: Work[T]) -> T:
        return await self._hand_over(partial(self._run, self._readers, work))

    def read_sync(self, work: Work[T]) -> T:
        self._refuse_when_closed()
        return self._run(self._readers, work)

    def close(self) -> None:
        self._closed = True
        self._threads.shutdown(wait=True)
        self._writers.dispose()
        self._readers.dispose()

    async def _hand_over(self, call: Callable[[], T]) -> T:
        self._refuse_when_closed()
        try:
            running: Future[T] = self._threads.submit(call)
        except RuntimeError as error:
            raise StoreClosed("the store is closed") from error
        # Shielded: a caller that stops waiting must not call off a turn that is half way to the disk.
        return await asyncio.shield(asyncio.wrap_future(running))

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise StoreClosed("the store is closed")

    def _run(self, engine: Engine, work: Work[T]) -> T:
        with saying_when_full():
            try:
                return self._once(engine, work)
            except _GoneBefore:
                # The server was restarted while the connection lay idle: nothing had begun, so begin anew.
                return self._once(engine, work)

    def _once(self, engine: Engine, work: Work[T]) -> T:
        with engine.connect() as connection:
            try:
                result = work(connection)
            except sa.exc.DBAPIError as error:
                if error.connection_invalidated:
                    raise _GoneBefore(error.statement, None, cast(Exception, error.orig)) from error
                raise
            # A connection that is lost in here leaves it open whether the turn was kept: that is told to the
            # caller, who sends the same message again and is answered from what is there.
            connection.commit()
            return result


class _GoneBefore(sa.exc.OperationalError):
    """The connection was lost before the commit was asked for, so nothing of the work was kept."""


def _checked(url: str) -> URL:
    parsed = make_url(url)
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in ("sqlite", "sqlite+pysqlite", "postgresql+psycopg"):
        raise UnsupportedStore(
            f"'{parsed.drivername}' is not supported; use sqlite:///path or postgresql+psycopg://..."
        )
    if parsed.get_backend_name() == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise UnsupportedStore(
            "a SQLite store needs a file, as in sqlite:///var/hearout.db: memory keeps no promise."
        )
    return parsed


def _path(url: URL) -> Path:
    return Path(str(url.database)).absolute()


def _raw(connection: Connection) -> sqlite3.Connection:
    return cast(sqlite3.Connection, connection.connection.driver_connection)


def _dumps(value: Any) -> str:
    text = to_json(value).decode()
    # The escape may also be a backslash that the person typed before "u0000": look closer before refusing.
    if "\\u0000" in text and holds_nul(json.loads(text)):
        raise NulCharacter
    return text


def _engine(url: URL, **options: Any) -> Engine:
    # Parameters hold the complaint's words: hidden, so that no error message can carry them into a log.
    engine = sa.create_engine(
        url, hide_parameters=True, json_serializer=_dumps, json_deserializer=from_json, **options
    )
    sa.event.listen(engine, "handle_error", _clean_error)
    return engine


def _clean_error(context: sa.engine.ExceptionContext) -> None:
    """Our own refusals pass as themselves; PostgreSQL's errors lose their detail, which quotes the row's words."""
    original = context.original_exception
    if isinstance(original, NulCharacter | NaiveInstant):
        raise original
    diagnosis = getattr(original, "diag", None)
    if diagnosis is not None and diagnosis.message_primary:
        original.args = (diagnosis.message_primary,)
        if context.sqlalchemy_exception is not None:
            said = f"({type(original).__name__}) {diagnosis.message_primary}"
            context.sqlalchemy_exception.args = (said,)


def _postgresql(url: URL) -> Store:
    writers = _engine(url, pool_size=POSTGRESQL_POOL, max_overflow=2)
    readers = _engine(url, pool_size=POSTGRESQL_POOL, max_overflow=2, isolation_level="REPEATABLE READ")
    sa.event.listen(writers, "connect", _sync_at_commit)
    sa.event.listen(readers, "connect", _only_read)
    return _Postgresql(writers, readers)


def _sync_at_commit(raw: Any, record: object) -> None:
    # A server may be set to acknowledge before the sync; a stronger setting than "on" is left alone.
    raw.execute(
        "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
    )
    raw.commit()


def _only_read(raw: Any, record: object) -> None:
    raw.read_only = True


def _sqlite_engine(path: Path, mode: str) -> Engine:
    def connect() -> sqlite3.Connection:
        # isolation_level None: the driver begins nothing by itself, so a transaction starts where we say.
        raw = sqlite3.connect(
            f"{path.as_uri()}?mode={mode}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=10,
        )
        raw.execute("PRAGMA journal_mode=WAL")
        # FULL syncs at each commit. NORMAL would acknowledge words that are not on disk yet.
        raw.execute("PRAGMA synchronous=FULL")
        raw.execute("PRAGMA foreign_keys=ON")
        return raw

    return _engine(make_url("sqlite://"), creator=connect, poolclass=NullPool)


def _upgrade(engine: Engine) -> None:
    try:
        with engine.connect() as connection:
            if schema.revision_of(connection) == schema.HEAD:
                return
        with engine.begin() as connection:
            schema.upgrade(connection)
    finally:
        engine.dispose()
