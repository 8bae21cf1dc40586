"""Postcodes, and the writer's own postal address where it is given as theirs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bot.understanding.days.words import CARDINALS
from bot.understanding.people import only_details
from bot.understanding.spans import Span
from bot.understanding.tokens import Tokens, tokens_of

# The areas are real ones in shape only: one or two letters, a district, a digit and two letters that no code ends in
# otherwise.
_POSTCODE = re.compile(
    r"(?<![\w£-])((?:[A-PR-UWYZ][A-HK-Y]?\d[\dA-HJKPSTUW]?|GIR)) ?(\d[ABD-HJLNP-UW-Z]{2})(?![\w-])",
    re.IGNORECASE,
)
_MOST = 8
_SHAPE = re.compile(r"\d ?\d[A-Za-z]{2}\b|[A-Za-z] ?\d[A-Za-z]{2}\b")


def find_postcodes(text: str) -> list[Span]:
    """Postcodes of the United Kingdom, in capitals with one space; "room B12 3rd floor" is none."""
    if _SHAPE.search(text) is None:
        return []
    found = [
        m
        for m in _POSTCODE.finditer(text)
        if not (m[2].endswith(("st", "nd", "rd", "th")) and m[1].isupper())
    ]
    return [Span(f"{m[1]} {m[2]}".upper(), m.start(), m.end()) for m in found][:_MOST]


_CUE = re.compile(
    r"\b(?:(?:my|our)\s+(?:(?:home|postal|new|current|full|own)\s+)?address(?:\s+is(?:\s+now)?|\s*[:–-]|\s+here\s+is)?"
    r"|(?:i|we)\s+(?:now\s+)?live\s+(?:at|in)|i(?:['’]?m|\s+am)\s+at|(?:reach|contact|get)\s+(?:me|us)\s+(?:by\s+post\s+)?at"
    r"|(?:write|writing|reply|respond|answer|letters?|post|send\w*)(?:\s+\w+){0,3}?\s+to\s+(?:me|us|my\s+home)(?:,?\s+(?:at|please))*"
    r"|(?:please|kindly|can\s+you|could\s+you|prefer|like)\s[^.!?\n]{0,50}\b(?:by\s+post|letter|write|reply|in\s+writing)\b"
    r"[^.!?\n]{0,20}?\b(?:to|at)(?=\s+(?:flat|apartment|\d))|(?:address|post)\s*[:–])\s*:?\s*",
    re.IGNORECASE,
)
_SIGN_OFF = re.compile(
    r"(?:^|\n)[ \t]*(?:(?:kind|best|warm|many)\s+)?(?:regards|yours\s+(?:sincerely|faithfully|truly)|sincerely"
    r"|best\s+wishes|thanks|thank\s+you|diolch)[ \t]*[,.!]?[ \t]*\n",
    re.IGNORECASE,
)
_LONGEST = 200  # characters of an address
_STOPS = re.compile(r"[!?;]|\.(?=\s+[A-Z][a-z]+\s+[a-z])|\n\s*\n")


def find_own_address(text: str, *, tokens: Tokens | None = None, names: Sequence[Span] = ()) -> Span | None:
    """The address that is introduced as the writer's, or stands behind one of the writer's `names`, as it is written.

    It has a postcode, or at the least a house and a street: anything less could be half an address.
    """
    tokens = tokens or tokens_of(text)
    codes = list(_POSTCODE.finditer(text)) if _SHAPE.search(text) is not None else []
    found = []
    if len(codes) <= _MOST:
        found = [span for code in codes if (span := _introduced(text, code)) is not None]
        found = found or [span for code in codes if (span := _signed(text, code)) is not None]
    found = found or [span for span in _streets(tokens) if _own(tokens, span, names)]
    return found[0] if len({span.value for span in found}) == 1 else None


_STREETS = frozenset(
    """street road rd avenue ave lane drive close way crescent terrace gardens court place square hill grove walk
    mews view park rise row green parade wharf quay villas buildings""".split()
)
_NUMBERS = frozenset(CARDINALS) | frozenset("forty fifty sixty seventy eighty ninety hundred".split())
_NO_PART = frozenset(
    """i we my me you your it is was and or but so as please thanks thank regards because who which that this
    there in at on to for from by not no the a an tel phone mobile email e mail call ring kind yours where
    since have has had am are where""".split()
)


def _streets(tokens: Tokens) -> Iterator[Span]:
    """Every house in a street, with the parts of the address that follow it."""
    for at, word in enumerate(tokens.words):
        if word not in _STREETS:
            continue
        house = _house(tokens, at)
        if house is not None:
            last = _parts(tokens, at + 1)
            start, end = tokens.starts[house], tokens.ends[last - 1]
            yield Span(_tidy(tokens.text[start:end]), start, end)


def _house(tokens: Tokens, street: int) -> int | None:
    """Where the house begins whose street's last word is at `street`: "3 Mill", "Flat 2, 14 High", "twelve Oak"."""
    at = street - 1
    while at >= 0 and street - at < 5 and tokens.words[at].isalpha() and not tokens.breaks(at + 1):
        if tokens.words[at] in _NUMBERS or tokens.words[at] in _NO_PART - {"the"}:
            break
        at -= 1
    if at == street - 1 or at < 0:
        return None
    number = tokens.words[at]
    if not (number in _NUMBERS or (number.isdecimal() and len(number) <= 4)):
        # "12a Oak Drive": the letter is a token of its own.
        return None
    while at > 0 and tokens.words[at - 1] in _NUMBERS:
        at -= 1
    comma = at - 1 if tokens.at(at - 1) == "," else at
    if tokens.at(comma - 2) in ("flat", "apartment", "unit", "room", "suite"):
        return comma - 2
    return at


