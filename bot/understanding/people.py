"""The writer's own name, and that of the person whom they write for: proposals, and only where they are plain."""

from __future__ import annotations

import re

from bot.understanding.names import TITLES, longest, name_at, spoken_name_at
from bot.understanding.spans import Span
from bot.understanding.tokens import Tokens

_KINDS_OF_NAME = frozenset(("full", "own"))
_LINKS = frozenset(("is", ":", "-", "–", "=", "’s", "s"))
_CALLS = frozenset("here speaking calling writing ringing again emailing phoning".split())
_AFTER_I = frozenset(("and", "from", "a", "an", "the", "writing", "calling", "but", "of", "with", "i", "my"))
_NUMBERED = frozenset("member membership student learner candidate apprentice cim cipfa cmi cqm cms".split())
_CLOSINGS = frozenset(
    "regards sincerely faithfully truly wishes respectfully diolch signed yours best".split()
)
_LIGHT_CLOSINGS = frozenset("thanks thank cheers ta you".split())


def find_own_names(tokens: Tokens) -> list[Span]:
    """What the writer is called, by their own words: "my name is", "I'm X Y and", a signature. One person, or more."""
    found: list[Span] = []
    for at, word in enumerate(tokens.words):
        span = None
        if word == "name":
            span = _named(tokens, at) or _for_records(tokens, at)
        elif word == "details":
            given = tokens.at(at - 1) == "my" and tokens.at(at + 1) in ("are", ":", "-")
            span = name_at(tokens, at + 2, least=2) if given else None
        elif word in ("i", "im", "this", "it", "its"):
            span = _introduced(tokens, at)
        elif word in _CLOSINGS or word in _LIGHT_CLOSINGS:
            span = _signed(tokens, at)
        elif word in ("here", "speaking") or (word in _NUMBERED and tokens.at(at - 1) == ","):
            span = _leading(tokens, at)
        if span is not None:
            found.append(span)
    last = (find(tokens) for find in (_ending, _last_line, _by_address, _behind_address))
    found = found or [span for span in last if span is not None]
    return longest(found)


def _named(tokens: Tokens, at: int) -> Span | None:
    """Read "My name is Jo Bell", "my name's jo bell", and "Name: Jo Bell" on a line of its own."""
    lead = at - 1
    if tokens.at(lead) in _KINDS_OF_NAME:
        lead -= 1
    mine = tokens.at(lead) in ("my", "our") or (tokens.breaks(lead + 1) and tokens.at(at + 1) == "is")
    labelled = tokens.breaks(lead + 1) and tokens.at(at + 1) in (":", "-", "=")
    mine = mine or (
        tokens.at(at + 1) == "is" and tokens.at(lead) in (",", "and") and tokens.at(lead - 1).isdecimal()
    )
    if not mine and not labelled:
        return None
    start = at + 1
    if tokens.at(start) in ("'", "’"):
        start += 1
    if tokens.at(start) not in _LINKS:
        return None
    start += 1
    found = name_at(tokens, start)
    return found or (spoken_name_at(tokens, start) if mine and tokens.at(start - 1) in ("is", "s") else None)


def _for_records(tokens: Tokens, at: int) -> Span | None:
    """Read "Name for your records only: Jo Bell" at the head of a sentence."""
    if not tokens.breaks(at):
        return None
    for place in range(at + 1, min(at + 7, len(tokens.words))):
        if tokens.words[place] == ":":
            return name_at(tokens, place + 1, least=2)
        if tokens.breaks(place):
            return None
    return None


_GREETED = frozenset("hello hi hiya , and morning afternoon evening".split())


def _introduced(tokens: Tokens, at: int) -> Span | None:
    """Read "I am Jane Hartley and" at the head of a sentence, and "this is Jane Hartley calling"."""
    start = at + 1
    if tokens.at(start) in ("'", "’"):
        start += 1
    if tokens.words[at] in ("i", "this", "it"):
        if tokens.at(start) not in ("m", "am", "is", "s"):
            return None
        start += 1
    name = name_at(tokens, start, least=2)
    if tokens.words[at] not in ("i", "im"):
        name = name or spoken_name_at(tokens, start, least=2)
        return name if name is not None and tokens.at(tokens.after(name.end)) in _CALLS else None
    # "I AM SO ANGRY AND" is shouting, and no name.
    if name is None or tokens.text[name.start : name.end].isupper():
        return None
    after = tokens.after(name.end)
    ends = tokens.breaks(after) or not tokens.at(after).isalnum()
    return name if (ends and _heads(tokens, at)) or tokens.at(after) in _AFTER_I else None


