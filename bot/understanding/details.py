"""Details that a story gives outright: addresses, numbers, names, and the dates of the events it tells of."""

from __future__ import annotations

import re
from datetime import datetime

from bot.messages import Proposal
from bot.understanding.accused import find_accused, find_dealt_with
from bot.understanding.amounts import find_durations, find_sums
from bot.understanding.centres import find_centres
from bot.understanding.courses import find_qualifications
from bot.understanding.days import find_days, local_day
from bot.understanding.days.page import Day
from bot.understanding.gazetteer import Gazetteer, gazetteer
from bot.understanding.happenings import told_days
from bot.understanding.identifiers import find_member_number, find_references
from bot.understanding.people import find_own_names, find_represented
from bot.understanding.postal import find_own_address, find_postcodes
from bot.understanding.spans import Span, find_emails, find_phones
from bot.understanding.tokens import Tokens, tokens_of

_NEAR = 70  # characters before an address in which its owner is looked for
_MOST = 8  # of one kind of entity: a page of figures is not a page of prices
_FEWEST_LETTERS = 3  # of a name that an address may be known by
# "Write to me at ..." gives an address; "I wrote to ..." does not: it may well be the organisation's.
_OWN = re.compile(r"\b(?:my|me|mine|i am|i'm|us)\b(?!.*\b(?:my|me|mine|us)\b)", re.IGNORECASE)
_LABELS = r"(?:e-?mail|tel|phone|mobile|mob|telephone|contact)"
_LABEL = re.compile(rf"\b{_LABELS}\b", re.IGNORECASE)
# "Email: jane@..." or "mobile 07..." at the head of a clause is how people end a letter.
_LABELLED = re.compile(
    rf"(?:^|[,(;–-]|\b(?:and|or|on))\s*{_LABELS}(?:\s+(?:address|number|no|me))?\.?\s*(?:is|on|at)?\s*[:–-]?\s*$",
    re.IGNORECASE,
)
_THEIRS = re.compile(
    r"\b(?:from|his|her|their|your|the|e-?mailed|wrote|written|rang|called|phoned|texted|sent|contacted|tried|replied)\b",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?;](?=\s)|\n")


def find_details(text: str, now: datetime, organisation: str | None = None) -> dict[str, Proposal]:
    """By question id, and `represented_name`, the person whom somebody writes for if they do.

    `organisation` narrows the names of courses and centres to its own. Two addresses, two days or two people give none:
    which of them was meant is not ours to say.
    """
    tokens = tokens_of(text)
    book = gazetteer(organisation)
    happened, answered = _dates(tokens, now)
    people = _people(tokens)
    found = people | {
        "contact_email": _emails(text, tokens, book, people["complainant_name"]),
        "contact_phone": [span for span in find_phones(text, tokens=tokens) if _own(text, span)],
        "contact_post": _one(find_own_address(text, tokens=tokens, names=people["complainant_name"])),
        "happened_on": happened,
        "previous_response_at": answered,
        "member_number": _one(find_member_number(text, tokens=tokens)),
        "dealt_with_by": find_dealt_with(tokens),
    }
    known = list(book.find(tokens))
    found |= {"centre_name": find_centres(tokens, known), "qualification": find_qualifications(tokens, known)}
    return {
        name: Proposal(spans[0].value, spans[0].start, spans[0].end)
        for name, spans in found.items()
        if spans and len({span.value for span in spans}) == 1
    }


def find_entities(text: str, now: datetime) -> dict[str, list[Span]]:
    """Everything that is found in a text, by its kind, at most eight of each; whose it is, nobody says."""
    tokens = tokens_of(text)
    today = local_day(now)
    known = list(gazetteer().find(tokens))
    found = {
        "date": [_span(tokens, day) for day in find_days(tokens, today)],
        "email": find_emails(text, tokens=tokens),
        "phone": find_phones(text, tokens=tokens),
        "member_number": _one(find_member_number(text, tokens=tokens)),
        "case_reference": find_references(text),
        "name": find_own_names(tokens),
        "represented_name": find_represented(tokens),
        "about_whom": find_accused(tokens),
        "centre_name": find_centres(tokens, known),
        "qualification": find_qualifications(tokens, known),
        "postcode": find_postcodes(text),
        "address": _one(find_own_address(text, tokens=tokens)),
        "money": find_sums(text, tokens=tokens),
        "duration": find_durations(text, now, tokens=tokens),
    }
    return {kind: spans[:_MOST] for kind, spans in found.items()}


def _one(span: Span | None) -> list[Span]:
    return [] if span is None else [span]


def _span(tokens: Tokens, day: Day) -> Span:
    return Span(day.day.isoformat(), tokens.starts[day.first], tokens.ends[day.last - 1])


