"""The case as it will be kept and handed over. The record is returned, never written: whoever called commits it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions import packs
from actions.slots import facts_of, instant_of
from cases.record import CaseRecord, Policy, record_fields
from policy_rules.decide import decide
from policy_rules.decision import Decision, Needs
from policy_rules.errors import BadInstant


class FileCase(Action):
    """Slots of the draft -> `case_record`, the CaseRecord as JSON.

    Needs organisation, reference, received_at (RFC 3339 with an offset) and facts or a slot for each fact. Open
    facts take the pack's defaults and are listed in `assumed`.
    """

    def name(self) -> str:
        return "action_file_case"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        slots = tracker.slots
        received_at = instant_of(slots, "received_at")
        compiled = packs.pack(slots["organisation"], received_at)
        if received_at is None:
            raise BadInstant("A case needs the time of its receipt.", where="received_at")
        facts = facts_of(compiled, slots)
        first_told_at = instant_of(slots, "first_told_at")
        decision = decide(
            compiled,
            facts,
            received_at,
            assume=True,
            first_told_at=first_told_at,
            original_received_at=instant_of(slots, "original_received_at"),
        )
        if isinstance(decision, Needs):
            raise LookupError(f"no default settles {', '.join(decision.needs)}")
        record = _record(slots, facts, decision, received_at, first_told_at)
        return [SlotSet("case_record", record.as_json())]


def _record(
    slots: dict[str, Any],
    facts: dict[str, str],
    decision: Decision,
    received_at: datetime,
    first_told_at: datetime | None,
) -> CaseRecord:
    reference = slots["reference"]
    return CaseRecord(
        organisation=decision.organisation,
        reference=reference,
        linked=list(slots.get("linked") or ()),
        escalated_from=slots.get("escalated_from"),
        conversation_reference=slots.get("conversation_reference") or reference,
        state=slots.get("state") or "filed",
        channel=facts.get("channel") or slots.get("channel"),
        received_at=received_at,
        first_told_at=first_told_at or received_at,
        recorded_by=slots.get("recorded_by"),
        language=slots.get("language") or "en",
        assumed=list(decision.assumed),
        flags=list(slots.get("flags") or ()),
        decision=decision.as_json(),
        policy=Policy(version=decision.policy_version, sha256=decision.policy_sha256),
        calendar_version=decision.calendar_version,
        privacy_notice_version=slots.get("privacy_version"),
        filed_at=instant_of(slots, "filed_at") or received_at,
        **record_fields(facts, slots.get("answers") or {}),
    )