def _heads(tokens: Tokens, at: int) -> bool:
    """Whether a sentence begins here, or a greeting ends."""
    return tokens.breaks(at) or tokens.words[at - 1] in _GREETED


def _leading(tokens: Tokens, at: int) -> Span | None:
    """Read "Jane Hartley here", "Jane Hartley, membership number 30412267", at the head of a sentence."""
    for size in (6, 5, 4, 3, 2):
        end = at - 1 if tokens.at(at - 1) == "," else at
        if end >= size and (tokens.breaks(end - size) or tokens.at(end - size - 1) in (",", "hello", "hi")):
            name = name_at(tokens, end - size, least=2)
            if name is not None and name.end == tokens.ends[end - 1]:
                return name
    return None


def _signed(tokens: Tokens, at: int) -> Span | None:
    """Read "Kind regards, Jane Hartley", "Yours sincerely\\nJ. Hartley (Mrs)", "thanks jo bell" at the very end."""
    word, start = tokens.words[at], at + 1
    if word == "thank" or (word == "you" and tokens.at(at - 1) != "thank"):
        return None
    while tokens.at(start) in (",", ".", "!", "-", "–", "—", ":", "and", "from") and tokens.at(start):
        start += 1
    if start >= len(tokens.words) or start - at > 4:
        return None
    name = name_at(tokens, start, least=2) or _lone_name(tokens, start) or _last_word(tokens, start)
    if name is None:
        name = spoken_name_at(tokens, start, least=2)
        return name if name is not None and tokens.after(name.end) >= len(tokens.words) else None
    if (word in _LIGHT_CLOSINGS or word in ("yours", "best")) and not _ends_line(tokens, name):
        return None
    if word == "signed" and not tokens.breaks(at):
        return None
    return (
        name
        if _ends_line(tokens, name) or tokens.after(name.end) >= len(tokens.words) or word in _CLOSINGS
        else None
    )


def _lone_name(tokens: Tokens, start: int) -> Span | None:
    """Title and surname alone, "Mrs Dunn"."""
    return name_at(tokens, start) if tokens.at(start) in TITLES else None


def _last_word(tokens: Tokens, start: int) -> Span | None:
    """A first name alone, where it is the last word of all."""
    name = name_at(tokens, start)
    return name if name is not None and not tokens.text[name.end :].strip(" .\nxX") else None


def _ends_line(tokens: Tokens, name: Span) -> bool:
    """Whether a name ends its line, but for what people put behind their names."""
    rest = tokens.text[name.end :].split("\n", 1)[0][:120]
    return only_details(tokens, tokens.after(name.end), tokens.after(name.end + len(rest)))


# What makes a sentence of the words behind a name: "Jane Hartley, branch treasurer, Leeds" has none of them.
_SENTENCE = frozenset(
    """is was are were be been being am has have had having did does do will would can could should shall may
    might must said says told tells asked called rang wrote never not i we you he she they it my your his her
    their our me us him them who which that what when where why how if because but so then there this these
    those please thank s t d ll ve re let get got want wants need needs made makes gave gives took takes went
    goes came comes kept keeps left sent""".split()
)


def only_details(tokens: Tokens, first: int, last: int) -> bool:
    """Whether no sentence stands in `words[first:last]`, but a role, a firm, or ways to be reached."""
    if last - first > 24 or "?" in tokens.words[first:last]:
        return False
    if any(tokens.words[at] in TITLES and tokens.at(at - 1) != "(" for at in range(first, last)):
        return False  # another person
    begun = first < last and tokens.words[first].isalpha() and not tokens.capital(first)
    if begun and tokens.words[first] not in _BEHIND and not _is_address(tokens, first):
        return False
    # The "d" of "L&D manager" and of "m.d@example.org" is no "I'd".
    return all(
        word not in _SENTENCE or tokens.at(at - 1) == "&" or _is_address(tokens, at)
        for at, word in enumerate(tokens.words[first:last], first)
    )


_ADDRESS = re.compile(r"[\w.+%'-]{1,64}@")
_IN_ADDRESS = re.compile(r"@[\w.-]{0,64}$")


def _is_address(tokens: Tokens, at: int) -> bool:
    """Whether a word is a part of an e-mail address, on either side of its sign."""
    start = tokens.starts[at]
    if _ADDRESS.match(tokens.text, start) is not None:
        return True
    return _IN_ADDRESS.search(tokens.text, max(0, start - 65), start) is not None


