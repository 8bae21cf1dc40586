"""Addresses and numbers as they are read out over the telephone and written down by a machine.

"j dot smith at gmail dot com", "b for bravo", "double seven", "oh seven seven double oh nine hundred one two three".
"""

from __future__ import annotations

from bot.understanding.tokens import Tokens

_DIGITS = {
    "zero": "0", "oh": "0", "o": "0", "nought": "0", "naught": "0", "nil": "0", "one": "1", "two": "2", "three": "3",
    "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
}  # fmt: skip
_TEENS = {
    word: str(number)
    for number, word in enumerate(
        "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(), 10
    )
}
_TENS = {
    word: str(number)
    for number, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)
}
_TIMES = {"double": 2, "triple": 3, "treble": 3}
_HUNDREDS = {"hundred": "00", "thousand": "000"}
SPOKEN = frozenset(_DIGITS) - {"o"} | _TEENS.keys() | _TENS.keys() | _TIMES.keys()
# What people say, and machines write, between the groups of a number.
_PAUSES = frozenset(
    (",", "-", "–", ".", "…", "then", "um", "er", "uh", "erm", "space", "dash", "and", "(", ")")
)


def digits_at(tokens: Tokens, start: int) -> tuple[str, int, int]:
    """The figures that are read out from `start` on, where they end, and how many were said as words.

    "double seven" is 77, "nine hundred" is 900 and "twenty three" is 23; a pause between groups is passed over.
    """
    figures, at, end, spoken = "", start, start, 0
    while at < len(tokens.words) and len(figures) < 24:
        read = _one_group(tokens, at)
        if read is None:
            if end == at and tokens.words[at] in _PAUSES and figures and not _sentence_ends(tokens, at):
                at += 1
                end = at
                continue
            break
        figures += read[0]
        spoken += not tokens.words[at].isdecimal()
        at = end = read[1]
    while end > start and tokens.at(end - 1) in _PAUSES:
        end -= 1
    return figures, end, spoken


def _sentence_ends(tokens: Tokens, at: int) -> bool:
    return tokens.words[at] == "." and not tokens.touches(at + 1)


def _one_group(tokens: Tokens, at: int) -> tuple[str, int] | None:
    word = tokens.words[at]
    if word.isdecimal() and word.isascii():
        return word, at + 1
    if word in _TIMES:
        digit = _digit(tokens.at(at + 1))
        return (digit * _TIMES[word], at + 2) if digit else None
    if word in _TENS:
        unit = _DIGITS.get(tokens.at(at + 1), "0")
        return (_TENS[word] + unit, at + 2) if unit != "0" else (_TENS[word] + "0", at + 1)
    if word in _TEENS:
        return _TEENS[word], at + 1
    digit = _digit(word)
    if not digit:
        return None
    zeros = _HUNDREDS.get(tokens.at(at + 1), "")
    return digit + zeros, at + 1 + bool(zeros)


def _digit(word: str) -> str:
    return word if len(word) == 1 and word.isdecimal() and word.isascii() else _DIGITS.get(word, "")


def spoken_numbers(tokens: Tokens) -> list[tuple[str, int, int]]:
    """Every run of nine figures or more with a word among them: the figures, and the places of their words."""
    if sum(word in SPOKEN for word in tokens.words) < 4:
        return []
    found: list[tuple[str, int, int]] = []
    at = 0
    while at < len(tokens.words) and len(found) < 8:
        word = tokens.words[at]
        if word not in SPOKEN and not word.isdecimal() and word != "plus":
            at += 1
            continue
        plus = word == "plus" or tokens.at(at - 1) == "+"
        figures, end, spoken = digits_at(tokens, at + (word == "plus"))
        if len(figures) >= 9 and spoken >= 2:
            found.append((("+" if plus else "") + figures, at, end))
        at = max(end, at + 1)
    return found


# --------------------------------------------------------------------------------------------------- e-mail

_SIGNS = {
    "dot": ".", ".": ".", "point": ".", "underscore": "_", "_": "_", "hyphen": "-", "dash": "-", "-": "-", "minus": "-",
    "plus": "+", "+": "+",
}  # fmt: skip
_BRACKETS = frozenset("()[]{}<>")
_STOPS = frozenset(
    'is its it email mail address me on to at : , ; ! ? " so that thats my as use please called was are be'.split()
)
_ENDINGS = frozenset(
    "com uk org net co ac gov me info io ie eu nhs wales scot edu biz london cymru sch ltd plc mobi tv".split()
)
# What a machine makes two words of.
_DOMAINS = {
    tuple(said.split()): written
    for said, written in (
        ("g mail", "gmail"), ("gee mail", "gmail"), ("hot mail", "hotmail"), ("y mail", "ymail"), ("i cloud", "icloud"),
        ("bt internet", "btinternet"), ("b t internet", "btinternet"), ("virgin media", "virginmedia"),
        ("talk talk", "talktalk"), ("n t l world", "ntlworld"), ("out look", "outlook"), ("proton mail", "protonmail"),
        ("plus net", "plusnet"), ("a o l", "aol"), ("b t", "bt"), ("n h s", "nhs"),
    )
}  # fmt: skip
_LONGEST = 24  # words of a local part


