"""What the tables are made of: their types, their names, and what no text may hold.

Words are stored verbatim, instants in UTC, local dates as dates; JSON stays JSON text on both databases, because
PostgreSQL's jsonb would reorder the keys of replies that are promised back unchanged.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from policy_rules.errors import Refusal


class NulCharacter(Refusal):
    """Text holds U+0000, which PostgreSQL cannot store and no person means to send."""

    kind = "nul-character"
    title = "The text holds a NUL character"

    def __init__(self, where: str | None = None) -> None:
        super().__init__(
            "The text holds a NUL character (U+0000); leave it out and send it again.", where=where
        )


class NaiveInstant(ValueError):
    """An instant without its offset reached the database: it could be off by an hour, so it is refused."""


def refuse_nul(text: str, where: str | None = None) -> str:
    """The text itself; raises NulCharacter naming `where` when U+0000 is in it."""
    if "\x00" in text:
        raise NulCharacter(where)
    return text


class Words(TypeDecorator[str]):
    """Text without U+0000."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return value if value is None else refuse_nul(value)


class Instant(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC on both databases; naive values raise NaiveInstant."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise NaiveInstant(f"an instant without an offset was about to be stored: {value.isoformat()}")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# Alembic can alter a constraint on SQLite only when it has a name.
metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def json_column() -> sa.JSON:
    """JSON text; None is NULL."""
    return sa.JSON(none_as_null=True)


def one_of(column: str, values: tuple[str, ...]) -> sa.CheckConstraint:
    """The column holds one of these words."""
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=column)


def belongs_to(table: str, columns: tuple[str, ...], referred: tuple[str, ...]) -> sa.ForeignKeyConstraint:
    """A row belongs to one of another table."""
    return sa.ForeignKeyConstraint(list(columns), [f"{table}.{column}" for column in referred])


def holds_nul(value: Any) -> bool:
    """Whether any string within the JSON value, keys included, holds U+0000."""
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any(holds_nul(key) or holds_nul(item) for key, item in value.items())
    if isinstance(value, list | tuple):
        return any(holds_nul(item) for item in value)
    return False