_BEHIND = frozenset("on at tel mob phone mobile email e member membership student learner no number".split())


def _ending(tokens: Tokens) -> Span | None:
    """A name that is the last sentence, or stands behind the last dash: "- Jane Hartley", "Jane Hartley, Leeds."."""
    count = len(tokens.words)
    for at in range(count - 1, max(count - 24, 0), -1):
        dashed = tokens.words[at - 1] in ("–", "—") or (
            tokens.words[at - 1] == "-" and not tokens.touches(at)
        )
        initial = tokens.at(at - 1) == "." and len(tokens.at(at - 2)) == 1
        if initial or not (dashed or tokens.breaks(at)):
            continue
        name = name_at(tokens, at, least=2) or _lone_name(tokens, at)
        after = tokens.after(name.end) if name is not None else count
        # "Who was it? Mark Hill." is an answer, and no signature.
        answers = tokens.at(at - 1) == "?" and count - after <= 1
        if name is not None and not answers and only_details(tokens, after, count):
            return name
    return None


_OWN_ADDRESS = re.compile(r"([^\W\d_]{2,20})[._-]([^\W\d_]{2,20})@[\w.-]{1,64}[^\w@]*(?:[\d ()+-]{0,20})\W*$")


def _by_address(tokens: Tokens) -> Span | None:
    """A name that the address at the very end is made of, right before it: "kerry benbow kerry.benbow@example.org"."""
    found = _OWN_ADDRESS.search(tokens.text, max(0, len(tokens.text) - 160))
    if found is None:
        return None
    first, second = found.group(1).lower(), found.group(2).lower()
    at = tokens.after(found.start())
    for place in range(at - 2, max(at - 6, -1), -1):
        if tokens.words[place : place + 2] == [first, second] and tokens.at(place - 1) not in _NOT_OWN:
            return _made_of(tokens, place)
    return None


def _behind_address(tokens: Tokens) -> Span | None:
    """A name at the very end that the address before it is made of: "jas.bhogal@example.org, Jas Bhogal"."""
    last = len(tokens.words)
    while last > 2 and not tokens.at(last - 1).isalpha():
        last -= 1
    if last < 3:
        return None
    first, second = tokens.words[last - 2 : last]
    made = re.search(
        rf"(?<![^\W_]){re.escape(first)}[._-]?{re.escape(second)}@",
        tokens.text[: tokens.starts[last - 2]],
        re.I,
    )
    return _made_of(tokens, last - 2) if made is not None and len(first) > 1 and len(second) > 1 else None


def _made_of(tokens: Tokens, at: int) -> Span:
    said = " ".join(word.capitalize() for word in tokens.words[at : at + 2])
    return Span(said, tokens.starts[at], tokens.ends[at + 1])


_NOT_OWN = frozenset(
    """tutor trainer assessor coach teacher manager director mr mrs ms miss dr called named to from with ask asked
    contact email told rang by""".split()
)
_CONTACT = re.compile(r"@|\d{4}|^\s*\d|\b(?:tel|mob|phone|mobile|email|e-mail|member)\b|^\W*$", re.IGNORECASE)


def _last_line(tokens: Tokens) -> Span | None:
    """A name that has one of the last lines to itself, with nothing behind it but ways to reach its owner."""
    text = tokens.text
    if "\n" not in text:
        return None
    end = len(text)
    for line in reversed(text.rsplit("\n", 6)[1:]):
        start = end - len(line)
        said = line.strip(" \t,.")
        place = start + line.index(said[0]) if said else start
        if said and (index := _index(tokens, place)) is not None:
            name = name_at(tokens, index, least=2)
            if name is not None and name.end == place + len(said):
                return name
        end = start - 1
        if not (_CONTACT.search(line) or len(said.split()) <= 1):
            return None
    return None


def _index(tokens: Tokens, place: int) -> int | None:
    at = tokens.after(place)
    return at if at < len(tokens.starts) and tokens.starts[at] == place else None


# --------------------------------------------------------------------------------------- the person represented

