"""One reader for each kind of question: the text in, the value that is stored out, or why not.

A `problem` is a wording key (bad_email, bad_phone, bad_date, date_in_future, not_a_choice, not_yes_no, empty): the
dialogue asks again with the help that stands under it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.messages import OpenQuestion, Proposal
from bot.understanding.days import FutureDateError, local_day, read_date
from bot.understanding.phrases import PhraseBook, canonical
from bot.understanding.spans import find_emails, read_phone

# Questions about what has happened: a day to come is a slip of the pen.
_PAST = ("happened_on", "previous_response_at")

_ORDINALS = {
    word: place
    for place, words in enumerate(
        ("1 one first 1st a i", "2 two second 2nd b ii", "3 three third 3rd c iii", "4 four fourth 4th d iv",
         "5 five fifth 5th e", "6 six sixth 6th f", "7 seven seventh 7th g", "8 eight eighth 8th h",
         "9 nine ninth 9th", "10 ten tenth 10th", "11 eleven eleventh 11th", "12 twelve twelfth 12th",
         "13 thirteen thirteenth 13th", "14 fourteen fourteenth 14th", "15 fifteen fifteenth 15th",
         "16 sixteen sixteenth 16th")
    )
    for word in words.split()
}  # fmt: skip
_PLACE = re.compile(
    r"(?:i (?:choose|pick|want|would say|think) |id say |its |it is |go with |probably )?(?:the )?"
    r"(?:(?:option|number|no|choice|answer|letter) )?(\w+)(?: (?:one|option|choice|answer|please))*"
)
_FILLER = frozenset(
    "a an the my our your their it its is was i im am are we were about to of for with in on at by from this that "
    "one and or please think would say someone somebody something as be been being me us complaint complaining".split()
)
# Labels that are also everyday words: "on the other hand" chooses nothing.
_COMMON = frozenset(
    "other none self no yes public service product staff member chat post email phone".split()
)
_DENIAL = re.compile(r"\b(?:not|no|never|isnt|wasnt|dont|didnt|arent|neither|nor|except|rather than)\b")


@dataclass(frozen=True, slots=True)
class Read:
    """What an answer reads as. Both None: the text may still be a command, an aside or a correction."""

    answer: str | None = None
    problem: str | None = None


def read_email(text: str) -> Read:
    """The one address in the text, normalised."""
    addresses = {span.value for span in find_emails(text[:2000], asked=True)}
    return Read(addresses.pop()) if len(addresses) == 1 else Read(problem="bad_email")


def read_telephone(text: str) -> Read:
    """The one possible number in the text, as E.164."""
    number = read_phone(text)
    return Read(number) if number else Read(problem="bad_phone")


_POSTCODE = re.compile(r"\b[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}\b", re.IGNORECASE)


def read_address(text: str) -> tuple[str, str] | None:
    """An e-mail address, phone number or postal address given where the way to be reached was asked for."""
    for way, read in (("email", read_email(text)), ("phone", read_telephone(text))):
        if read.answer is not None:
            return way, read.answer
    return ("post", text.strip()) if _POSTCODE.search(text) and len(text.split()) > 3 else None


def only_address(text: str) -> tuple[str, str] | None:
    """An e-mail address or a phone number that is all there is."""
    if "@" in text and len(text.split()) == 1 and (mail := read_email(text)).answer is not None:
        return "email", mail.answer
    if not any(c.isalpha() for c in text) and (phone := read_telephone(text)).answer is not None:
        return "phone", phone.answer
    return None


def read_day(text: str, question: OpenQuestion, now: datetime) -> Read:
    """The one day that the text names, as an ISO date."""
    past = question.id in _PAST
    try:
        day = read_date(text, now)
    except FutureDateError:
        return Read(problem="date_in_future" if past else "bad_date")
    if day is None:
        return Read(problem="bad_date")
    return Read(problem="date_in_future") if past and day > local_day(now).isoformat() else Read(day)


def read_yes_no(text: str, book: PhraseBook) -> Read:
    """`true` or `false`; "yes and no" is neither. A yes or no that opens a longer sentence counts."""
    words = canonical(text).split()
    whole = book.answer(text)
    if whole is not None:
        return Read(whole)
    opening, rest = _opening(words, book)
    if opening is None or _contradicts(opening, rest):
        return Read(problem="not_yes_no")
    return Read(opening)


# A longer sentence is taken at its first words only when they can open nothing but an answer.
_OPENERS = frozenset(
    "yes|yep|yeah|yup|yea|ya|aye|correct|no|nope|nah|not really|not yet|no thanks|no thank you|yes it is|yes i did|"
    "that is right|thats right|that is correct|thats correct|yes please|no its not|no it is not|no it isnt|"
    "ie|ydw|ydy|oes|nage|naddo|nac ydw|nac ydy|nac oes".split("|")
)
_CONTRARY = re.compile(
    r"(?:and|but|or|well|actually|then|wait|sorry|maybe|a|ac|ond|neu)? ?"
    r"(yes|yeah|yep|no|nope|nah|not really|ie|oes|ydw|ydy|nage|na|nac|naddo)\b"
)
_NOES = ("no", "nope", "nah", "not really", "nage", "na", "nac", "naddo")
_NOT_AN_ANSWER = (
    "no one",
    "no idea",
    "no matter",
    "no longer",
    "no sooner",
    "no problem",
    "no doubt",
    "no wonder",
    "no worries",
)


def _opening(words: list[str], book: PhraseBook) -> tuple[str | None, str]:
    if " ".join(words[:2]) in _NOT_AN_ANSWER:
        return None, ""
    for size in (3, 2, 1):
        said = " ".join(words[:size])
        if said in _OPENERS:
            return book.answer(said), " ".join(words[size:])
    return None, ""


def _contradicts(opening: str, rest: str) -> bool:
    match = _CONTRARY.match(rest)
    if match is not None:
        return (match.group(1) in _NOES) == (opening == "true")
    # "yes but ..." takes back what it says; "no but ..." goes on to say what is so.
    return opening == "true" and bool(re.match(r"(?:but|except|although|apart from|only|ond|heblaw)\b", rest))


def read_choice(
    text: str, question: OpenQuestion, proposals: Mapping[str, Proposal], book: PhraseBook
) -> Read:
    """The choice that the text names: its value, its label, other words for it, its place, or one cue for this fact."""
    said = _unaccented(canonical(text))
    names = [(value, {canonical(value), _unaccented(canonical(label))}) for value, label in question.choices]
    exact = [value for value, wordings in names if said in wordings]
    if len(exact) == 1:
        return Read(exact[0])
    worded = book.choice(question.id, text) & {value for value, _ in names}
    if len(worded) == 1:
        return Read(next(iter(worded)))
    place = None if _MINUS.match(text) else _place(said, len(names))
    if place is not None:
        return Read(names[place][0])
    plain = _yes_or_no(text, question, book)
    if plain is not None:
        return Read(plain)
    suggested = {seen.value for fact, seen in proposals.items() if fact == question.id}
    if not _DENIAL.search(said):
        suggested |= _named(said, names)
        suggested |= set() if suggested else _worded(said, names)
    elif len(names) == 2:
        suggested |= _the_other(said, names)
    if len(suggested) == 1 and suggested <= {value for value, _ in question.choices}:
        return Read(suggested.pop())
    return Read(problem="not_a_choice")


_NOT_THIS = re.compile(r"(?:no )?(?:it is |its |it was |i am |im )?not (?:the )?(.+)")


def _the_other(said: str, names: list[tuple[str, set[str]]]) -> set[str]:
    """Of two choices the one that is left: "not for myself", "not the first one"."""
    match = _NOT_THIS.fullmatch(said)
    if match is None:
        return set()
    place = _place(match.group(1), len(names))
    denied = {names[place][0]} if place is not None else _named(match.group(1), names)
    return {value for value, _ in names} - denied if len(denied) == 1 else set()


def _yes_or_no(text: str, question: OpenQuestion, book: PhraseBook) -> str | None:
    """The one choice whose label begins with the yes or no that was said: "No, this is the first time"."""
    said = book.answer(text)
    word = {"true": "yes", "false": "no"}.get(said or "")
    labelled = [
        value
        for value, label in question.choices
        if canonical(label).split()[:1] == [word] or (said and book.answer(label.split(",")[0]) == said)
    ]
    return labelled[0] if len(labelled) == 1 else None


_MINUS = re.compile(r"\s*[-−]\s*\d")


def _unaccented(text: str) -> str:
    """Without the accents that Welsh has and keyboards may lack: "ŵyr" is "wyr"."""
    if text.isascii():
        return text
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def _place(said: str, count: int) -> int | None:
    if said in ("last", "the last", "last one", "the last one", "the bottom one"):
        return count - 1 if count else None
    match = _PLACE.fullmatch(said)
    place = _ORDINALS.get(match.group(1)) if match else None
    # A single letter or "i" alone is a choice only when it can be one; "a" in "a" is the first option.
    return place if place is not None and place < count else None


def _named(said: str, names: list[tuple[str, set[str]]]) -> set[str]:
    """The choices whose whole label or value stands in the text."""
    padded, length = f" {said} ", len(said.split())
    if length > 20:
        return set()
    return {
        value
        for value, wordings in names
        if any(w and f" {w} " in padded and (length <= 3 or w not in _COMMON) for w in wordings)
    }


def _worded(said: str, names: list[tuple[str, set[str]]]) -> set[str]:
    """The choices that have all the telling words of a short answer: "certificate" for "A certificate I am owed"."""
    words = {_stem(word) for word in said.split()} - _FILLER
    if not words or len(words) > 4:
        return set()
    return {
        value
        for value, wordings in names
        if any(words <= {_stem(word) for word in wording.split()} for wording in wordings)
    }


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
