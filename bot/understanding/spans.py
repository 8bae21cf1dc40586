"""Dates, e-mail addresses, telephone numbers, member numbers and names, found in text with their places.

Only a span that looks like a date is ever given to dateparser: run on free text it reads "sat", "we" and "march on"
as dates. Every date is echoed back to the person.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import dateparser
import phonenumbers
from dateutil.easter import easter
from email_validator import EmailNotValidError, validate_email

_LONDON = ZoneInfo("Europe/London")


@dataclass(frozen=True, slots=True)
class Span:
    """A value found at `text[start:end]`."""

    value: str
    start: int
    end: int


# ------------------------------------------------------------------------------------------------- e-mail

# Bounded on both sides: an unbounded local part makes the search quadratic on 16 KiB of letters.
_EMAIL = re.compile(r"(?<![\w.+%'-])[\w.+%'-]{1,64}\s?@\s?[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_SPOKEN_EMAIL = re.compile(
    r"(?<![\w.+-])[\w+-]{1,40}(?:(?:\.| dot | underscore | dash )[\w+-]{1,40}){0,4} (?:at|\(at\)|\[at\]) "
    r"[\w-]{1,40}(?:(?: dot | \(dot\) | \[dot\] |\.)[\w-]{1,40}){1,4}\b",
    re.IGNORECASE,
)
_SPOKEN_AT = re.compile(r" [(\[]?at[)\]]? ", re.IGNORECASE)
_EMAIL_CUE = re.compile(r"\b(?:e-?mail|address|reach me|write to me|contact me)\b", re.IGNORECASE)
_SPOKEN_SIGNS = (
    (_SPOKEN_AT, "@"),
    (re.compile(r" [(\[]?dot[)\]]? ", re.IGNORECASE), "."),
    (re.compile(r" underscore ", re.IGNORECASE), "_"),
    (re.compile(r" dash ", re.IGNORECASE), "-"),
)


def find_emails(text: str, *, asked: bool = False) -> list[Span]:
    """Every e-mail address, normalised; nothing is looked up.

    "pete at btinternet dot com" is one if an address was `asked` for, or if the words before it say that it is one:
    "I was at work dot com" is not.
    """
    found = list(_valid_emails(text, _EMAIL)) if "@" in text else []
    if found or not _SPOKEN_AT.search(text):
        return found
    spoken = _valid_emails(text, _SPOKEN_EMAIL)
    return [span for span in spoken if asked or _EMAIL_CUE.search(text[max(0, span.start - 40) : span.start])]


def _valid_emails(text: str, shape: re.Pattern[str]) -> Iterator[Span]:
    for match in shape.finditer(text):
        said = match.group().strip("'")
        if shape is _SPOKEN_EMAIL:
            # "I was at work.com" is not how an address is dictated: the dot must be said, or the domain be the end.
            if not re.search(r"\bdot\b", said, re.IGNORECASE):
                continue
            for sign, mark in _SPOKEN_SIGNS:
                said = sign.sub(mark, said)
        try:
            address = validate_email("".join(said.split()), check_deliverability=False, test_environment=True)
        except EmailNotValidError:
            continue
        start = match.start() + (1 if match.group().startswith("'") else 0)
        yield Span(address.normalized, start, match.end())


# ---------------------------------------------------------------------------------------------- telephone

_PHONE = re.compile(r"(?<![\w£$€/.-])(?:\+|\(\+?)?\d(?:[ ().-]{0,2}\d){6,14}(?!\w|[/-]\d)")
_GREATEST_PHONES = 8  # a page of figures is not a page of numbers to ring


def find_phones(text: str) -> list[Span]:
    """Telephone numbers that exist (VALID, Great Britain unless +), as E.164."""
    found = []
    for match in list(_PHONE.finditer(text))[:_GREATEST_PHONES]:
        number = _phone(match.group())
        if number is not None and phonenumbers.is_valid_number(number):
            found.append(Span(_e164(number), match.start(), match.end()))
    return found


def read_phone(text: str) -> str | None:
    """The one number in an answer to "what is your number", as E.164; POSSIBLE is enough there."""
    numbers = {_e164(n) for m in _PHONE.finditer(text[:400]) if (n := _phone(m.group())) is not None}
    return numbers.pop() if len(numbers) == 1 else None


def _phone(said: str) -> phonenumbers.PhoneNumber | None:
    try:
        number = phonenumbers.parse(said.replace("(0)", ""), "GB")
    except phonenumbers.NumberParseException:
        return None
    reason = phonenumbers.is_possible_number_with_reason(number)
    return number if reason == phonenumbers.ValidationResult.IS_POSSIBLE else None


def _e164(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


# --------------------------------------------------------------------------------- member number and name

_MEMBER_NUMBER = re.compile(
    r"\b(?:member(?:ship)?|student|learner|registration|candidate|apprentice)\s+"
    r"(?:(?:number|no|num|id|ref|reference)\b\.?|#)\s*(?:is|was|:|=|-)?\s*#?\s*"
    r"([A-Za-z]{0,3}[-/ ]?\d[\dA-Za-z/-]{3,14})\b",
    re.IGNORECASE,
)
# Only this wording: "this is Jane" and "I am Jane" are as often about somebody else. Names begin with a capital.
_NAME = re.compile(
    r"\b(?i:my (?:full )?name is|my name's|my name’s) "
    r"((?:(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Rev)\.? )?[A-ZÀ-ÖØ-ÞŁŚŻŽŠČ][\w'’-]{0,30}"
    r"(?: (?:(?:de|van|von|der|la|le|al|bin|ap|ab|ferch) ){0,2}[A-ZÀ-ÖØ-ÞŁŚŻŽŠČ][\w'’-]{0,30}){0,3})"
)


def find_member_number(text: str) -> Span | None:
    """The number after "membership number", as written but in capitals."""
    match = _MEMBER_NUMBER.search(text)
    return Span(match.group(1).upper(), match.start(1), match.end(1)) if match else None


def find_name(text: str) -> Span | None:
    """The name after "my name is", and after no other wording."""
    match = _NAME.search(text)
    return Span(match.group(1), match.start(1), match.end(1)) if match else None


# ------------------------------------------------------------------------------------------------- dates

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_WEEKDAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\b"
_FULL_WEEKDAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day\b"
_COUNT = (
    r"(?:\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|a\s+couple\s+of|a\s+few)"
)
_DAY = r"(?:[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?\b"
_YEAR = r"(?:(?:19|20)\d\d|['’]\d\d)\b"
_DATE = re.compile(
    rf"""\b(?:
    (?P<iso>(?:19|20)\d\d-\d\d?-\d\d?)(?!\d)
  | (?P<numeric>\d\d?\s?[/.-]\s?\d\d?\s?[/.-]\s?(?:\d{{4}}|\d\d))(?![\d/])
  | (?P<worded>(?:{_WEEKDAY},?\s+)?(?:the\s+)?{_DAY}(?:\s+of)?\s+{_MONTH}(?:,?\s+{_YEAR})?
      | (?:{_WEEKDAY},?\s+)?{_MONTH}\s+(?:the\s+)?{_DAY}(?:,?\s+{_YEAR})?)
  | (?P<ago>{_COUNT}\s+(?:working\s+)?(?:day|week|fortnight|month|year)s?\s+(?:ago|back))\b
  | (?P<feast>(?:easter\s+(?:sunday|monday)|good\s+friday|christmas\s+(?:day|eve)|boxing\s+day
      |new\s+year['’]?s\s+(?:day|eve))(?:\s+(?:19|20)\d\d)?)\b
  | (?P<near>today|yesterday|(?:the\s+)?day\s+before\s+yesterday|this\s+morning|last\s+night
      |last\s+(?:week|month|year)|(?:last|this|on)\s+{_FULL_WEEKDAY}|{_FULL_WEEKDAY})
  )""",
    re.IGNORECASE | re.VERBOSE,
)
# The shapes that name a day when they stand in a story; "yesterday" and "Tuesday" alone are too common to propose.
_EXACT_SHAPES = ("iso", "numeric", "worded", "ago", "feast")
_FUTURE = re.compile(
    r"\b(?:tomorrow|next\s+(?:week|month|year|\w+day))\b|\bin\s+\w+\s+(?:days|weeks|months)\b", re.IGNORECASE
)


class FutureDateError(ValueError):
    """The text names a day after today."""


def local_day(now: datetime) -> date:
    """The day it is in the United Kingdom; a naive `now` is taken as local."""
    return now.astimezone(_LONDON).date() if now.tzinfo else now.date()


def date_places(text: str, *, exact: bool = True) -> list[Span]:
    """Where `text` has the shape of a date, with the shape as the value, at most eight; `exact` leaves out bare
    weekdays and the like. Cheap: what day it is, `day_at` says."""
    found = (Span(match.lastgroup or "", match.start(), match.end()) for match in _DATE.finditer(text))
    return list(islice((place for place in found if not exact or place.value in _EXACT_SHAPES), 8))


def day_at(text: str, place: Span, now: datetime) -> Span | None:
    """The ISO date at one of the `date_places`, None where there is no such day; up to a millisecond."""
    day = _resolve(text[place.start : place.end], place.value, local_day(now))
    return Span(day.isoformat(), place.start, place.end) if day else None


def read_date(text: str, now: datetime) -> str | None:
    """The one day that an answer names, as an ISO date; None for none, for two, or for a month alone.

    Raises FutureDateError for "tomorrow" or "next week", which name no day that we need to know exactly.
    """
    text = text[:400]
    days = {day.value for place in date_places(text, exact=False) if (day := day_at(text, place, now))}
    if len(days) == 1:
        return days.pop()
    if not days and _FUTURE.search(text):
        raise FutureDateError
    return None


def _resolve(said: str, shape: str, today: date) -> date | None:
    said = " ".join(said.lower().replace("’", "'").split())
    if shape == "iso":
        try:
            return date.fromisoformat("-".join(part.zfill(2) for part in said.split("-")))
        except ValueError:
            return None
    if shape == "feast":
        return _feast(said, today)
    if said in ("this morning", "today"):
        return today
    if said == "last night":
        return today - timedelta(days=1)
    return _parsed(_plain_date(said, shape), today)


def _plain_date(said: str, shape: str) -> str:
    """The same date in words that dateparser reads."""
    if shape == "numeric":
        return re.sub(r"\s", "", said).replace(".", "/").replace("-", "/")
    if shape == "ago":
        said = re.sub(r"^a couple of", "2", said)
        said = re.sub(r"^a few", "3", said)
        return re.sub(r"\b(working) |\bback$", lambda m: "" if m.group(1) else "ago", said)
    if shape == "worded":
        # A weekday that disagrees with its date makes dateparser give up; the date is what was meant.
        said = re.sub(rf"^{_WEEKDAY},?\s+", "", said)
        return re.sub(r"'(\d\d)$", r"20\1", said.replace("the ", ""))
    return re.sub(r"^(?:last|this|on|the) (?!week|month|year)", "", said)


def _parsed(said: str, today: date) -> date | None:
    moment = dateparser.parse(
        said,
        languages=["en"],
        settings={
            "DATE_ORDER": "DMY",
            "PREFER_DATES_FROM": "past",
            # Noon: a day's arithmetic then never crosses midnight when the clocks change.
            "RELATIVE_BASE": datetime(today.year, today.month, today.day, 12),  # noqa: DTZ001 - a day, not an instant
        },
    )
    return moment.date() if moment else None


def _feast(said: str, today: date) -> date | None:
    words = said.replace("'", "").split()
    year = int(words.pop()) if words[-1].isdigit() else None
    name = " ".join(words)
    days = [_feast_day(name, y) for y in ([year] if year else [today.year, today.year - 1])]
    return next((day for day in days if year or day <= today), None)


def _feast_day(name: str, year: int) -> date:
    fixed = {
        "christmas day": (12, 25), "christmas eve": (12, 24), "boxing day": (12, 26),
        "new years day": (1, 1), "new years eve": (12, 31),
    }  # fmt: skip
    if name in fixed:
        return date(year, *fixed[name])
    return easter(year) + timedelta(days={"good friday": -2, "easter sunday": 0, "easter monday": 1}[name])
