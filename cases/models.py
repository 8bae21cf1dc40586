"""The tables. Every one leads with the organisation, so that tenants can be put on shards of their own.

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

CONVERSATION_STATES = ("draft", "filed", "signposted", "informal", "withdrawn", "abandoned")
MESSAGE_ROLES = ("complainant", "assistant", "staff", "system")
OUTBOX_STATES = ("pending", "leased", "delivered", "dead")
AUDIT_ACTORS = ("complainant", "staff", "system")


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


def _json() -> sa.JSON:
    return sa.JSON(none_as_null=True)


def _one_of(column: str, values: tuple[str, ...]) -> sa.CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=column)


def _belongs_to(table: str, columns: tuple[str, ...], referred: tuple[str, ...]) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(list(columns), [f"{table}.{column}" for column in referred])


# `key_hash` is the SHA-256 of the secret that names the conversation: the secret itself is never stored.
conversations = sa.Table(
    "conversations",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("key_hash", sa.String(64), nullable=False),
    sa.Column("reference", sa.String(64), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("channel", sa.String(32), nullable=False),
    sa.Column("recorded_by", Words),
    sa.Column("data", _json(), nullable=False),
    sa.Column("privacy_version", sa.String(64)),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("first_told_at", Instant),
    sa.Column("updated_at", Instant, nullable=False),
    sa.Column("last_seq", sa.Integer, nullable=False),
    sa.UniqueConstraint("organisation", "key_hash"),
    sa.UniqueConstraint("organisation", "reference"),
    # What has lapsed is looked for among the drafts alone; updated_at would be moved in an index at every turn.
    sa.Index(None, "organisation", "state"),
    _one_of("state", CONVERSATION_STATES),
)

# Append-only. `entries` is what an assistant row put on the wire, word for word, so that it can be said again.
messages = sa.Table(
    "messages",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("conversation_id", sa.String(64), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("text", Words, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("message_id", sa.String(200)),
    sa.Column("entries", _json()),
    sa.Column("in_reply_to", sa.Integer),
    _belongs_to("conversations", ("organisation", "conversation_id"), ("organisation", "id")),
    sa.UniqueConstraint("organisation", "conversation_id", "message_id"),
    _one_of("role", MESSAGE_ROLES),
)

cases = sa.Table(
    "cases",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("reference", sa.String(64), primary_key=True),
    sa.Column("conversation_id", sa.String(64), nullable=False),
    sa.Column("conversation_reference", sa.String(64), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("received_at", Instant, nullable=False),
    sa.Column("first_told_at", Instant),
    sa.Column("disposition", sa.String(32)),
    sa.Column("handler", sa.Text),
    sa.Column("stage", sa.String(16)),
    sa.Column("acknowledge_by", sa.Date),
    sa.Column("respond_by", sa.Date),
    sa.Column("record", _json(), nullable=False),
    sa.Column("policy_sha256", sa.String(64)),
    sa.Column("created_at", Instant, nullable=False),
    _belongs_to("conversations", ("organisation", "conversation_id"), ("organisation", "id")),
    sa.Index(None, "organisation", "conversation_id"),
    _one_of("state", CONVERSATION_STATES),
)

# One row for each promise of a case; at most one of a kind may apply to a case.
clocks = sa.Table(
    "clocks",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("case_reference", sa.String(64), primary_key=True),
    sa.Column("kind", sa.String(64), primary_key=True),
    sa.Column("by", sa.String(32), nullable=False),
    sa.Column("due", sa.Date),
    sa.Column("amount", sa.Integer),
    sa.Column("unit", sa.String(32)),
    sa.Column("from_event", sa.String(64)),
    sa.Column("first_day", sa.String(32)),
    sa.Column("force", sa.String(32)),
    sa.Column("clause", sa.Text),
    sa.Column("state", sa.String(16), nullable=False),
    _belongs_to("cases", ("organisation", "case_reference"), ("organisation", "reference")),
    sa.Index(None, "organisation", "due"),
)

# `id` is the delivery id: the same on every attempt, so that a receiver can drop what it has had. The reference is a
# case's, or that of the conversation for what is said of a draft.
outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("case_reference", sa.String(64), nullable=False),
    sa.Column("kind", sa.String(64), nullable=False),
    sa.Column("target", sa.String(64), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("due_at", Instant, nullable=False),
    sa.Column("lease_until", Instant),
    sa.Column("last_error", Words),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("delivered_at", Instant),
    # The one query that crosses organisations: what is due now.
    sa.Index(None, "state", "due_at"),
    _one_of("state", OUTBOX_STATES),
)

# A link by which the person represented agrees or refuses; the token itself stands in the link alone.
consents = sa.Table(
    "consents",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("token_hash", sa.String(64), primary_key=True),
    sa.Column("conversation_id", sa.String(64), nullable=False),
    sa.Column("asked_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    _belongs_to("conversations", ("organisation", "conversation_id"), ("organisation", "id")),
)

# Append-only: triggers refuse to change it (migration 0002). What each entry holds, and what it never holds: audit.py.
audit = sa.Table(
    "audit",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("actor", sa.String(16), nullable=False),
    sa.Column("action", sa.String(64), nullable=False),
    sa.Column("reference", sa.String(64), nullable=False),
    sa.Column("delivery_id", sa.String(32)),
    sa.Column("digest", sa.String(64)),
    sa.Column("previous", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
    _one_of("actor", AUDIT_ACTORS),
)

# The newest entry of each chain. Whoever appends locks this row, so that a chain never forks.
audit_heads = sa.Table(
    "audit_heads",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)


def holds_nul(value: Any) -> bool:
    """Whether any string within the JSON value, keys included, holds U+0000."""
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any(holds_nul(key) or holds_nul(item) for key, item in value.items())
    if isinstance(value, list | tuple):
        return any(holds_nul(item) for item in value)
    return False
