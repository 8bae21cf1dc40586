"""What the staff's pages read of cases beside `cases.listing`: who is behind a reference, where a case was sent, who
has looked at it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from cases.models import audit, cases, conversations, outbox, staff_accounts

# For pages that do several of the things of `cases` in one transaction.
__all__ = ["Connection", "answers_of", "deliveries", "handlers", "named", "references_of", "trail"]


def named(conn: Connection, organisation: str, references: Sequence[str]) -> dict[str, dict[str, Any]]:
    """By reference: `name` of the person (None where not given), `subject` and `channel`."""
    record = cases.c.record
    query = sa.select(
        cases.c.reference,
        record[("complainant", "name")].as_string().label("name"),
        record[("facts", "subject")].as_string().label("subject"),
        record["channel"].as_string().label("channel"),
    ).where(cases.c.organisation == organisation, cases.c.reference.in_(sorted(set(references))))
    return {row.reference: dict(row._mapping) for row in conn.execute(query)}


def handlers(conn: Connection, organisation: str, *, restricted: bool) -> list[str]:
    """Everybody who answers a case, in the policy's words; `restricted`: those of restricted cases too."""
    query = (
        sa.select(cases.c.handler)
        .where(cases.c.organisation == organisation, cases.c.handler.is_not(None))
        .distinct()
        .order_by(cases.c.handler)
    )
    if not restricted:
        query = query.where(sa.not_(cases.c.restricted))
    return list(conn.execute(query).scalars())


def references_of(conn: Connection, organisation: str, conversation_id: str) -> list[str]:
    """The conversation's own reference, and those of the cases from it."""
    here = (cases.c.organisation == organisation, cases.c.conversation_id == conversation_id)
    own = (conversations.c.organisation == organisation, conversations.c.id == conversation_id)
    both = sa.union(
        sa.select(conversations.c.reference).where(*own), sa.select(cases.c.reference).where(*here)
    )
    return sorted(conn.execute(both).scalars())


def answers_of(conn: Connection, organisation: str, conversation_id: str) -> dict[str, Any]:
    """What the conversation keeps: its draft, as stored; empty where it is gone."""
    query = sa.select(conversations.c.data).where(
        conversations.c.organisation == organisation, conversations.c.id == conversation_id
    )
    return dict(conn.execute(query).scalar() or {})


def deliveries(conn: Connection, organisation: str, reference: str) -> list[dict[str, Any]]:
    """Where the case was handed or sent to and how that went, the newest first; instants are datetimes."""
    names = "id kind target state attempts due_at last_error created_at delivered_at".split()
    query = (
        sa.select(*(outbox.c[name] for name in names))
        .where(outbox.c.organisation == organisation, outbox.c.case_reference == reference)
        .order_by(outbox.c.created_at.desc(), outbox.c.kind, outbox.c.target)
    )
    return [dict(row._mapping) for row in conn.execute(query)]


def trail(conn: Connection, organisation: str, reference: str, most: int = 200) -> list[dict[str, Any]]:
    """The newest entries of the audit trail about a case; `name` is that of a member of staff."""
    query = (
        sa.select(
            audit.c.number, audit.c.at, audit.c.actor, audit.c.action, audit.c.caller, staff_accounts.c.name
        )
        .outerjoin(
            staff_accounts,
            sa.and_(
                staff_accounts.c.organisation == audit.c.organisation, staff_accounts.c.id == audit.c.caller
            ),
        )
        .where(audit.c.organisation == organisation, audit.c.reference == reference)
        .order_by(audit.c.number.desc())
        .limit(most)
    )
    return [dict(row._mapping) for row in conn.execute(query)]
