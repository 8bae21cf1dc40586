"""Messages that a button or a program sends: `/SetSlots(a=x, b=null)`, `/intent{"slot": "v"}` and bare `/skip`.

A text that has the shape of a payload is never taken for an answer: what cannot be read is `bad_payload`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from bot.messages import Aside, Command

_SHAPE = re.compile(r"/([A-Za-z_]\w*)\s*([({].*)?", re.DOTALL)
_SET_SLOTS = re.compile(r"\((.*)\)", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_][\w.-]*")

# Rasa's own openers, and the intents that say nothing about what to do next: read, and nothing is done.
_NOTHING = frozenset(
    "session_start greet greeting start get_started hello goodbye thanks make_complaint enquiry compliment suggestion "
    "make_complaint_about_member_conduct complaint_about_study_centre dispute_exam_result on_behalf_of_someone "
    "make_it_anonymous_confidential abuse_insult distress_risk_of_harm staff_grievance data_protection_request "
    "legal_threat out_of_scope inform".split()
)
_COMMANDS = {command.value: command for command in Command} | {
    "dont_know_skip": Command.SKIP,
    "correct_previous_answer": Command.BACK,
    "speak_to_human": Command.HUMAN,
    "withdraw_cancel": Command.WITHDRAW,
    "save_and_come_back_later": Command.PAUSE,
    "submit": Command.SEND,
}
_ASIDES = {aside.value: aside for aside in Aside} | {
    "why": Aside.WHY_ASKED,
    "ask_why_needed": Aside.WHY_ASKED,
    "ask_deadline": Aside.DEADLINE,
    "ask_policy_process": Aside.PROCESS,
    "ask_status_of_my_complaint": Aside.STATUS,
}
_ANSWERS = {"affirm": "true", "deny": "false"}


@dataclass(frozen=True, slots=True)
class Payload:
    """What a payload asks for; `bad` says that it has the shape of one and cannot be read."""

    command: Command | None = None
    aside: Aside | None = None
    answer: str | None = None
    target: str | None = None
    slots: dict[str, str | None] = field(default_factory=dict)
    bad: bool = False


_BAD = Payload(bad=True)


def read_payload(text: str) -> Payload | None:
    """The payload that the whole message is, or None where it has not the shape of one."""
    stripped = text.strip()
    if not stripped.startswith("/"):
        return None
    match = _SHAPE.fullmatch(stripped)
    if match is None:
        # "/ I was told ..." is prose; "/SetSlots subject=x" is a payload that somebody mistyped.
        return _BAD if stripped.lower().startswith("/setslots") else None
    name, rest = match.group(1), match.group(2)
    if name.lower() == "setslots":
        return _set_slots(rest or "")
    return _intent(name, rest)


def _set_slots(rest: str) -> Payload:
    """`(a=x, b=null)`: names and values must be free of ( ) , and =, and no name may come twice."""
    match = _SET_SLOTS.fullmatch(rest.strip())
    if match is None:
        return _BAD
    slots: dict[str, str | None] = {}
    for pair in match.group(1).split(","):
        name, equals, value = (part.strip() for part in pair.partition("="))
        value = _unquoted(value)
        if not equals or not _NAME.fullmatch(name) or name in slots or not value or set(value) & set("()="):
            return _BAD
        slots[name] = None if value == "null" else value
    return Payload(slots=slots)


def _unquoted(value: str) -> str:
    quoted = len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if quoted else value


def _intent(name: str, rest: str | None) -> Payload:
    if rest is None:
        return _named(name, {})
    if rest.startswith("("):  # /change(contact_email)
        target = rest[1:-1].strip()
        known = name in _COMMANDS and rest.endswith(")") and _NAME.fullmatch(target)
        return Payload(command=_COMMANDS[name], target=target) if known else _BAD
    try:
        entities = json.loads(rest)
    except (ValueError, RecursionError):
        return _BAD
    slots: dict[str, str | None] = {}
    for key, value in entities.items():
        if isinstance(value, bool):
            slots[key] = "true" if value else "false"
        elif value is None or isinstance(value, str):
            slots[key] = value
        elif isinstance(value, int | float):
            slots[key] = str(value)
        else:
            return _BAD
    return _named(name, slots)


def _named(name: str, slots: dict[str, str | None]) -> Payload:
    """An intent by name. Slots beside an unknown name still count: that is what Rasa's buttons send."""
    if name in _COMMANDS:
        target = slots.pop("target", None)
        return Payload(command=_COMMANDS[name], target=target, slots=slots)
    if name in _ASIDES:
        return Payload(aside=_ASIDES[name], slots=slots)
    if name in _ANSWERS:
        return Payload(answer=_ANSWERS[name], slots=slots)
    return Payload(slots=slots) if slots or name in _NOTHING else _BAD
