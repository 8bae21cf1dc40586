"""What is said in a conversation outside its turns: by staff, or by Hearout itself of something that was done.

A remark moves the conversation to its next version, as a turn does: whatever was read before is stale from then on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy import Connection

from cases import audit
from cases.conversations import Conversation
from cases.filing import StaleConversation
from cases.models import cases, conversations, messages
from cases.references import UnknownReference

_COLUMNS = [conversations.c[name] for name in Conversation.__dataclass_fields__]


@dataclass(frozen=True, slots=True)
class Remark:
    """`entries` is what the person's face shows of it; None is for the transcript alone."""

    role: Literal["staff", "system"]
    text: str
    entries: list[dict[str, Any]] | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A conversation, and the SHA-256 (hex) of the secret that opens it."""

    conversation: Conversation
    key_hash: str


def conversation_of(conn: Connection, reference: str) -> Found:
    """The conversation that has this reference, or a case of it has. Raises UnknownReference."""
    of_case = sa.select(cases.c.organisation, cases.c.conversation_id).where(cases.c.reference == reference)
    key = sa.tuple_(conversations.c.organisation, conversations.c.id)
    mine = sa.or_(conversations.c.reference == reference, key.in_(of_case))
    row = conn.execute(sa.select(*_COLUMNS, conversations.c.key_hash).where(mine)).first()
    if row is None:
        raise UnknownReference(f"There is no conversation or case {reference[:60]}.", where="reference")
    return Found(Conversation(*row[:-1]), row.key_hash)


def remark(
    conn: Connection,
    before: Conversation,
    said: Remark,
    at: datetime,
    *,
    data: dict[str, Any] | None = None,
    action: str | None = None,
    caller: str | None = None,
) -> int:
    """Append the remark and return its number; `data`, if given, takes the place of the conversation's.

    `action` is what the audit trail keeps of it, as done by staff; `caller` the id of who did it, if known.

    Raises StaleConversation when the conversation has moved on since `before` was read.
    """
    values: dict[str, Any] = {
        "version": before.version + 1,
        "last_seq": before.last_seq + 1,
        "updated_at": at,
        **({} if data is None else {"data": data}),
    }
    advance(conn, before, values)
    row = {
        "organisation": before.organisation,
        "conversation_id": before.id,
        "seq": before.last_seq + 1,
        "role": said.role,
        "text": said.text,
        "at": at,
        "message_id": None,
        "entries": said.entries,
        "in_reply_to": None,
    }
    conn.execute(messages.insert(), row)
    if action is not None:
        audit.append(
            conn, before.organisation, at, [audit.Event(action, before.reference, "staff", caller=caller)]
        )
    return before.last_seq + 1


def advance(conn: Connection, before: Conversation, values: dict[str, Any]) -> None:
    """Change the conversation from exactly the version that was read, or raise StaleConversation."""
    here = (
        conversations.c.organisation == before.organisation,
        conversations.c.id == before.id,
        conversations.c.version == before.version,
    )
    if conn.execute(conversations.update().where(*here).values(values)).rowcount != 1:
        raise StaleConversation