_CLOSE = frozenset(
    """daughter son mother mum mam mom father dad wife husband partner brother sister child nephew niece grandson
    granddaughter grandmother grandfather nan uncle aunt fiance fiancee stepson stepdaughter client employee
    apprentice mother-in-law""".split()
)
_WIDER = frozenset("friend colleague neighbour cousin learner student boyfriend girlfriend lad".split())
_KIN = frozenset(
    "mother father parent mum dad wife husband guardian carer son daughter executor widow widower".split()
)
_GROUPS = frozenset(
    "staff team employees learners apprentices students clients members residents lads".split()
)
_CARED_FOR = frozenset("support care look help assist".split())
# What follows a name in small letters: "my daughter chloe benbow is doing".
_GOES_ON = frozenset("is was has who he she had".split())
_NO_NAME = frozenset(
    """away died left lost took went told says said still late now then just sat got did does goes kept fell broke gave
    came paid bought sent wrote rang never only also even twice once again back sick ill poorly maths english
    tutor exam mark result work boss level course""".split()
)
_PRONOUNS = frozenset(("her", "his", "their"))


def find_represented(tokens: Tokens) -> list[Span]:
    """The full name of whom somebody writes for: "my daughter, Cerys Bowen,", "on behalf of Mr John Smith"."""
    found: list[Span] = []
    related = False
    for at, word in enumerate(tokens.words):
        span = None
        if word in _GROUPS:
            # "One of my staff, Rebecca Lund,": which of them, a name has to say.
            one = tokens.words[max(0, at - 3) : at - 1] == ["one", "of"]
            span = _behind(tokens, at + 1) if one and tokens.at(at - 1) in ("my", "our") else None
        elif word in _KIN and tokens.at(at - 1) == "s" and tokens.at(at - 2) in ("'", "’"):
            span = _owner(tokens, at - 2)
        elif word in _CLOSE or word in _WIDER:
            mine = "my" in tokens.words[max(0, at - 3) : at] or "our" in tokens.words[max(0, at - 2) : at]
            related = related or mine
            wanted = mine and (
                word in _CLOSE or not {"behalf", "for"}.isdisjoint(tokens.words[max(0, at - 4) : at])
            )
            span = (_behind(tokens, at + 1) or _dictated(tokens, at + 1)) if wanted else None
        elif word in _CARED_FOR and tokens.at(at - 1) == "i":
            span = name_at(tokens, at + 2 if tokens.at(at + 1) in ("for", "after") else at + 1, least=2)
        elif (
            (
                (word == "of" and tokens.at(at - 1) == "behalf")
                or word in ("represent", "representing")
                or (word == "for" and tokens.at(at - 1) in ("act", "acting"))
            )
            or (word == "of" and tokens.at(at - 1) in _KIN and tokens.at(at - 2) in ("the", "a", "as", ","))
            or (word == "late" and tokens.at(at - 1) == "the")
        ):
            span = name_at(tokens, at + 1, least=2)
        elif word == "name" and tokens.at(at - 1) in _PRONOUNS and tokens.at(at + 1) == "is" and related:
            span = name_at(tokens, at + 2, least=2)
        if span is not None:
            found.append(span)
    return longest(found)


def _dictated(tokens: Tokens, at: int) -> Span | None:
    """A name in small letters behind "my daughter"; two words, and a verb that such a name would have."""
    if at >= len(tokens.words) or tokens.capital(at):
        return None
    name = spoken_name_at(tokens, at, least=2)
    if name is None or tokens.at(tokens.after(name.end)) not in _GOES_ON:
        return None
    parts = name.value.casefold().split()
    plain = all(len(part) > 2 and not part.endswith(("ing", "ed", "ly")) for part in parts)
    return name if len(parts) == 2 and plain and _NO_NAME.isdisjoint(parts) else None


def _owner(tokens: Tokens, end: int) -> Span | None:
    """Read "I am Ellie Marsh's mother": the name that ends right before the "'s", behind "I am" or "I'm"."""
    for size in (3, 2):
        first = end - size
        name = name_at(tokens, first, least=2)
        if name is not None and tokens.at(first - 1) in ("am", "m", "im") and name.value.split()[-1]:
            said = " ".join(name.value.split())
            return Span(said.removesuffix("'s").removesuffix("’s"), name.start, tokens.ends[end - 1])
    return None


def _behind(tokens: Tokens, at: int) -> Span | None:
    """The name behind a word for a person: "Cerys Bowen", ", Cerys Bowen", "(Cerys Bowen)", "called Cerys Bowen"."""
    for _ in range(2):
        if tokens.at(at) in (",", "(", "called", "named", "-", "–"):
            at += 1
    return name_at(tokens, at, least=2) if not tokens.breaks(at) else None
