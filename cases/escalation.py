"""An answered case is taken further: what is known for the next stage, and how the two cases name each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from cases import audit, case_row, events
from cases.filing import hand_over
from cases.models import cases
from cases.record import CaseRecord
from policy_rules.compiled import CompiledPack
from policy_rules.deadlines import local_date

LINKED = "case.updated"
# Longer than any policy has stages.
_LONGEST_CHAIN = 8
_ANSWERED = ("responded", "resolved")
# Who answers under a handler's name, the more exact first; the words are those of the packs.
_ROLES = (
    ("chief executive", "chief_executive"),
    ("chair", "chair"),
    ("managing director", "md"),
    ("(md)", "md"),
    ("director", "director"),
    ("manager", "manager"),
)
# What of an earlier case is not so for the next stage.
_OF_ITS_STAGE = ("stage_reached", "previous_response_at", "previous_response_by", "channel")


@dataclass(frozen=True, slots=True)
class NextStep:
    """What is known for the next stage of a case; None where the person has to say. Dates are local, ISO.

    `original_received_at` is when the first case of the matter was received: some policies count an overall time.
    """

    stage_reached: str
    previous_response_at: str | None
    previous_response_by: str | None
    original_received_at: datetime | None


def next_step(
    record: CaseRecord, past: list[dict[str, Any]], original: datetime | None, compiled: CompiledPack
) -> NextStep:
    """From the case as it stands and its events; the newest answer counts."""
    answers = [event for event in past if event["kind"] in _ANSWERED or _closed_with_answer(event)]
    at = None
    if answers:
        moment = datetime.fromisoformat(answers[-1]["at"])
        at = local_date(moment, compiled.calendar).isoformat()
    return NextStep(stage_after(record, compiled), at, _answered_by(record), original or record.received_at)


def stage_after(record: CaseRecord, compiled: CompiledPack) -> str:
    """The fact stage_reached once this case was answered: one with no internal step left counts as final."""
    stage = str((record.decision or {}).get("stage") or "")
    values = compiled.accepted.get("stage_reached") or ()
    return stage if stage in ("stage_1", "stage_2") and stage in values else "final"


def seed(record: CaseRecord) -> dict[str, str]:
    """What the next stage need not ask again: who complains, for whom, about what, and how to reach them."""
    facts = {name: _text(value) for name, value in record.facts.items() if name not in _OF_ITS_STAGE}
    if record.representation.consent == "given":
        facts["representative_basis"] = "consent"
    person, their = record.complainant, record.representation
    answers = {
        "complainant_name": person.name,
        "preferred_contact": person.preferred_contact,
        "contact_email": person.email,
        "contact_phone": person.phone,
        "contact_post": person.post,
        "member_number": person.member_number,
        "representative_name": their.representative_name,
        "happened_on": record.happened_on,
        "about_whom": record.about_whom,
        "centre_name": record.centre_name,
        "qualification": record.qualification,
        "adjustments": record.adjustments,
    }
    return {**facts, **{name: value for name, value in answers.items() if value}}


def original_received_at(conn: Connection, record: CaseRecord) -> datetime | None:
    """When the first case of the matter was received."""
    for _ in range(_LONGEST_CHAIN):
        if record.escalated_from is None:
            break
        earlier = _find(conn, record.organisation, record.escalated_from)
        if earlier is None:
            break
        record = earlier
    return record.received_at


def link_back(conn: Connection, record: CaseRecord, targets: tuple[str, ...], at: datetime) -> None:
    """Let the earlier case name this one; one that was erased meanwhile names nothing."""
    if record.escalated_from is None:
        return
    if _find(conn, record.organisation, record.escalated_from) is None:
        return
    case = events.lock(conn, record.organisation, record.escalated_from)
    earlier = CaseRecord.model_validate(case.record)
    if record.reference in earlier.linked:
        return
    kept = earlier.model_copy(update={"linked": [*earlier.linked, record.reference]}).as_json()
    case_row.replace(conn, case.organisation, case.reference, kept, at)
    hand_over(conn, case.organisation, case.reference, LINKED, targets, at)
    digest = audit.digest_of(kept, case.conversation_id)
    entries = [
        audit.Event(action, case.reference, "complainant", digest) for action in (audit.REPLACED, LINKED)
    ]
    audit.append(conn, case.organisation, at, entries)


def _closed_with_answer(event: Mapping[str, Any]) -> bool:
    closing = (event.get("data") or {}).get("closing") or {}
    return event["kind"] == "closed" and closing.get("outcome") in (
        "upheld",
        "partly_upheld",
        "not_upheld",
        "resolved",
    )


def _answered_by(record: CaseRecord) -> str | None:
    handler = str((record.decision or {}).get("handler") or "").casefold()
    return next((role for words, role in _ROLES if words in handler), None)


def _find(conn: Connection, organisation: str, reference: str) -> CaseRecord | None:
    here = (cases.c.organisation == organisation, cases.c.reference == reference)
    found = conn.execute(sa.select(cases.c.record).where(*here)).scalar()
    return None if found is None else CaseRecord.model_validate(found)


def _text(value: Any) -> str:
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)
