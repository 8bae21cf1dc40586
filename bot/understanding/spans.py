"""E-mail addresses and telephone numbers, found in text with their places: written, typed or read out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from bot.understanding.dictation import spoken_emails, spoken_numbers
from bot.understanding.tokens import Tokens, tokens_of


@dataclass(frozen=True, slots=True)
class Span:
    """A value found at `text[start:end]`."""

    value: str
    start: int
    end: int


# ------------------------------------------------------------------------------------------------- e-mail

# Bounded on both sides: an unbounded local part makes the search quadratic on 16 KiB of letters.
_EMAIL = re.compile(r"(?<![\w.+%'-])[\w.+%'-]{1,64}\s?@\s?[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_EMAIL_CUE = re.compile(
    r"\b(?:e-?mail|address|(?:reach|contact|get|write\s+to)\s+(?:me|us)|it['’]?s)\b", re.IGNORECASE
)


def find_emails(text: str, *, asked: bool = False, tokens: Tokens | None = None) -> list[Span]:
    """Every e-mail address, normalised; nothing is looked up.

    "pete at btinternet dot com" is one if an address was `asked` for, or if the words before it say that it is one:
    "I was at work dot com" is not.
    """
    found = list(_written_emails(text)) if "@" in text else []
    if found:
        return found
    tokens = tokens or tokens_of(text)
    if "at" not in tokens.words:
        return []
    return [
        span
        for span in _spoken_emails(tokens)
        if asked or _EMAIL_CUE.search(text, max(0, span.start - 40), span.start)
    ]


def _written_emails(text: str) -> Iterator[Span]:
    for match in _EMAIL.finditer(text):
        address = _address("".join(match.group().strip("'").split()))
        if address is not None:
            yield Span(address, match.start() + match.group().startswith("'"), match.end())


def _spoken_emails(tokens: Tokens) -> Iterator[Span]:
    for said, first, last in spoken_emails(tokens):
        address = _address(said)
        if address is not None:
            yield Span(address, tokens.starts[first], tokens.ends[last - 1])


def _address(said: str) -> str | None:
    try:
        return validate_email(said, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        return None


# ---------------------------------------------------------------------------------------------- telephone

_PHONE = re.compile(r"(?<![\w£$€/.-])(?:\+|\(\+?)?\d(?:[ ().-]{0,2}\d){6,14}(?!\w|[/-]\d)")
_DIGITS = re.compile(r"\d[\d ().-]{5}")
_GREATEST_PHONES = 8  # a page of figures is not a page of numbers to ring
_PHONE_CUE = re.compile(
    r"\b(?:(?:tel|mob|phone|mobile|telephone|landline)(?:\s+(?:number|no))?|(?:my|best|contact|home|work)\s+(?:number|no)"
    r"|(?:ring|call|phone|text|reach|contact|get|whatsapp)\s+(?:me|us|back)(?:\s+(?:back|after\s+\w+|any\s*time))?)\.?"
    r"(?:\s+(?:is|on|at|it['’]?s|its|number|are))*[\s:=–-]*$",
    re.IGNORECASE,
)


# Mobile numbers, and the ranges that the regulator keeps free for stories: numbers in all but having an owner.
_KEPT_FREE = re.compile(r"\+44(?:7\d{9}|1632960\d{3}|1[1-9]1496\d{4}|2079460\d{3}|8081570\d{3})")


def find_phones(text: str, *, tokens: Tokens | None = None) -> list[Span]:
    """Telephone numbers that exist (VALID, Great Britain unless +), as E.164, those that are read out included.

    Where the words before one say that it is somebody's number, it need only be a number that could exist.
    """
    found = []
    for said, start, end in _numbers(text, tokens or tokens_of(text))[:_GREATEST_PHONES]:
        number = _phone(said)
        if number is None:
            continue
        cued = said.lstrip("(")[0] in "0+" and _PHONE_CUE.search(text, max(0, start - 50), start)
        if cued or phonenumbers.is_valid_number(number) or _KEPT_FREE.fullmatch(_e164(number)):
            found.append(Span(_e164(number), start, end))
    return found


def read_phone(text: str) -> str | None:
    """The one number in an answer to "what is your number", as E.164; POSSIBLE is enough there."""
    text = text[:400]
    numbers = {_e164(n) for said, _, _ in _numbers(text, tokens_of(text)) if (n := _phone(said)) is not None}
    return numbers.pop() if len(numbers) == 1 else None


def _numbers(text: str, tokens: Tokens) -> list[tuple[str, int, int]]:
    """What may be telephone numbers, with their places: as figures, or read out."""
    spoken = [
        (said, tokens.starts[first], tokens.ends[last - 1]) for said, first, last in spoken_numbers(tokens)
    ]
    written = [(m.group(), m.start(), m.end()) for m in _PHONE.finditer(text)] if _DIGITS.search(text) else []
    apart = [one for one in written if not any(start < one[2] and one[1] < end for _, start, end in spoken)]
    return sorted([*spoken, *apart], key=lambda one: one[1])


def _phone(said: str) -> phonenumbers.PhoneNumber | None:
    try:
        number = phonenumbers.parse(said.replace("(0)", ""), "GB")
    except phonenumbers.NumberParseException:
        return None
    reason = phonenumbers.is_possible_number_with_reason(number)
    return number if reason == phonenumbers.ValidationResult.IS_POSSIBLE else None


def _e164(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
