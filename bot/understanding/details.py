"""Details that a story gives outright: addresses, numbers, a name, and the dates of the events it tells of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from bot.messages import Proposal
from bot.understanding.spans import (
    Span,
    date_places,
    day_at,
    find_emails,
    find_member_number,
    find_name,
    find_phones,
    local_day,
)

# A date is proposed only where the words before it, in the same clause, say what happened on it.
_NEAR = 70
_HAPPENED = re.compile(
    r"\b(?:happened|occurred|took place|the incident|it was|this was|attended"
    r"|sat (?:my|the|an?|her|his)\b[\w ]{0,25}exam"
    r"|(?:course|exam|class|session|workshop|event|assessment|visit|meeting|lesson|conference)(?: \w+){0,4}"
    r"|(?:was|were) (?:cancelled|injured|assaulted|charged|rude|shouted at|refused|attacked))"
    r"(?: \w+){0,3}? ?(?:on|this|,)? ?$",
    re.IGNORECASE,
)
_ANSWERED = re.compile(
    r"\b(?:reply|response|answer|answered|replied|responded|wrote back|final letter|decision letter|outcome letter)"
    r"(?: \w+){0,4}? (?:on|of|dated|came|arrived|reached me(?: on)?|received(?: on)?)(?: \w+day,?)? $",
    re.IGNORECASE,
)
_JOINT = re.compile(r"\s*(?:or|and|to|until|till|through|-|–|/|,)(?: (?:on|the|maybe))*\s*")
_CLAUSE_END = re.compile(r"[.!?;](?=\s)|\n|\b(?:but|and|because)\b")


# "Write to me at ..." gives an address; "I wrote to ..." does not: it may well be the organisation's.
_OWN = re.compile(r"\b(?:my|me|mine|i am|i'm|us)\b(?!.*\b(?:my|me|mine|us)\b)", re.IGNORECASE)
_LABEL = re.compile(r"\b(?:e-?mail|tel|phone|mobile|mob|telephone)\b", re.IGNORECASE)
_THEIRS = re.compile(
    r"\b(?:from|his|her|their|your|the|e-?mailed|wrote|written|rang|called|phoned|texted|sent|contacted|tried|replied)\b",
    re.IGNORECASE,
)


def find_details(text: str, now: datetime) -> dict[str, Proposal]:
    """By question id. Two addresses, or two days, give none: which of them was meant is not ours to say."""
    happened, answered = _dates(text, now)
    found = {
        "contact_email": [span for span in find_emails(text) if _own(text, span)],
        "contact_phone": [span for span in find_phones(text) if _own(text, span)],
        "happened_on": happened,
        "previous_response_at": answered,
        "member_number": [span for span in (find_member_number(text),) if span],
        "complainant_name": [span for span in (find_name(text),) if span],
    }
    return {
        name: Proposal(spans[0].value, spans[0].start, spans[0].end)
        for name, spans in found.items()
        if len({span.value for span in spans}) == 1
    }


def _dates(text: str, now: datetime) -> tuple[list[Span], list[Span]]:
    """Days on which it happened, and on which an answer came."""
    today = local_day(now).isoformat()
    happened: list[Span] = []
    answered: list[Span] = []
    places = date_places(text)
    for place in places:
        lead = _clause_before(text, place.start)
        told = answered if _ANSWERED.search(lead) else happened if _HAPPENED.search(lead) else None
        if told is None or any(_joined(text, place, other) for other in places):
            continue
        day = day_at(text, place, now)
        if day is not None and day.value <= today:
            told.append(day)
    return happened, answered


def _own(text: str, span: Span) -> bool:
    """Whether the words before an address or a number say that it is the writer's, or it has a line to itself."""
    line_start = text.rfind("\n", 0, span.start) + 1
    line_end = text.find("\n", span.end)
    line = text[line_start : span.start] + text[span.end : line_end if line_end >= 0 else len(text)]
    if "\n" in text and not re.search(
        r"\w{2}", re.sub(r"(?i)\b(?:e-?mail|tel|phone|mobile|mob|telephone)\b", "", line)
    ):
        return True
    lead = re.split(r"[.!?;](?=\s)|\n", text[max(0, span.start - _NEAR) : span.start])[-1]
    own = _OWN.search(lead)
    return own is not None and not _THEIRS.search(lead, own.end())


def _joined(text: str, one: Span, other: Span) -> bool:
    """Whether the two are one statement, "12 or 14 March", so that neither is the day."""
    between = text[min(one.end, other.end) : max(one.start, other.start)]
    return one is not other and bool(_JOINT.fullmatch(between))


def _clause_before(text: str, start: int) -> str:
    lead = text[max(0, start - _NEAR) : start]
    ends: Iterator[re.Match[str]] = _CLAUSE_END.finditer(lead)
    return lead[max((match.end() for match in ends), default=0) :]
