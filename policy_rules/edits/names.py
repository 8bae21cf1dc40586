"""What people read for the words of a pack: facts, values, kinds, events, units."""

from __future__ import annotations

from policy_rules.facts import BOOLEAN
from policy_rules.words import plain, value_phrase

DISPOSITIONS = {
    "accept": "Answered by us",
    "signpost": "Sent elsewhere",
    "accept_and_signpost": "Answered, and another door shown",
    "refer_internal": "Passed on inside",
    "close_no_further_action": "Closed",
}
STAGES = {
    "single": "Only stage", "stage_1": "Stage 1", "stage_2": "Stage 2", "stage_3": "Stage 3", "final": "Final stage",
    "appeal": "Appeal",
}  # fmt: skip
UNITS = {
    "working_day": "working days", "calendar_day": "calendar days", "week": "weeks", "month": "months", "hour": "hours",
}  # fmt: skip
FORCES = {
    "must": "must: it is owed",
    "will": "will: it is promised",
    "should": "should",
    "aims": "aims to",
    "where_possible": "where possible",
    "normally": "normally",
}
EVENTS = {
    "received": "the day it is received",
    "original_received": "the day the first complaint was received",
    "first_told": "the day it was first told",
    "stage_began": "the day this stage began",
    "response_received": "the day our answer reached the person",
    "response_dated": "the date on our answer",
    "acknowledged": "the day we acknowledged it",
    "transferred": "the day it was passed on",
    "resolved": "the day it was settled",
    "happened": "the day it happened",
    "known_about": "the day the person knew of it",
}
KINDS = {
    "acknowledge": "Acknowledge it",
    "respond": "Answer it",
    "resolve_aim": "Aim to settle it",
    "written_record": "Send a written record",
    "inform_of_action": "Tell what will be done",
    "escalate": "The person's time to go further",
    "bring_complaint": "The person's time to complain",
    "early_resolution": "Settle it early",
}
WARNINGS = {
    "outside_window": "It came after the last day",
    "stale_contact": "An address may be out of date",
    "conflict": "Conflict of interest",
    "review_overdue": "The policy is past its review date",
}
FIRST_DAYS = {"next": "the next day", "same": "the same day"}
WHO = {"organisation": "the organisation", "complainant": "the person who complains"}
ASKED_OF = {"complainant": "The person who complains", "staff": "Staff", "derived": "Nobody: it is known"}
MONTH_ENDS = {"last_day": "its own last day", "next_day": "the day after its last day"}
NATIONS = {
    "england": "England", "wales": "Wales", "scotland": "Scotland", "northern_ireland": "Northern Ireland",
}  # fmt: skip
QUESTION_KINDS = {
    "text": "Words", "choice": "A choice", "yes_no": "Yes or no", "date": "A date", "email": "An e-mail address",
    "phone": "A phone number",
}  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
FACTS = {
    "nature": "What it is",
    "complainant_type": "Who complains",
    "subject": "What it is about",
    "channel": "How it came",
    "on_behalf_of": "For whom",
    "representative_basis": "With what right",
    "centre_procedure_exhausted": "Study centre has answered",
    "serious": "Serious",
    "needs_investigation": "Needs looking into",
    "under_disciplinary_scheme": "Under the disciplinary scheme",
    "apprenticeship": "An apprenticeship",
    "stage_reached": "Stage reached before",
    "confidentiality": "Confidentiality",
    "previous_response_at": "Answered before, on which day",
    "previous_response_by": "Answered before, by whom",
    "nation": "Nation",
}
SECTIONS = {
    "routes": "Who deals with it",
    "clocks": "Times",
    "silent": "Said to have no time",
    "escalations": "Who is next",
    "duties": "What must be done",
    "warnings": "Warnings",
    "facts": "Facts and questions",
    "questions": "Words of questions",
    "contacts": "Contacts",
    "readings": "Readings",
    "impossible": "What cannot be",
    "properties": "What must always hold",
    "examples": "Worked examples",
}
ONE_OF = {
    "routes": "rule", "clocks": "time", "silent": "silence", "escalations": "next step", "duties": "duty",
    "warnings": "warning", "facts": "fact", "questions": "question", "contacts": "contact", "readings": "reading",
    "impossible": "impossible combination", "properties": "statement", "examples": "example", "officers": "officer",
    "organisation": "name", "source": "source document", "calendar": "calendar", "hours": "hours",
    "ask_order": "order of questions",
}  # fmt: skip


def title(name: str) -> str:
    """A name of a pack's author as words: `study_centre_first` is Study centre first."""
    text = plain(name).strip()
    return text[:1].upper() + text[1:]


def fact_name(name: str) -> str:
    return FACTS.get(name, title(name))


def value_name(fact: str, value: str) -> str:
    """A value of a fact as a choice: Study centre, Yes, Before any answer."""
    if value in BOOLEAN:
        return "Yes" if value == "true" else "No"
    words = value_phrase(fact, value)
    if words is None:
        return title(value)
    for article in ("a ", "an ", "the "):
        if words.startswith(article):
            words = words[len(article) :]
    return words[:1].upper() + words[1:]


def kind_name(kind: str) -> str:
    return KINDS.get(kind, title(kind))
