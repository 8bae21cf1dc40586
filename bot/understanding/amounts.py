"""Sums of money in pounds, and lengths of time, found in text with their places."""

from __future__ import annotations

import re
from datetime import date, datetime

from bot.understanding.days import local_day
from bot.understanding.days.page import latest
from bot.understanding.days.words import CARDINALS, MONTHS, count_before, number_after
from bot.understanding.spans import Span
from bot.understanding.tokens import Tokens, tokens_of

_MOST = 8  # of one kind: a page of figures is not a page of prices
_SUM = re.compile(
    r"(?:£|\bGBP) ?(\d{1,3}(?:,\d{3}){1,3}|\d{1,9})(\.\d\d?)?(?![\d,]*\d)( ?(?:k|m|thousand|million|grand)\b)?(p\b)?"
    r"|(?<![\w.,£])(\d{1,3}(?:,\d{3}){1,3}|\d{1,9})(\.\d\d?)?( ?(?:k|m|thousand|million|grand))?"
    r" ?(?:pounds?|quid|GBP)\b(?: (\d\d)(?!\d| ?(?:pounds?|quid|days?|weeks?|months?|times|people|of)\b))?"
    r"|(?<![\w.,£])(\d{1,3}) ?(?:p|pence)\b(?!\.m)",
    re.IGNORECASE,
)
_TIMES = {"k": 1000, "thousand": 1000, "grand": 1000, "m": 1_000_000, "million": 1_000_000}
_POUNDS = frozenset("pounds pound quid gbp pence grand fiver tenner".split())
_SLANG = {"fiver": "5.00", "tenner": "10.00"}
_DECADES = {
    word: 10 * tens
    for tens, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)
}
_SCALES = {"hundred": 100, "thousand": 1000, "grand": 1000, "million": 1_000_000}


def find_sums(text: str, *, tokens: Tokens | None = None) -> list[Span]:
    """Sums of money as pounds with two digits of pence, such as 1250.00."""
    tokens = tokens or tokens_of(text)
    words = frozenset(tokens.words)
    if words.isdisjoint(_POUNDS) and "£" not in words and not ("p" in words or "GBP" in text):
        return []
    found = [_written(match) for match in _SUM.finditer(text)]
    found += [
        span for span in _said(tokens) if not any(o.start < span.end and span.start < o.end for o in found)
    ]
    return sorted(found, key=lambda span: span.start)[:_MOST]


def _written(match: re.Match[str]) -> Span:
    if match[9]:
        return Span(f"{int(match[9]) / 100:.2f}", match.start(), match.end())
    pounds = int((match[1] or match[5]).replace(",", ""))
    pence = float(match[2] or match[6] or 0) + int(match[8] or 0) / 100
    times = _TIMES.get((match[3] or match[7] or "").strip().lower(), 1)
    return Span(f"{(pounds + pence) * times:.2f}", match.start(), match.end())


def _said(tokens: Tokens) -> list[Span]:
    """Sums in words: "four hundred and fifty pounds", "fifty quid", "two grand", "a fiver"."""
    found = []
    for at, word in enumerate(tokens.words):
        if word in _SLANG and tokens.at(at - 1) in ("a", "the", "another"):
            found.append(Span(_SLANG[word], tokens.starts[at - 1], tokens.ends[at]))
        elif word in _POUNDS and word not in _SLANG:
            value, first = _amount_before(tokens, at)
            if word == "grand":
                value *= 1000
            if value:
                pounds = value / 100 if word == "pence" else value
                found.append(Span(f"{pounds:.2f}", tokens.starts[first], tokens.ends[at]))
    return found


def _amount_before(tokens: Tokens, end: int) -> tuple[int, int]:
    """The number in words that ends before `end` and where it begins; 0 where there is none."""
    first = end
    while first > 0 and end - first < 10 and _counts(tokens, first - 1):
        first -= 1
    while first < end and tokens.words[first] in ("and", "-", "a") and tokens.at(first + 1) not in _SCALES:
        first += 1
    total = part = 0
    for word in tokens.words[first:end]:
        if word in _SCALES:
            part = max(part, 1) * _SCALES[word]
            if _SCALES[word] >= 1000:
                total, part = total + part, 0
        else:
            part += CARDINALS.get(word, 0) or _DECADES.get(word, 0)
    return total + part, first


def _counts(tokens: Tokens, at: int) -> bool:
    word = tokens.words[at]
    return word in CARDINALS or word in _DECADES or word in _SCALES or word in ("and", "-", "a")


# ------------------------------------------------------------------------------------------------ durations

_UNITS = {
    "minute": "TM", "min": "TM", "hour": "TH", "hr": "TH", "day": "D", "week": "W", "wk": "W", "fortnight": "W",
    "month": "M", "mth": "M", "year": "Y", "yr": "Y",
}  # fmt: skip
_QUALIFIERS = frozenset("working business whole full solid long -".split())
_UNITS |= {f"{unit}s": code for unit, code in _UNITS.items()}


def find_durations(text: str, now: datetime, *, tokens: Tokens | None = None) -> list[Span]:
    """Lengths of time, as ISO 8601 writes them: P9W for "nine weeks", PT40M; "since August" is 2026-08/.. ."""
    tokens = tokens or tokens_of(text)
    today = local_day(now)
    found = []
    for at, word in enumerate(tokens.words):
        span = (
            _length(tokens, at) if word in _UNITS else _since(tokens, at, today) if word == "since" else None
        )
        if span is not None:
            found.append(span)
    return found[:_MOST]


def _length(tokens: Tokens, at: int) -> Span | None:
    code = _UNITS[tokens.words[at]]
    if tokens.at(at + 1) in ("ago", "back"):
        return None
    end = at - 1 if tokens.at(at - 1) in _QUALIFIERS else at
    count = count_before(tokens, end)
    if count is None or count[0] == 0 or (tokens.at(end - 1) in ("a", "an") and _each(tokens, end - 1)):
        return None
    value = count[0] * (2 if tokens.words[at].startswith("fortnight") else 1)
    period = f"PT{value}{code[1]}" if code[0] == "T" else f"P{value}{code}"
    return Span(period, tokens.starts[count[1]], tokens.ends[at])


def _each(tokens: Tokens, at: int) -> bool:
    """Whether "a week" tells how often: "twice a week", "£30 a month"."""
    before = tokens.at(at - 1)
    return before.isdecimal() or before in (
        "once",
        "twice",
        "times",
        "hours",
        "days",
        "half",
        "pounds",
        "quid",
        "of",
    )


def _since(tokens: Tokens, at: int, today: date) -> Span | None:
    """Since a month, or a year: what began then goes on."""
    start = at + 2 if tokens.at(at + 1) in ("last", "about", "early", "late", "mid") else at + 1
    word = tokens.at(start)
    if word in MONTHS and number_after(tokens, start + 1) is None:
        year = tokens.at(start + 1)
        if year.isdecimal() and len(year) == 4 and year[:2] in ("19", "20"):
            return Span(f"{year}-{MONTHS[word]:02}/..", tokens.starts[at], tokens.ends[start + 1])
        first = latest(today, MONTHS[word], 1)
        return Span(f"{first:%Y-%m}/..", tokens.starts[at], tokens.ends[start]) if first is not None else None
    if (
        word.isdecimal()
        and len(word) == 4
        and word[:2] in ("19", "20")
        and tokens.at(start + 1) not in ("-", "/")
    ):
        return Span(f"{word}/..", tokens.starts[at], tokens.ends[start])
    return None
