"""Whether answers may stand: each against the vocabulary, the pack and its question."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions import packs
from actions.slots import instant_of
from policy_rules.compiled import CompiledPack
from policy_rules.decide import parse_facts
from policy_rules.errors import Refusal, UnknownFact, UnknownValue, unknown
from policy_rules.questions import Question

# Enough to see that something else was meant; the reader is stricter with what people type.
_SHAPES = {
    "email": (re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"), "An e-mail address looks like name@example.org."),
    "phone": (re.compile(r"\+?[\d\s()./-]{6,}( ?(x|ext\.?) ?\d+)?"), "A phone number is made of digits."),
}


def validate(compiled: CompiledPack, name: str, value: str | None) -> str | None:
    """The answer as it is kept; None clears it. Refusal says what is allowed and the nearest right thing."""
    questions = packs.questions(compiled)
    question = questions.get(name)
    if question is None or name == "facts":
        raise unknown(UnknownFact, "question", name, questions.ids(), name)
    if value is None:
        return None
    if name in compiled.accepted:
        return parse_facts(compiled, {name: value}, "slots").get(name)
    return _of_kind(question, value)


def _of_kind(question: Question, value: str) -> str:
    allowed = ("true", "false") if question.kind in ("yes_no", "confirm") else question.values
    if allowed and value not in allowed:
        raise unknown(UnknownValue, f"answer to {question.id}", value, allowed, question.id)
    if question.kind in _SHAPES and not _SHAPES[question.kind][0].fullmatch(value.strip()):
        raise UnknownValue(_SHAPES[question.kind][1], where=question.id, found=value[:60])
    if question.kind == "date":
        try:
            return date.fromisoformat(value).isoformat()
        except ValueError:
            raise UnknownValue(
                f"'{value[:40]}' is no date. Give a date like 2026-11-30.",
                where=question.id,
                found=value[:40],
            ) from None
    return value


class ValidateAnswers(Action):
    """Slot `candidates` {id: text or null} -> `accepted` {id: kept} and `rejected` {id: problem}."""

    def name(self) -> str:
        return "action_validate_answers"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        compiled = packs.pack(tracker.slots["organisation"], instant_of(tracker.slots, "received_at"))
        accepted: dict[str, str | None] = {}
        rejected: dict[str, Any] = {}
        for name, value in (tracker.slots.get("candidates") or {}).items():
            try:
                accepted[name] = validate(compiled, name, value)
            except Refusal as refusal:
                rejected[name] = refusal.problem()
        return [SlotSet("accepted", accepted), SlotSet("rejected", rejected)]