def spoken_emails(tokens: Tokens) -> list[tuple[str, int, int]]:
    """Every address that is read out: as it is written, and the places of its words. Nothing is looked up.

    Where two words stand side by side it takes "all one word" to join them: half an address is worse than none.
    """
    found: list[tuple[str, int, int]] = []
    for at, word in enumerate(tokens.words):
        if word != "at" or len(found) >= 8:
            continue
        domain = _domain(tokens, _past(tokens, at + 1, 1))
        if domain is None:
            continue
        local = _local(tokens, _past(tokens, at - 1, -1), _one_word(tokens, domain[1]))
        if local is not None:
            found.append((f"{local[0]}@{domain[0]}", local[1], domain[1]))
    return found


def _past(tokens: Tokens, at: int, step: int) -> int:
    """The next place that holds no bracket: "(at)" and "[dot]" are said to keep machines off."""
    while tokens.at(at) in _BRACKETS and tokens.at(at):
        at += step
    return at


def _one_word(tokens: Tokens, at: int) -> bool:
    """Whether what goes before is said to be one word: "all one word", "all as one word", "no spaces"."""
    said = " ".join(tokens.words[max(at, 0) : at + 6])
    return any(words in said for words in ("one word", "no spaces", "no gaps"))


def _domain(tokens: Tokens, at: int) -> tuple[str, int] | None:
    """The domain that begins at `at`, and where it ends."""
    parts: list[str] = []
    while len(parts) < 5 and (label := _label(tokens, at)) is not None:
        parts.append(label[0])
        dot = _past(tokens, label[1], 1)
        if tokens.at(dot) not in ("dot", ".", "point") or (
            tokens.at(dot) == "." and not tokens.touches(dot + 1)
        ):
            return (".".join(parts), label[1]) if len(parts) > 1 and parts[-1] in _ENDINGS else None
        at = _past(tokens, dot + 1, 1)
    return None


def _label(tokens: Tokens, at: int) -> tuple[str, int] | None:
    """One part of a domain, "g mail" and "my dash mail" included, and where it ends."""
    for size in (4, 3, 2):
        known = _DOMAINS.get(tuple(tokens.words[max(at, 0) : at + size]))
        if known is not None:
            return known, at + size
    label, end = "", at
    while len(label) < 40:
        word = tokens.at(end)
        if word in ("hyphen", "dash", "-") and label:
            label += "-"
        elif word.isalnum() and word.isascii() and (not label or _goes_on(tokens, end, label)):
            label += word
        else:
            break
        end += 1
    return (label, end) if label and label[-1] != "-" else None


def _goes_on(tokens: Tokens, at: int, label: str) -> bool:
    """Whether a word belongs to the label before it: behind a hyphen, written close, or one letter after another."""
    return label[-1] == "-" or tokens.touches(at) or (len(tokens.words[at]) == len(tokens.words[at - 1]) == 1)


def _local(tokens: Tokens, end: int, joined: bool) -> tuple[str, int] | None:
    """The part before the "at" whose last word is at `end`, and where it begins; read leftwards, sign by sign.

    None where two words stand side by side and are not `joined`, said to be one.
    """
    parts: list[str] = []
    at, words = end, 0
    while at >= 0 and end - at < _LONGEST and not _before_address(tokens, at, end):
        word = tokens.words[at]
        skipped = _annotation(tokens, at)
        if skipped:
            joined, words, at = True, 0, at - skipped
            continue
        size = 1
        if word in _SIGNS and (word.isalpha() or tokens.touches(at) or tokens.touches(at + 1)):
            if not parts or parts[-1] in "._-+":
                return None
            parts.append(_SIGNS[word])
            words = 0
        elif word not in _BRACKETS:
            read, size = _said(tokens, at)
            words += len(read) > 1 and not read.isdecimal()
            if not read or (words > 1 and not joined and not tokens.touches(at + 1)):
                return None
            parts.append(read)
        at -= size
    local = "".join(reversed(parts)).strip(".")
    return (local, at + 1) if local and local[0].isalnum() else None


def _before_address(tokens: Tokens, at: int, end: int) -> bool:
    """Whether the words before an address begin at `at`: a cue, or the end of a sentence or line."""
    word = tokens.words[at]
    if word in _STOPS or (word == "s" and tokens.at(at - 1) in ("'", "’")):
        return True
    ended = word == "." and not tokens.touches(at + 1)
    return at < end and (ended or (tokens.breaks(at + 1) and word != "."))


def _annotation(tokens: Tokens, at: int) -> int:
    """How many words up to `at` only say how to write the rest: "all one word", "all lower case"."""
    for said in ("all one word", "one word", "all lower case", "all lowercase", "no spaces"):
        words = said.split()
        if tokens.words[max(0, at + 1 - len(words)) : at + 1] == words:
            return len(words)
    return 0


def _said(tokens: Tokens, at: int) -> tuple[str, int]:
    """The letters that end at `at`, and of how many words: "b for bravo", "double l", "seventy seven", "smith"."""
    word, link = tokens.words[at], tokens.at(at - 1)
    for size, letter in ((3, tokens.at(at - 2)), (4, tokens.at(at - 3))):
        linked = link in ("for", "as") if size == 3 else (tokens.at(at - 2), link) == ("as", "in")
        if linked and len(letter) == 1 and word.startswith(letter):
            return letter, size
    if link in _TIMES and (len(word) == 1 or word in _DIGITS):
        return (_digit(word) or word) * _TIMES[link], 2
    if link in _TENS and _DIGITS.get(word, "0") != "0":
        return _TENS[link] + _DIGITS[word], 2
    number = _TEENS.get(word) or (_TENS[word] + "0" if word in _TENS else "")
    if not number and len(word) > 1 and word not in ("oh", "nil"):
        number = _DIGITS.get(word, "")
    return number or (word if word.isalnum() and word.isascii() else ""), 1
