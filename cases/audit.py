"""The audit trail: what was done, in one chain for each organisation, and never what was said.

An entry holds its number, the instant, the kind of actor, the action, a reference and a digest of what was stored;
its hash covers all of these and the hash of the entry before it. Entries are written in the transaction of the
change that they tell of, so that neither stands without the other. cases.audit_check walks the chains.

The digest is keyed with the conversation's id, which is random, stands beside the content and nowhere in the chain:
once the conversation is erased, nobody can find out by trying what a digest was made of.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy import Connection, bindparam
from sqlalchemy.dialects import postgresql, sqlite

from cases.models import audit, audit_heads
from cases.prepared import Prepared

Actor = Literal["complainant", "staff", "system"]

# What the first entry of a chain names as the one before it.
GENESIS = "0" * 64
OPENED = "conversation.opened"
STORY = "story.stored"
REOPENED = "conversation.reopened"
REPLACED = "record.replaced"
# Whoever erases a conversation writes this, or its cases are reported as gone.
ERASED = "conversation.erased"
ABANDONED, REMINDED = "conversation.abandoned", "draft.reminded"
TAKEN_OVER, WROTE, GIVEN_BACK = "conversation.taken_over", "staff.wrote", "conversation.given_back"
EVIDENCE_ADDED, EVIDENCE_REMOVED = "evidence.added", "evidence.removed"
EVIDENCE_QUARANTINED = "evidence.quarantined"
DELIVERED, DEAD, REPLAYED = "delivery.delivered", "delivery.dead", "delivery.replayed"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was done to the conversation or case of this reference, for the chain to keep.

    Nothing in it may identify a person: references, delivery ids and digests only.
    """

    action: str
    reference: str
    actor: Actor
    digest: str | None = None
    delivery_id: str | None = None
    caller: str | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry of a chain: its number, counted from 1 (0: there is none yet), and its hash."""

    number: int
    hash: str


_HEAD = Prepared(
    sa.select(audit_heads.c.number, audit_heads.c.hash)
    .where(audit_heads.c.organisation == bindparam("organisation"))
    .with_for_update()
)
_BEGIN = {
    "sqlite": sqlite.insert(audit_heads).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(audit_heads).on_conflict_do_nothing(),
}
_APPEND = Prepared(audit.insert(), audit.columns.keys())


def append(conn: Connection, organisation: str, at: datetime, events: Sequence[Event]) -> None:
    """Write the events at the end of the organisation's chain, in this transaction.

    Call it last: the head stays locked until the commit, and whoever else appends to this chain waits for it.
    """
    if not events:
        return
    head = _locked_head(conn, organisation)
    # A trigger moves the head.
    _APPEND.many(conn, list(_chained(organisation, at, events, head)))


def heads(conn: Connection) -> dict[str, Head]:
    """The newest entry of every chain, by organisation."""
    query = sa.select(audit_heads).order_by(audit_heads.c.organisation)
    return {row.organisation: Head(row.number, row.hash) for row in conn.execute(query)}


def newest_at(conn: Connection) -> datetime | None:
    """When the newest entry of any chain was written; None while there is none."""
    here = (audit.c.organisation == audit_heads.c.organisation, audit.c.number == audit_heads.c.number)
    return conn.execute(sa.select(sa.func.max(audit.c.at)).join(audit_heads, sa.and_(*here))).scalar()


def digest_of(content: Any, conversation_id: str) -> str:
    """The keyed digest of a JSON value, hex."""
    return hmac.digest(conversation_id.encode(), canonical(content), "sha256").hex()


def hash_of(entry: Mapping[str, Any]) -> str:
    """The hash that an entry must have, from its other columns."""
    covered = {name: entry[name] for name in _COVERED}
    # The column came later than the first chains: where it is empty, hashes stay what they were.
    if (caller := entry.get("caller")) is not None:
        covered["caller"] = caller
    covered["at"] = entry["at"].astimezone(UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(canonical(covered)).hexdigest()


def canonical(value: Any) -> bytes:
    """The one way in which a JSON value is written for hashing: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


_COVERED = tuple(column.name for column in audit.columns if column.name not in ("hash", "at", "caller"))


def _locked_head(conn: Connection, organisation: str) -> Head:
    where = {"organisation": organisation}
    row = _HEAD.first(conn, where)
    if row is None:
        # Whoever comes second waits here for the first one's commit, and then finds its head.
        conn.execute(_BEGIN[conn.dialect.name], {**where, "number": 0, "hash": GENESIS})
        row = _HEAD.first(conn, where)
        assert row is not None  # noqa: S101 - it is there now, whoever has made it
    return Head(*row)


def _chained(
    organisation: str, at: datetime, events: Sequence[Event], head: Head
) -> Iterator[dict[str, Any]]:
    previous = head.hash
    for number, event in enumerate(events, head.number + 1):
        row = {
            "organisation": organisation,
            "number": number,
            "at": at,
            "actor": event.actor,
            "action": event.action,
            "reference": event.reference,
            "delivery_id": event.delivery_id,
            "digest": event.digest,
            "caller": event.caller,
            "previous": previous,
        }
        row["hash"] = previous = hash_of(row)
        yield row
