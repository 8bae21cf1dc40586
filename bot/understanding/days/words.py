"""The words of a calendar: months and weekdays with their slips of the pen, and numbers as they are spoken."""

from __future__ import annotations

from bot.understanding.tokens import Tokens

_MONTHS = "january february march april may june july august september october november december".split()
_WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split()


def _slips(word: str, wide: bool) -> set[str]:
    """`word` with a letter left out or two exchanged; `wide` also with one too many or a wrong one."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    cuts = [(word[:i], word[i:]) for i in range(len(word) + 1)]
    slips = {a + b[1:] for a, b in cuts if b} | {a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1}
    if wide:
        slips |= {a + c + b[1:] for a, b in cuts if b for c in letters}
        slips |= {a + c + b for a, b in cuts for c in letters}
    return slips


def _months() -> dict[str, int]:
    found: dict[str, int] = {}
    for number, name in enumerate(_MONTHS, 1):
        # Only long names may be misspelt at will: "mash" and "jury" are words of their own.
        for slip in _slips(name, wide=True) if len(name) > 6 else ():
            found.setdefault(slip, number)
    listed = {
        1: "jan janurary januray janaury jannuary",
        2: "feb feburary febuary feburay febraury febuarary febrary febuay",
        3: "mar marhc mrach macrh march",
        4: "apr arpil aprl apirl apil aprill appril april",
        5: "may",
        6: "jun jume juen june",
        7: "jul juyl jully jluy july",
        8: "aug agust augst augest agusut august ausgust augsut auguest",
        9: "sep sept setpember septmber sepember setember septembre sepetmber",
        10: "oct ocotber octobre otcober",
        11: "nov novmeber novembre",
        12: "dec decmber decembre decemeber dicember",
    }
    for number, names in listed.items():
        found.update(dict.fromkeys(names.split(), number))
    for number, name in enumerate(_MONTHS, 1):
        found[name] = number
    return found


def _weekdays() -> dict[str, int]:
    found: dict[str, int] = {}
    for number, name in enumerate(_WEEKDAYS):
        for slip in _slips(name, wide=False):
            found.setdefault(slip, number)
    listed = (
        "", "tuseday tusday tueday teusday tuesay", "wensday wednsday wenesday wendsday wedesday wendesday weds",
        "thurday thusday thrusday thirsday", "firday fryday", "saterday saturady satday", "sunnday",
    )  # fmt: skip
    for number, names in enumerate(listed):
        found.update(dict.fromkeys(names.split(), number))
    for taken in ("frida", "sundry", "weds"):
        found.pop(taken, None)
    for number, name in enumerate(_WEEKDAYS):
        found[name] = number
    return found


MONTHS = _months()
WEEKDAYS = _weekdays()
WEEKDAYS_PLURAL = {f"{name}s": number for number, name in enumerate(_WEEKDAYS)}
# "Sat", "sun" and "wed" are also words: these count only beside a date, or after "on", "last" and the like.
SHORT_WEEKDAYS = {
    word: number
    for number, words in enumerate(("mon", "tue tues", "wed weds", "thu thur thurs", "fri", "sat", "sun"))
    for word in words.split()
}

CARDINALS = {
    word: number
    for number, word in enumerate(
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen twenty".split(),
        1,
    )
} | {"thirty": 30}
ORDINALS = {
    word: number
    for number, word in enumerate(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
        "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth".split(),
        1,
    )
} | {"thirtieth": 30, "twelth": 12, "nineth": 9, "eigth": 8, "forth": 4}
SUFFIXES = frozenset(("st", "nd", "rd", "th"))
_TENS = {"twenty": 20, "thirty": 30}
_DECADES = {**_TENS, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}


class Number:
    """A day of the month as it stands in a text: `words[first:last]`, and how it is written.

    `style` is "figures" (3), "ordinal" (3rd), "word" (three) or "spoken" (third).
    """

    __slots__ = ("first", "last", "style", "value")

    def __init__(self, value: int, first: int, last: int, style: str) -> None:
        self.value, self.first, self.last, self.style = value, first, last, style


def number_before(tokens: Tokens, end: int) -> Number | None:
    """The day of the month that ends right before `words[end]`."""
    word = tokens.at(end - 1)
    if word in SUFFIXES and tokens.at(end - 2).isdecimal():
        return _figures(tokens, end - 2, end, "ordinal")
    if word.isdecimal():
        return _figures(tokens, end - 1, end, "figures")
    for names, style in ((ORDINALS, "spoken"), (CARDINALS, "word")):
        value = names.get(word)
        if value is None:
            continue
        first = end - 1
        if value < 10:
            at = first - 2 if tokens.at(first - 1) == "-" else first - 1
            tens = _TENS.get(tokens.at(at), 0)
            value, first = (value + tens, at) if tens else (value, first)
        return Number(value, first, end, style) if value <= 31 else None
    return None


def number_after(tokens: Tokens, start: int) -> Number | None:
    """The day of the month that begins at `words[start]`."""
    word = tokens.at(start)
    if word.isdecimal():
        ordinal = tokens.at(start + 1) in SUFFIXES
        return _figures(tokens, start, start + 1 + ordinal, "ordinal" if ordinal else "figures")
    if word in _TENS:
        at = start + 2 if tokens.at(start + 1) == "-" else start + 1
        for names, style in ((ORDINALS, "spoken"), (CARDINALS, "word")):
            rest = names.get(tokens.at(at), 99)
            if rest < 10 and _TENS[word] + rest <= 31:
                return Number(_TENS[word] + rest, start, at + 1, style)
    for names, style in ((ORDINALS, "spoken"), (CARDINALS, "word")):
        if word in names:
            return Number(names[word], start, start + 1, style)
    return None


def _figures(tokens: Tokens, first: int, last: int, style: str) -> Number | None:
    figures = tokens.words[first]
    if len(figures) > 2 or not 1 <= int(figures) <= 31:
        return None
    # "£12", "3.50" and "v3" hold no day of a month.
    before = tokens.text[tokens.starts[first] - 1] if tokens.starts[first] else " "
    if before in "£$€#" or before.isalnum():
        return None
    if before in ".,:" and tokens.at(first - 2).isdecimal() and tokens.touches(first - 1):
        return None
    return Number(int(figures), first, last, style)


def spoken_year(tokens: Tokens, start: int) -> tuple[int, int] | None:
    """A year in words, "twenty twenty six", and the place behind it."""
    word = tokens.at(start)
    if word == "two" and tokens.at(start + 1) == "thousand":
        at = start + 3 if tokens.at(start + 2) == "and" else start + 2
        rest = below_hundred(tokens, at)
        return (2000 + rest[0], rest[1]) if rest else (2000, start + 2)
    if word in ("twenty", "nineteen"):
        rest = below_hundred(tokens, start + 1)
        if rest is not None and rest[0] >= 10:
            return (2000 if word == "twenty" else 1900) + rest[0], rest[1]
    return None


def below_hundred(tokens: Tokens, start: int) -> tuple[int, int] | None:
    """A number under a hundred in words, and the place behind it."""
    word = tokens.at(start)
    if word in _DECADES:
        at = start + 2 if tokens.at(start + 1) == "-" else start + 1
        ones = CARDINALS.get(tokens.at(at), 99)
        return (_DECADES[word] + ones, at + 1) if ones < 10 else (_DECADES[word], start + 1)
    return (CARDINALS[word], start + 1) if word in CARDINALS else None


def count_before(tokens: Tokens, end: int) -> tuple[int, int] | None:
    """How many, in "three weeks" or "a couple of weeks", and where that begins; "a few" is no number."""
    word = tokens.at(end - 1)
    if (word == "of" and tokens.at(end - 2) == "couple") or word == "couple":
        first = end - 2 if word == "of" else end - 1
        return 2, first - 1 if tokens.at(first - 1) == "a" else first
    if word in ("a", "an"):
        return 1, end - 1
    if word.isdecimal():
        joined = tokens.at(end - 2) in (".", "-", "/", "£", "–") and tokens.touches(end - 1)
        return None if joined or len(word) > 3 else (int(word), end - 1)
    value = CARDINALS.get(word)
    if value is None:
        value = _DECADES.get(word)
        return None if value is None else (value, end - 1)
    at = end - 3 if tokens.at(end - 2) == "-" else end - 2
    if value < 10 and tokens.at(at) in _DECADES:
        return _DECADES[tokens.at(at)] + value, at
    # "one or two weeks" is no number either.
    return None if tokens.at(end - 2) in ("or", "to", "-", "–", "/") else (value, end - 1)
