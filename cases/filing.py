"""A case enters the register: its row, its clocks, and one outbox row for each target, in the turn's transaction."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, bindparam

from cases import likeness, outgoing
from cases.models import cases, clocks, conversations, outbox
from cases.record import CaseFiling, CaseRecord, day


class StaleConversation(Exception):
    """The conversation has moved on since it was read: read it again and take the turn anew."""


class ReferenceTaken(StaleConversation):
    """A reference that was drawn at random is in use: draw another and take the turn anew."""


_REFILE = cases.update().where(
    cases.c.organisation == bindparam("in_organisation"),
    cases.c.reference == bindparam("in_reference"),
    cases.c.conversation_id == bindparam("in_conversation"),
)


def write_case(
    conn: Connection, filing: CaseFiling, conversation_id: str, targets: tuple[str, ...], at: datetime
) -> bool:
    """Write a case, its clocks, and one outbox row for each target; whether it replaced an earlier record."""
    record, decision = filing.record, filing.decision
    if record.received_at is None:
        raise ValueError(f"case {record.reference} has no receipt: its clocks would run from nothing")
    values = {
        "conversation_reference": record.conversation_reference,
        "state": record.state,
        "received_at": record.received_at,
        "first_told_at": record.first_told_at,
        "disposition": decision.get("disposition"),
        "handler": decision.get("handler"),
        "stage": decision.get("stage"),
        "acknowledge_by": day(decision.get("acknowledge_by")),
        "respond_by": day(decision.get("respond_by")),
        "record": record.as_json(),
        "policy_sha256": record.policy.sha256,
    }
    key = {"organisation": record.organisation, "reference": record.reference}
    where = {"in_organisation": record.organisation, "in_reference": record.reference}
    moved = {**values, "version": cases.c.version + 1}
    refiled = conn.execute(_REFILE.values(moved), {**where, "in_conversation": conversation_id}).rowcount > 0
    if refiled and filing.amends:
        # Its decision stays, and so do the clocks, with whatever has become of them since.
        hand_over(conn, record.organisation, record.reference, filing.kind, targets, at)
        return True
    if refiled:
        mine = (clocks.c.organisation == record.organisation, clocks.c.case_reference == record.reference)
        conn.execute(clocks.delete().where(*mine))
    else:
        if _is_taken(conn, record, conversation_id):
            raise ReferenceTaken
        row = {**key, **values, "conversation_id": conversation_id, "created_at": at}
        conn.execute(cases.insert(), row)
    if rows := filing.clock_rows():
        conn.execute(clocks.insert(), rows)
    likeness.remember(conn, record, at)
    hand_over(conn, record.organisation, record.reference, filing.kind, targets, at)
    outgoing.put_letters(conn, record.organisation, record.reference, filing.letters, at)
    return refiled


def hand_over(
    conn: Connection, organisation: str, reference: str, kind: str, targets: tuple[str, ...], at: datetime
) -> None:
    """One outbox row for each target."""
    if targets:
        rows = [_delivery(organisation, reference, kind, target, at) for target in targets]
        conn.execute(outbox.insert(), rows)


def _delivery(organisation: str, reference: str, kind: str, target: str, at: datetime) -> dict[str, Any]:
    return {
        "organisation": organisation,
        "id": uuid.uuid4().hex,
        "case_reference": reference,
        "kind": kind,
        "target": target,
        "state": "pending",
        "attempts": 0,
        "due_at": at,
        "created_at": at,
    }


def is_case(conn: Connection, organisation: str, reference: str) -> bool:
    """Whether the reference names a case of this organisation."""
    found = sa.select(sa.true()).where(cases.c.organisation == organisation, cases.c.reference == reference)
    return conn.execute(found).first() is not None


def _is_taken(conn: Connection, record: CaseRecord, conversation_id: str) -> bool:
    """Whether a new case's reference already names a case, or a conversation other than its own."""
    other = sa.select(sa.true()).where(
        conversations.c.organisation == record.organisation,
        conversations.c.reference == record.reference,
        conversations.c.id != conversation_id,
    )
    return is_case(conn, record.organisation, record.reference) or conn.execute(other).first() is not None
