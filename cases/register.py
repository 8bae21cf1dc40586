"""The register: every conversation that has a reference, and every case, for people and for other systems."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from cases.conversations import transcript
from cases.files import listed, of_conversation
from cases.models import cases, conversations
from cases.record import CaseRecord, record_fields
from cases.references import UnknownReference
from cases.restricted import marked
from policy_rules.facts import VOCABULARY

_COMMON = (
    conversations.c.organisation,
    conversations.c.reference.label("conversation_reference"),
    conversations.c.state.label("conversation_state"),
    conversations.c.channel,
    conversations.c.recorded_by,
    conversations.c.first_told_at.label("told_at"),
    conversations.c.created_at.label("opened_at"),
    conversations.c.updated_at,
)
_BOTH = conversations.outerjoin(
    cases,
    sa.and_(
        cases.c.organisation == conversations.c.organisation, cases.c.conversation_id == conversations.c.id
    ),
)
_LIST: sa.Select[Any] = (
    sa.select(
        *_COMMON,
        *(
            cases.c[name]
            for name in "reference state received_at disposition handler stage acknowledge_by respond_by".split()
        ),
        cases.c.restricted,
    )
    .select_from(_BOTH)
    .order_by(
        conversations.c.created_at, conversations.c.organisation, conversations.c.reference, cases.c.reference
    )
)


def list_cases(conn: Connection) -> list[dict[str, Any]]:
    """One dict for each case, and one for each conversation that has made none, oldest first; values are JSON.

    A conversation that made cases is there through them: its first case has its reference.
    """
    rows = list(conn.execute(_LIST))
    linked: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row.reference is not None:
            linked.setdefault((row.organisation, row.conversation_reference), []).append(row.reference)
    return [_summary(row, linked.get((row.organisation, row.conversation_reference), [])) for row in rows]


def show(conn: Connection, reference: str) -> dict[str, Any]:
    """The case record under this reference, with `messages`: [{seq, role, text, at}], text verbatim.

    A conversation without a case gives the same keys, filled with what is known. Raises UnknownReference.
    """
    filed = sa.select(cases).where(cases.c.reference == reference)
    if (case := conn.execute(filed).first()) is not None:
        return _with_messages(conn, case.record, case.organisation, case.conversation_id)
    unfiled = sa.select(conversations).where(conversations.c.reference == reference)
    if (row := conn.execute(unfiled).first()) is not None:
        return _with_messages(conn, draft_record(conn, row), row.organisation, row.id)
    raise UnknownReference(f"There is no conversation or case {reference[:60]}.", where="reference")


def filed_record(conn: Connection, organisation: str, reference: str) -> dict[str, Any] | None:
    """The record of a case as it stands; None when there is no such case."""
    here = (cases.c.organisation == organisation, cases.c.reference == reference)
    found = conn.execute(sa.select(cases.c.record).where(*here)).scalar()
    return None if found is None else dict(found)


def draft_record(conn: Connection, row: Row[Any]) -> dict[str, Any]:
    """What a conversations row, and the files that were sent with it, tell of a case that is not filed (yet).

    The row's `data` may hold `answers`, facts among them, and any other field of CaseRecord under its own name.
    """
    data = row.data
    answers = data.get("answers") or {}
    facts = {name: value for name, value in answers.items() if name in VOCABULARY and value is not None}
    fields = record_fields(facts, {name: v for name, v in answers.items() if name not in VOCABULARY})
    fields |= {
        name: value for name, value in data.items() if name in CaseRecord.model_fields and name not in fields
    }
    fields |= {
        "organisation": row.organisation,
        "reference": row.reference,
        "conversation_reference": row.reference,
        "state": row.state,
        "channel": row.channel,
        "first_told_at": row.first_told_at,
        "recorded_by": row.recorded_by,
        "privacy_notice_version": row.privacy_version,
    }
    files = of_conversation(conn, row.organisation, row.id)
    return marked(listed(CaseRecord.model_validate(fields), files)).as_json()


def _summary(row: Row[Any], references: Iterable[str]) -> dict[str, Any]:
    reference = row.reference or row.conversation_reference
    return {
        "organisation": row.organisation,
        "reference": reference,
        "conversation_reference": row.conversation_reference,
        "linked": [other for other in references if other != reference],
        "state": row.state or row.conversation_state,
        "channel": row.channel,
        "recorded_by": row.recorded_by,
        "received_at": _text(row.received_at),
        "first_told_at": _text(row.told_at),
        "disposition": row.disposition,
        "handler": row.handler,
        "stage": row.stage,
        "acknowledge_by": _text(row.acknowledge_by),
        "respond_by": _text(row.respond_by),
        "restricted": bool(row.restricted),
        "created_at": _text(row.opened_at),
        "updated_at": _text(row.updated_at),
    }


def _with_messages(
    conn: Connection, record: dict[str, Any], organisation: str, conversation_id: str
) -> dict[str, Any]:
    said = [
        {"seq": message.seq, "role": message.role, "text": message.text, "at": _text(message.at)}
        for message in transcript(conn, organisation, conversation_id)
    ]
    return {**record, "messages": said}


def _text(value: Any) -> str | None:
    return None if value is None else str(value.isoformat())
