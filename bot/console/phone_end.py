"""What is read out once a complaint is written down: its reference, the promised days, who deals with it, the tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.console.phone_draft import Sitting
from bot.console.phone_words import spaced, spelled_reference
from cases import conversations, logged, outgoing, register

TITLES = {
    "filed": "The complaint is logged",
    "informal": "It is passed on",
    "signposted": "It is recorded, and nothing was sent",
    "withdrawn": "It is withdrawn",
}
_BY = {
    outgoing.TO_PERSON: "It goes out by e-mail by itself.",
    outgoing.TO_STAFF: "The letter goes to whoever handles the case, to be printed and handed over.",
}


@dataclass(frozen=True, slots=True)
class Task:
    """Something that the organisation owes: what, by when in words ("" where no day is set), and how it is done."""

    what: str
    by: str
    how: str = ""


@dataclass(frozen=True, slots=True)
class Ending:
    """The page. `read_out` are sentences for the caller; `linked` are cases that were made beside it."""

    state: str
    title: str
    reference: str
    spaced: str
    spelled: list[str]
    handler: str | None = None
    read_out: list[str] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    linked: list[tuple[str, str]] = field(default_factory=list)
    caller: str = ""


async def ending_of(sitting: Sitting) -> Ending:
    """How it ended, from the reply that ended it and from the case that was kept."""
    found, texts = await _outcome(sitting)
    state = sitting.draft.state
    decision: Mapping[str, Any] = found.get("decision") or {}
    linked = [(str(one["reference"]), spaced(str(one["reference"]))) for one in found.get("linked", [])]
    answers = sitting.draft.answers
    return Ending(
        state=state,
        title=TITLES.get(state, "It is written down"),
        reference=sitting.reference,
        spaced=spaced(sitting.reference),
        spelled=spelled_reference(sitting.reference),
        handler=decision.get("handler"),
        read_out=[line for text in texts for line in text.split("\n") if line],
        tasks=await _tasks(sitting, decision),
        linked=linked,
        caller=answers.get("representative_name") or answers.get("complainant_name") or "",
    )


async def _outcome(sitting: Sitting) -> tuple[Mapping[str, Any], list[str]]:
    """The outcome as it was said, and its texts."""
    here = (sitting.organisation, sitting.reference)

    def said(conn: Any) -> list[conversations.StoredMessage]:
        found = logged.written_down(conn, *here).conversation
        return conversations.messages_after(conn, sitting.organisation, found.id, 0)

    for message in reversed(await sitting.desk.store.read(said)):
        for entry in message.entries or []:
            ended = entry.get("custom", {}).get("outcome")
            if ended is not None:
                texts = [e["text"] for e in message.entries or [] if e.get("text")]
                return ended, texts[-ended["covers"] :] if ended.get("covers") else texts
    return {}, []


async def _tasks(sitting: Sitting, decision: Mapping[str, Any]) -> list[Task]:
    """The duties that come with the case, first the written record of what was said."""
    duties = decision.get("duties") or []
    if sitting.draft.state != "filed" or not duties:
        return []
    reference, words = sitting.reference, sitting.context.words
    record = await sitting.desk.store.read(
        lambda conn: register.filed_record(conn, sitting.organisation, reference)
    )
    way = dict(sitting.desk.letters(record)).get(f"{outgoing.LETTER}written_record") if record else None
    found: list[Task] = []
    for duty in duties:
        due = words.date(duty["due"]) if duty.get("due") else ""
        if duty["kind"] == "written_record":
            how = _BY.get(way or "", "Nothing goes out by itself: ask whoever handles the case to send it.")
            if not _has_address(record):
                how = "No e-mail or postal address was given: agree with the caller how they get it."
            found.insert(0, Task(_NAMES[duty["kind"]], due, how))
        else:
            found.append(Task(_NAMES.get(duty["kind"], duty["kind"].replace("_", " ").capitalize()), due))
    return found


def _has_address(record: Mapping[str, Any] | None) -> bool:
    person = (record or {}).get("complainant") or {}
    return bool(person.get("email") or person.get("post"))


_NAMES = {
    "written_record": "Send the caller a written record of what they said",
    "confirm_in_writing": "Ask the caller to confirm it in writing",
    "obtain_consent": "Obtain the agreement of the person it is for",
    "keep_informed": "Keep the caller informed",
    "agree_timescale": "Agree a timescale with the caller",
    "inform_of_results": "Tell the caller the results",
    "prevent_recurrence": "See what keeps it from happening again",
    "inform_board": "Inform the board",
    "consult_directors": "Consult the directors",
    "call_back": "Call the caller back",
    "record_representative": "Record who speaks for them",
    "keep_confidential": "Keep it confidential",
    "choose_stage": "Choose the stage with the caller",
    "give_explanation": "Give an explanation",
    "give_timescale": "Give the caller a timescale",
    "learn_from_complaint": "Learn from the complaint",
}
