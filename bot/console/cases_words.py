"""Cases in words for staff: days, clocks, events, and where each fact is from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/London")

PROGRESS = {
    "received": "Received",
    "acknowledged": "Acknowledged",
    "responded": "Answered",
    "closed": "Closed",
}
STATES = {
    "filed": "Sent as a complaint",
    "signposted": "Sent elsewhere",
    "informal": "Informal",
    "withdrawn": "Withdrawn",
    "abandoned": "Not finished",
}
CLOCKS = {
    "acknowledge": "Acknowledge it",
    "respond": "Answer it",
    "written_record": "Send the written record",
    "resolve_aim": "Resolve it",
    "inform_of_action": "Say what is done about it",
    "escalate": "Take it further",
    "statutory_acknowledge": "Acknowledge it, by data protection law",
}
CLOCK_STATES = {
    "running": ("Running", ""),
    "met": ("Kept", "good"),
    "missed": ("Missed", "bad"),
    "paused": ("Standing still", "warn"),
    "stopped": ("No longer owed", ""),
}
SPEAKERS = {
    "complainant": "The person",
    "assistant": "The interview",
    "staff": "Staff",
    "system": "Noted",
}
EVENTS = {
    "acknowledged": "Acknowledged",
    "recorded": "Written record sent",
    "responded": "Answered",
    "resolved": "Resolved",
    "fulfilled": "A promise was kept",
    "closed": "Closed",
    "reopened": "Reopened",
    "paused": "Clocks stopped",
    "resumed": "Clocks run again",
    "extended": "More time taken",
    "rerouted": "Sent to somebody else",
    "redated": "Days counted again",
    "missed": "A promise was missed",
}
FACTS = {
    "nature": "What it is",
    "complainant_type": "Who complains",
    "subject": "What it is about",
    "channel": "How it came",
    "on_behalf_of": "For whom",
    "representative_basis": "With what right",
    "centre_procedure_exhausted": "Study centre's own procedure is over",
    "serious": "Serious",
    "needs_investigation": "Needs an investigation",
    "under_disciplinary_scheme": "Under the disciplinary scheme",
    "apprenticeship": "An apprenticeship",
    "stage_reached": "Stage reached before",
    "confidentiality": "Confidentiality",
    "previous_response_at": "Answered before on",
    "previous_response_by": "Answered before by",
    "nation": "Nation",
}
# How the interview came to an answer (bot.dialogue.draft.How).
SOURCES = {
    "confirmed": ("Confirmed", "The person confirmed what we understood."),
    "chosen": ("Chosen", "The person chose it."),
    "said": ("Said", "In the person's own words."),
    "proposed": ("Understood", "Read from their words; they have not confirmed it."),
}
ASSUMED = ("Assumed", "Nobody said; the policy's default was taken.")
STAFF = ("Staff", "Set by staff when the case was sent to somebody else.")
RECORDED = ("Recorded", "Known from how it came, or noted with it.")
RESTRICTED = {
    "member_conduct": "it is about a member's conduct",
    "disciplinary_scheme": "it is under the disciplinary scheme",
    "about_director": "it is about a director",
    "confidentiality": "confidentiality was asked for",
    "special_category": "it tells of something that the law protects specially",
    "risk_of_harm": "somebody may be at risk",
    "told_together": "it was told together with a case that is restricted",
}
FORCE = {
    "will": "Promised",
    "must": "Must",
    "shall": "Must",
    "should": "Should",
    "aims": "Aim",
    "normally": "Normally",
    "where_possible": "Where possible",
}
SCANS = {
    "clean": "Checked",
    "unscanned": "No scanner looked",
    "infected": "Kept apart: a scanner found something",
}
DELIVERIES = {
    "pending": ("Waiting", "warn"),
    "leased": ("Under way", "warn"),
    "delivered": ("Arrived", "good"),
    "dead": ("Given up", "bad"),
}

RETRIED = {
    "retry": "It is tried again now. Load this page again in a minute to see how it went.",
    "retried": "It had arrived already, or is under way.",
}


def plain(name: str) -> str:
    """A name of the program's as words."""
    return name.replace("_", " ").replace(".", ": ").strip().capitalize()


def today_of(now: datetime) -> date:
    """The local day."""
    return now.astimezone(ZONE).date()


def day(value: date | str | None) -> str:
    """A day as it is written here: Tue 24 November 2026; "" for none."""
    if value is None:
        return ""
    found = date.fromisoformat(value) if isinstance(value, str) else value
    return f"{found:%a} {found.day} {found:%B %Y}"


def apart(due: date, today: date) -> str:
    """How far a day is from today: today, tomorrow, in 3 days, 2 days late."""
    days = (due - today).days
    if days < 0:
        return f"{-days} day{'s' if days < -1 else ''} late"
    return {0: "today", 1: "tomorrow"}.get(days, f"in {days} days")


def instant(value: datetime | str | None) -> datetime | None:
    """An instant that was read as text."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def clock_name(kind: str) -> str:
    """What a clock asks for."""
    return CLOCKS.get(kind) or plain(kind)


def source_of(fact: str, assumed: list[str], by_staff: set[str], how: Mapping[str, Any]) -> tuple[str, str]:
    """Where a fact is from: a word, and a sentence."""
    if fact in by_staff:
        return STAFF
    if fact in assumed:
        return ASSUMED
    return SOURCES.get(str(how.get(fact)), RECORDED)
