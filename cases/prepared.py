"""A statement that every turn runs, with what can be worked out once worked out once.

SQLAlchemy builds the statement, and the types convert the values; on SQLite only the execution goes straight to the
driver, which costs a quarter of going through a Connection. On PostgreSQL, where the round trip decides, the
statement is executed as usual. Either way the rows are the same.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.compiler import SQLCompiler

Convert = Callable[[Any], Any] | None
Row = tuple[Any, ...]


class _Plan:
    """The statement's text for one dialect, and how each value goes in and comes out."""

    def __init__(
        self,
        statement: sa.sql.ClauseElement,
        returns: Sequence[Any],
        dialect: Dialect,
        keys: Sequence[str] | None,
    ) -> None:
        columns = None if keys is None else list(keys)
        compiled = cast(SQLCompiler, statement.compile(dialect=dialect, column_keys=columns))
        self.sql = str(compiled)
        self.places: list[tuple[str, Any, Convert]] = []
        for name in compiled.positiontup or []:
            bind = compiled.binds[name]
            convert = bind.type.dialect_impl(dialect).bind_processor(dialect)
            self.places.append((name, bind.effective_value, convert))
        self.out: list[Convert] = [
            kind.dialect_impl(dialect).result_processor(dialect, None) for kind in returns
        ]

    def values(self, given: Mapping[str, Any]) -> Row:
        found = []
        for name, fixed, convert in self.places:
            value = given.get(name, fixed)
            found.append(value if convert is None else convert(value))
        return tuple(found)

    def row(self, raw: Row) -> Row:
        return tuple([v if convert is None else convert(v) for v, convert in zip(raw, self.out, strict=True)])


class Prepared:
    """A statement, and for an insert the columns that it is given (`keys`)."""

    def __init__(self, statement: Any, keys: Sequence[str] | None = None) -> None:
        self._statement = statement
        self._keys = keys
        # What an INSERT or UPDATE hands back stands under RETURNING; a SELECT has its own columns.
        columns = statement._returning if statement.is_dml else statement.selected_columns
        self._returns = [column.type for column in columns]
        self._plan: _Plan | None = None

    def first(self, conn: Connection, given: Mapping[str, Any]) -> Row | None:
        """The first row, or None."""
        if conn.dialect.name != "sqlite":
            row = conn.execute(self._statement, dict(given)).first()
            return None if row is None else tuple(row)
        plan = self._planned(conn)
        with _as_sqlalchemy_says_it():
            raw = _driver(conn).execute(plan.sql, plan.values(given)).fetchone()
        return None if raw is None else plan.row(raw)

    def rows(self, conn: Connection, given: Mapping[str, Any]) -> list[Row]:
        """All rows."""
        if conn.dialect.name != "sqlite":
            return [tuple(row) for row in conn.execute(self._statement, dict(given))]
        plan = self._planned(conn)
        with _as_sqlalchemy_says_it():
            found = _driver(conn).execute(plan.sql, plan.values(given)).fetchall()
        return [plan.row(raw) for raw in found]

    def many(self, conn: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute once for each row, with nothing to hand back."""
        if conn.dialect.name != "sqlite":
            conn.execute(self._statement, [dict(row) for row in rows])
            return
        plan = self._planned(conn)
        with _as_sqlalchemy_says_it():
            _driver(conn).executemany(plan.sql, [plan.values(row) for row in rows])

    def _planned(self, conn: Connection) -> _Plan:
        if self._plan is None:
            self._plan = _Plan(self._statement, self._returns, conn.dialect, self._keys)
        return self._plan


def _driver(conn: Connection) -> sqlite3.Connection:
    return cast(sqlite3.Connection, conn.connection.driver_connection)


class _as_sqlalchemy_says_it:  # noqa: N801 - read as part of the sentence that uses it
    """The driver's errors as SQLAlchemy's, without the values: callers know one kind only."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, sqlite3.IntegrityError):
            raise sa.exc.IntegrityError(None, None, error, hide_parameters=True) from None
        if isinstance(error, sqlite3.Error):
            raise sa.exc.OperationalError(None, None, error, hide_parameters=True) from None
