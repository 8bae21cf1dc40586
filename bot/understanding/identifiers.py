"""Member numbers by the words before them, and references of our own cases."""

from __future__ import annotations

import re

from bot.understanding.dictation import SPOKEN, digits_at
from bot.understanding.spans import Span
from bot.understanding.tokens import Tokens, tokens_of
from cases.references import read_reference

_WHOSE = frozenset(
    "member membership student learner registration candidate apprentice mem memb uln".split()
    + "cim cipfa cmi cqm cms".split()
)
_NUMBER = frozenset("number no num nr nos id ref reference".split())
_LINKS = frozenset(("is", "was", ":", "=", "-", "–", ".", "#", "it", "'", "’", "s", "its", "are", "(", ")"))
# A member is also known by the bare number, "member 30412267"; a shorter one could be anything.
_LEAST_BARE = 5
_WRITTEN = re.compile(r"[A-Za-z]{0,3}[-/ ]?\d[\dA-Za-z/-]{2,14}(?![\w])")


def find_member_number(text: str, *, tokens: Tokens | None = None) -> Span | None:
    """The number after "membership number", as written but in capitals, or its figures where it is read out."""
    tokens = tokens or tokens_of(text)
    for at, word in enumerate(tokens.words):
        if word not in _WHOSE:
            continue
        start = at + 1
        if tokens.at(start) in ("'", "’") and tokens.at(start + 1) == "s":
            start += 2
        if tokens.at(start) in ("ship", "registration", "student", "member", "membership", "learner"):
            start += 1
        named = tokens.at(start) in _NUMBER or tokens.at(start) == "#"
        if not named and word == "uln":
            named, start = True, at
        found = _number(tokens, start + 1 if named else start, named=named) or _told_later(tokens, at)
        if found is not None:
            return found
    return None


_OTHER_NUMBER = frozenset(
    "phone telephone mobile tel order account invoice reference ref case ticket contact ring call".split()
)


def _told_later(tokens: Tokens, at: int) -> Span | None:
    """Read "I have been a member for years, number 30412267": the number comes later in the sentence."""
    for later in range(at + 1, min(at + 14, len(tokens.words))):
        if tokens.breaks(later) or tokens.words[later] in _OTHER_NUMBER:
            return None
        if tokens.words[later] in ("number", "no") and tokens.at(later - 1) in (",", "my", "(", "and", "-"):
            return _number(tokens, later + 1, named=True)
    return None


def _number(tokens: Tokens, at: int, *, named: bool) -> Span | None:
    for _ in range(4):
        if (named and tokens.at(at) in _LINKS) or tokens.at(at) in (":", "#", "-", "(", ","):
            at += 1
    if at >= len(tokens.words) or (tokens.breaks(at) and tokens.at(at - 1) not in (".", ":")):
        return None
    match = _WRITTEN.match(tokens.text, tokens.starts[at])
    if match is not None:
        figures = sum(letter.isdecimal() for letter in match.group())
        if figures >= 4 if named else figures >= _LEAST_BARE and match.group().isalnum():
            return Span(match.group().upper(), match.start(), match.end())
    if named and tokens.words[at] in SPOKEN:
        said, end, _ = digits_at(tokens, at)
        if 4 <= len(said) <= 12:
            return Span(said, tokens.starts[at], tokens.ends[end - 1])
    return None


_REFERENCE = re.compile(
    r"(?<![\w-])([A-Za-z][\w]{1,20})([ -])[0-9A-Za-z]{4}\2[0-9A-Za-z]{4}\2[0-9A-Za-z](?![\w-])"
)


def find_references(text: str) -> list[Span]:
    """References of our own cases, as we write them; one wrong letter and it is none."""
    if "-" not in text and not any(letter.isdecimal() for letter in text):
        return []
    found = []
    for match in _REFERENCE.finditer(text):
        # Five short words in a row have the shape too, and one such row in 32 the right check letter.
        body = match.group()[len(match[1]) :]
        meant = read_reference(match.group()) if match[2] == "-" or any(c.isdecimal() for c in body) else None
        if meant is not None:
            found.append(Span(meant, match.start(), match.end()))
    return found[:8]
