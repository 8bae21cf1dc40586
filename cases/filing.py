"""A case enters the register: its row, its clocks, and one outbox row for each target, in the turn's transaction."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, bindparam

from cases import case_row, likeness, outgoing
from cases.models import cases, clocks, conversations, outbox
from cases.prepared import Prepared
from cases.record import CLOCK_COLUMNS, CaseFiling, CaseRecord, day

_CASE_OF = Prepared(
    sa.select(sa.true()).where(
        cases.c.organisation == bindparam("organisation"), cases.c.reference == bindparam("reference")
    )
)
_OTHER_OF = Prepared(
    sa.select(sa.true()).where(
        conversations.c.organisation == bindparam("organisation"),
        conversations.c.reference == bindparam("reference"),
        conversations.c.id != bindparam("conversation_id"),
    )
)
_CLOCKS = Prepared(clocks.insert(), CLOCK_COLUMNS)
_HAND_OVER = Prepared(
    outbox.insert(),
    "organisation id case_reference kind target state attempts due_at created_at".split(),
)


class StaleConversation(Exception):
    """The conversation has moved on since it was read: read it again and take the turn anew."""


class ReferenceTaken(StaleConversation):
    """A reference that was drawn at random is in use: draw another and take the turn anew."""


def write_case(
    conn: Connection, filing: CaseFiling, conversation_id: str, targets: tuple[str, ...], at: datetime
) -> bool:
    """Write a case, its clocks, and one outbox row for each target; whether it replaced an earlier record."""
    record, decision = filing.record, filing.decision
    if record.received_at is None:
        raise ValueError(f"case {record.reference} has no receipt: its clocks would run from nothing")
    values: dict[str, Any] = {
        "conversation_reference": record.conversation_reference,
        "state": record.state,
        "received_at": record.received_at,
        "first_told_at": record.first_told_at,
        "disposition": decision.get("disposition"),
        "handler": decision.get("handler"),
        "stage": decision.get("stage"),
        "acknowledge_by": day(decision.get("acknowledge_by")),
        "respond_by": day(decision.get("respond_by")),
        "policy_sha256": record.policy.sha256,
    }
    row = (record.organisation, record.reference, record.as_json(), at)
    mine = cases.c.conversation_id == conversation_id
    refiled = case_row.replace(conn, *row, mine, **values)
    if refiled and filing.amends:
        # Its decision stays, and so do the clocks, with whatever has become of them since.
        hand_over(conn, record.organisation, record.reference, filing.kind, targets, at)
        return True
    if refiled:
        its = (clocks.c.organisation == record.organisation, clocks.c.case_reference == record.reference)
        conn.execute(clocks.delete().where(*its))
    else:
        if _is_taken(conn, record, conversation_id):
            raise ReferenceTaken
        case_row.add(conn, *row, conversation_id=conversation_id, **values)
    if rows := filing.clock_rows():
        _CLOCKS.many(conn, rows)
    likeness.remember(conn, record, at)
    hand_over(conn, record.organisation, record.reference, filing.kind, targets, at)
    outgoing.put_letters(conn, record.organisation, record.reference, filing.letters, at)
    return refiled


def hand_over(
    conn: Connection, organisation: str, reference: str, kind: str, targets: tuple[str, ...], at: datetime
) -> None:
    """One outbox row for each target."""
    if targets:
        _HAND_OVER.many(conn, [_delivery(organisation, reference, kind, target, at) for target in targets])


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
    return _CASE_OF.first(conn, {"organisation": organisation, "reference": reference}) is not None


def _is_taken(conn: Connection, record: CaseRecord, conversation_id: str) -> bool:
    """Whether a new case's reference already names a case, or a conversation other than its own."""
    where = {
        "organisation": record.organisation,
        "reference": record.reference,
        "conversation_id": conversation_id,
    }
    return _CASE_OF.first(conn, where) is not None or _OTHER_OF.first(conn, where) is not None