def _parts(tokens: Tokens, at: int) -> int:
    """Where an address ends that has got as far as its street: after the town, the county, the postcode."""
    end = at
    for _ in range(4):
        start = end + (tokens.at(end) == ",")
        if (
            tokens.breaks(start)
            and "\n"
            not in tokens.text[
                tokens.ends[end - 1] : tokens.starts[start] if start < len(tokens.words) else None
            ]
        ):
            break
        last = start
        while last < len(tokens.words) and last - start < 4 and _town(tokens, last, start):
            last += 1
        if last == start or last - start == 4:
            break
        end = last
    return end


def _town(tokens: Tokens, at: int, start: int) -> bool:
    word = tokens.words[at]
    return (
        (word.isalnum() or word in ("-", "'"))
        and word not in _NO_PART
        and (at == start or not tokens.breaks(at))
    )


def _own(tokens: Tokens, span: Span, names: Sequence[Span]) -> bool:
    """Whether the words right before an address say that it is the writer's, or they are a signature."""
    text = tokens.text
    lead = text[: span.start].rstrip(" \t\n,")
    if any(name.end <= len(lead) and not lead[name.end :].strip(" ,\n()MrsDi.") for name in names):
        return True
    cues = [
        cue
        for cue in _CUE.finditer(text, max(0, span.start - 90), span.start + 12)
        if cue.end() <= span.start
    ]
    if cues and not text[cues[-1].end() : span.start].strip(" ,:\n"):
        return True
    first = start = tokens.after(span.start)
    while first > 0 and start - first < 16 and not _ends_before(tokens, first):
        first -= 1
    return "," in span.value and only_details(tokens, first, start)


def _ends_before(tokens: Tokens, at: int) -> bool:
    """Whether a sentence or line ends right before a word; the stops of an e-mail address end none."""
    return tokens.breaks(at) and not (tokens.words[at - 1] == "." and tokens.touches(at))


def _introduced(text: str, code: re.Match[str]) -> Span | None:
    cues = list(_CUE.finditer(text, max(0, code.start() - _LONGEST), code.start()))
    if not cues:
        return None
    start = cues[-1].end()
    if _STOPS.search(text, start, code.start()) or not _like_address(text[start : code.start()]):
        return None
    return Span(_tidy(text[start : code.end()]), start, code.end())


def _signed(text: str, code: re.Match[str]) -> Span | None:
    """The lines under a name at the end of a letter, down to the postcode."""
    signed = list(_SIGN_OFF.finditer(text, 0, code.start()))
    if not signed or code.start() - signed[-1].end() > _LONGEST + 60:
        return None
    block_start = signed[-1].end()
    lines = text[block_start : code.end()].split("\n")
    while lines and not lines[0].strip():
        block_start += len(lines.pop(0)) + 1
    if len(lines) < 2:
        return None
    start = block_start + len(lines[0]) + 1
    body = text[start : code.start()]
    if "@" in body or not _like_address(body) or any(len(line.split()) > 8 for line in lines):
        return None
    start += len(body) - len(body.lstrip())
    return Span(_tidy(text[start : code.end()]), start, code.end())


def _like_address(before: str) -> bool:
    """Whether words before a postcode can be the rest of an address: a house, a street, a town."""
    words = before.split()
    return 2 <= len(words) <= 24 and (bool(re.search(r"\d|,|\n", before)) or len(words) >= 3)


def _tidy(address: str) -> str:
    parts = [" ".join(part.split()).strip(" ,") for part in re.split(r"\n|,", address)]
    return ", ".join(part for part in parts if part)
