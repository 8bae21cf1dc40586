"""Drafts that nobody goes on with: one gentle reminder, later the staff queue. Time is an argument.

Any number of workers may do this at the same time. A reminder's id is made from the conversation's, so a second one
finds its place taken; a draft is abandoned from exactly the version that was read, so only one succeeds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from cases import audit
from cases.conversations import Conversation
from cases.filing import StaleConversation, hand_over
from cases.models import conversations, outbox
from cases.outgoing import TO_PERSON
from cases.remarks import advance

REMINDER, ABANDONED = "draft.reminder", "draft.abandoned"
PAGE = 100
_COLUMNS = [conversations.c[name] for name in Conversation.__dataclass_fields__]
_INSERT = {
    "sqlite": sqlite.insert(outbox).on_conflict_do_nothing().returning(outbox.c.id),
    "postgresql": postgresql.insert(outbox).on_conflict_do_nothing().returning(outbox.c.id),
}


@dataclass(frozen=True, slots=True)
class Limits:
    """How long nobody has to say anything until a reminder goes out, and until the draft is abandoned."""

    remind_after: timedelta = timedelta(days=2)
    abandon_after: timedelta = timedelta(days=14)


def has_story(draft: Conversation) -> bool:
    """Whether anything was told; a greeting alone is nothing to hand over."""
    return bool((draft.data.get("answers") or {}).get("story"))


def to_abandon(
    conn: Connection, organisation: str, now: datetime, limits: Limits, most: int = PAGE
) -> list[Conversation]:
    """An organisation's drafts whose time is over, the longest silent first."""
    return _silent(conn, organisation, now - limits.abandon_after, most)


def to_remind(
    conn: Connection, organisation: str, now: datetime, limits: Limits, most: int = PAGE
) -> list[Conversation]:
    """Drafts with a story that have been silent for long enough and have had no reminder.

    Only of people who gave an e-mail address and did not choose to be reached otherwise, or not at all. What staff
    wrote down is no draft of the person's: they have nothing to go on with.
    """
    reminded = sa.exists().where(
        outbox.c.organisation == conversations.c.organisation,
        outbox.c.case_reference == conversations.c.reference,
        outbox.c.kind == REMINDER,
    )
    return _silent(
        conn,
        organisation,
        now - limits.remind_after,
        most,
        _said("answers", "story").is_not(None),
        _said("answers", "contact_email").is_not(None),
        sa.func.coalesce(_said("answers", "preferred_contact"), "email") == "email",
        conversations.c.recorded_by.is_(None),
        ~reminded,
    )


def _silent(
    conn: Connection, organisation: str, since: datetime, most: int, *also: sa.ColumnElement[bool]
) -> list[Conversation]:
    """Drafts in which nothing was said after `since`. One that a person has taken over is theirs to end."""
    query = (
        sa.select(*_COLUMNS)
        .where(
            conversations.c.organisation == organisation,
            conversations.c.state == "draft",
            conversations.c.updated_at <= since,
            _said("taken_over_by").is_(None),
            *also,
        )
        .order_by(conversations.c.updated_at)
        .limit(most)
    )
    return [Conversation(*row) for row in conn.execute(query)]


def _said(*path: str) -> sa.ColumnElement[str]:
    """A text of the draft; NULL where there is none."""
    found: sa.ColumnElement[str] = conversations.c.data[path].as_string()
    return found


def abandon(
    conn: Connection, draft: Conversation, missing: Sequence[str], targets: tuple[str, ...], at: datetime
) -> bool:
    """Give the draft up; one with a story is handed to each target, with what is `missing` in its record.

    False when somebody wrote in it, or another worker did this, since it was read.
    """
    told = has_story(draft)
    values = {
        "state": "abandoned",
        "version": draft.version + 1,
        "updated_at": at,
        "data": {**draft.data, "state": "abandoned", "missing": list(missing) if told else []},
    }
    try:
        advance(conn, draft, values)
    except StaleConversation:
        return False
    if told:
        hand_over(conn, draft.organisation, draft.reference, ABANDONED, targets, at)
    event = audit.Event(audit.ABANDONED, draft.reference, "system")
    audit.append(conn, draft.organisation, at, [event])
    return True


def remind(conn: Connection, draft: Conversation, at: datetime) -> bool:
    """Put the one reminder into the outbox; False when there was one before."""
    row = {
        "organisation": draft.organisation,
        "id": hashlib.sha256(f"{REMINDER}/{draft.id}".encode()).hexdigest()[:32],
        "case_reference": draft.reference,
        "kind": REMINDER,
        "target": TO_PERSON,
        "state": "pending",
        "attempts": 0,
        "due_at": at,
        "created_at": at,
    }
    if conn.execute(_INSERT[conn.dialect.name], row).scalar() is None:
        return False
    audit.append(conn, draft.organisation, at, [audit.Event(audit.REMINDED, draft.reference, "system")])
    return True