def _dates(tokens: Tokens, now: datetime) -> tuple[list[Span], list[Span]]:
    """Days on which it happened, and on which an answer came."""
    today = local_day(now)
    happened, answered = told_days(tokens, find_days(tokens, today), today)
    return [_span(tokens, day) for day in happened], [_span(tokens, day) for day in answered]


def _people(tokens: Tokens) -> dict[str, list[Span]]:
    """Whose names are told; nobody is two of the people of one story."""
    own, represented = find_own_names(tokens), find_represented(tokens)
    taken = {span.value for span in [*own, *represented]}
    return {
        "complainant_name": own,
        "represented_name": [span for span in represented if span.value not in {one.value for one in own}],
        "about_whom": [span for span in find_accused(tokens) if span.value not in taken],
    }


def _emails(text: str, tokens: Tokens, book: Gazetteer, writer: list[Span]) -> list[Span]:
    """The writer's own addresses: the words around them say so, or they are made of the writer's name."""
    found = [span for span in find_emails(text, tokens=tokens) if not book.ours(span.value)]
    names = {
        part.casefold() for name in writer for part in name.value.split() if len(part) >= _FEWEST_LETTERS
    }
    named = [span for span in found if any(part in span.value.split("@")[0].casefold() for part in names)]
    return named or [span for span in found if _own(text, span)]


_RELATION = re.compile(
    r"\b(?:my|our)\s+(?:(?:late|dear|poor|own|disabled|elderly|eldest|youngest|younger|older)\s+)?"
    r"(daughter|son|mother|mum|mam|father|dad|wife|husband|partner|brother|sister|child|nephew|niece|grandson"
    r"|granddaughter|client|friend|colleague|employee|apprentice|learner|student|cousin|lad|girlfriend|boyfriend"
    r"|fiancee|fianc[eé]|neighbour|stepson|stepdaughter)\b",
    re.IGNORECASE,
)


def find_relation(text: str, near: Proposal) -> Proposal | None:
    """The word for the person that somebody writes for ("daughter"), nearest to what says that they do."""
    found = min(_RELATION.finditer(text), key=lambda match: abs(match.start() - near.start), default=None)
    if found is None:
        return None
    return Proposal(found.group(1).lower().replace("é", "e"), found.start(1), found.end(1))


_HEADER = re.compile(r"\b(from|to|cc|bcc|reply-to)\s*:", re.IGNORECASE)
_TOP = 300  # characters
_FROM = re.compile(r"\s*from\s*:[^\n]*<", re.IGNORECASE)


def _own(text: str, span: Span) -> bool:
    """Whether the words before an address or a number say that it is the writer's, or it has a line to itself."""
    line_start = text.rfind("\n", 0, span.start) + 1
    line_end = text.find("\n", span.end)
    line = text[line_start : span.start] + text[span.end : line_end if line_end >= 0 else len(text)]
    headers = _HEADER.findall(text, max(line_start, span.start - _NEAR), span.start)
    if headers and headers[-1].lower() != "from":
        return False  # a mail that was pasted: to whom it went
    top = line_start <= _TOP and _HEADER.search(text, 0, line_start) is None
    if headers and top and _FROM.match(text, line_start) is not None:
        return True  # and who sent the first of it
    if "\n" in text and not re.search(r"\w{2}", _LABEL.sub("", line)):
        return True
    lead = _SENTENCE_END.split(text[max(0, span.start - _NEAR) : span.start])[-1]
    own = _OWN.search(lead)
    if own is None:
        return _LABELLED.search(lead) is not None or _in_signature(text, span, lead)
    return not _THEIRS.search(lead, own.end())


# "Jane Hartley, jane@example.org, 07700 900123": so few words are a signature, unless they say whose it is.
_MOST_SIGNED = 8
_REACH = re.compile(
    r"\b(?:can be|reached?|contact(?:ed)?|best|available|get (?:me|us|hold)|details)\b", re.IGNORECASE
)
_OTHERS = re.compile(
    r"\b(?:you|your|he|she|they|his|her|their|him|them|from|sent|wrote|written|e-?mailed|rang|called|phoned|texted|tried"
    r"|contacted|replied|centre|college|tutor|assessor|office|team|manager|support|help|helpdesk|helpline)\b",
    re.IGNORECASE,
)


def _in_signature(text: str, span: Span, lead: str) -> bool:
    """Whether a sentence is little more than a name and ways to be reached."""
    after = _SENTENCE_END.split(text[span.end : span.end + _NEAR])[0]
    words = [word for word in re.findall(r"[^\W\d_][\w'’-]*", f"{lead} {after}") if "@" not in word]
    reach = _REACH.search(lead) is not None
    return (len(words) <= _MOST_SIGNED or reach) and not _OTHERS.search(f"{lead} {after}")
