"""Turns, decisions and records to test with: everything has a value, a test names only what it is about."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from cases.conversations import CommittedTurn, TurnWrite, commit_turn
from cases.record import CaseFiling, CaseRecord
from cases.store import Store

NOW = datetime(2026, 12, 24, 16, 45, tzinfo=UTC)
REFERENCE = "CQM-0000-0000-0"


def a_turn(**changes: Any) -> TurnWrite:
    values: dict[str, Any] = {
        "organisation": "cqm",
        "conversation_id": "c1",
        "key_hash": "k" * 64,
        "reference": REFERENCE,
        "expected_version": 0,
        "state": "draft",
        "channel": "chat",
        "recorded_by": None,
        "data": {"answers": {}, "facts": {}},
        "privacy_version": "1",
        "first_told_at": None,
        "message_id": "m1",
        "said": "My tutor lost my work.",
        "said_role": "complainant",
        "reply_text": "When did that happen?",
        "entries": [{"text": "When did that happen?"}],
        "at": NOW,
    }
    return TurnWrite(**{**values, **changes})


def a_decision(**changes: Any) -> dict[str, Any]:
    clock = {
        "kind": "acknowledge",
        "by": "organisation",
        "due": "2026-12-30",
        "amount": 2,
        "unit": "working_day",
        "from": "received",
        "first_day": "next",
        "force": "will",
        "clause": "Stage 1",
    }
    escalate = {
        **clock,
        "kind": "escalate",
        "by": "complainant",
        "due": None,
        "unit": "calendar_day",
        "amount": 10,
    }
    values: dict[str, Any] = {
        "organisation": "cqm",
        "settled": True,
        "disposition": "accept",
        "handler": "Centre manager",
        "stage": "stage_1",
        "stage_name": "Stage 1",
        "acknowledge_by": "2026-12-30",
        "respond_by": "2027-01-26",
        "clocks": [clock, {**clock, "kind": "respond", "due": "2027-01-26", "amount": 20}, escalate],
        "duties": [{"kind": "written_record", "due": "2026-12-30", "clause": "Stage 1"}],
    }
    return {**values, **changes}


def a_record(**changes: Any) -> CaseRecord:
    values: dict[str, Any] = {
        "organisation": "cqm",
        "reference": REFERENCE,
        "conversation_reference": REFERENCE,
        "state": "filed",
        "channel": "chat",
        "received_at": NOW,
        "first_told_at": NOW,
        "narrative": "My tutor lost my work.\nTwice — naïve of me to trust them.",
        "desired_remedy": "An apology",
        "complainant": {"name": "Ann Evans", "type": "learner", "email": "ann@example.org"},
        "facts": {"subject": "service"},
        "decision": a_decision(),
        "policy": {"version": "2024", "sha256": "ab" * 32},
        "filed_at": NOW,
    }
    return CaseRecord.model_validate({**values, **changes})


def a_filing(**changes: Any) -> CaseFiling:
    return CaseFiling(a_record(**changes))


def say(store: Store, **changes: Any) -> CommittedTurn:
    """Commit a turn."""
    turn = a_turn(**changes)
    return store.write_sync(lambda conn: commit_turn(conn, turn))


def file_a_case(store: Store, targets: tuple[str, ...] = ("folder",), **changes: Any) -> CommittedTurn:
    """A conversation of one turn that files a case at once; `changes` go to its record."""
    filing = a_filing(**changes)
    reference = filing.record.reference
    return say(
        store,
        conversation_id=f"c-{reference}",
        key_hash=f"k-{reference}",
        reference=reference,
        state="filed",
        cases=(filing,),
        targets=targets,
    )
