"""Drafts that staff write down for somebody: those that are open, each with what opens it, and who opened it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from cases import audit
from cases.events import NoSuchCase, Writer
from cases.models import conversations
from cases.register import UnknownReference
from cases.remarks import Found, conversation_of

BEGUN, OPENED, LOGGED = "draft.begun", "draft.opened", "complaint.logged"
MOST = 100


@dataclass(frozen=True, slots=True)
class OpenDraft:
    """A draft in a list; `data` is what the interview remembers of it."""

    reference: str
    updated_at: datetime
    data: dict[str, Any]


def open_drafts(conn: Connection, organisation: str, by: str) -> list[OpenDraft]:
    """The unfinished ones that this member of staff writes down, the latest touched first."""
    query = (
        sa.select(conversations.c.reference, conversations.c.updated_at, conversations.c.data)
        .where(
            conversations.c.organisation == organisation,
            conversations.c.recorded_by == by,
            conversations.c.state == "draft",
        )
        .order_by(conversations.c.updated_at.desc())
        .limit(MOST)
    )
    return [OpenDraft(*row) for row in conn.execute(query)]


def written_down(conn: Connection, organisation: str, reference: str) -> Found:
    """The conversation that staff of this organisation wrote down. NoSuchCase (404): also where somebody wrote it
    themselves, or it is another organisation's."""
    missing = NoSuchCase(f"There is no draft {reference[:60]}.", where="reference")
    try:
        found = conversation_of(conn, reference)
    except UnknownReference:
        raise missing from None
    here = found.conversation
    if here.organisation != organisation or here.recorded_by is None or here.reference != reference:
        raise missing
    return found


def tell(
    conn: Connection, organisation: str, reference: str, action: str, writer: Writer, at: datetime
) -> None:
    """Keep in the audit trail that a member of staff began, opened or filed it."""
    event = audit.Event(action, reference, writer.actor, caller=writer.caller)
    audit.append(conn, organisation, at, [event])
