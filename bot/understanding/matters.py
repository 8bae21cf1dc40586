"""Two matters in one story: noticed only where the person says that there is another, and each is plainly named.

Most stories with "and" in them are one matter. So it takes a connective that opens a new one ("also", "separately",
"a second complaint"), and two plain subjects of which neither is a mere detail of the other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.messages import Proposal
from bot.understanding.cues import CueBook, Seen

_ANOTHER = re.compile(
    r"\b(also|as well|secondly|second(?= (?:thing|matter|complaint|issue|problem|point))|separate|separately"
    r"|another (?:thing|matter|complaint|issue|problem)|(?:the|my) other (?:thing|matter|complaint|issue|problem)"
    r"|(?:two|2) (?:things|complaints|matters|issues|problems|separate)|on top of (?:that|this|it|all)|in addition"
    r"|besides|unrelated|different matter|while i am writing|while i'm writing|at the same time i)\b",
    re.IGNORECASE,
)
_SUBJECT = "subject"


def two_matters(
    text: str, seen: Sequence[Seen], known: tuple[str, ...], book: CueBook
) -> tuple[Proposal, Proposal] | None:
    """The first and the second subject that a story names as two matters; None where it is one."""
    plain = sorted((one for one in seen if one.fact == _SUBJECT and one.plain), key=lambda one: one.start)
    plain = [one for one in plain if one.value in known]
    opened = [match.span() for match in _ANOTHER.finditer(text)]
    announced = _ANNOUNCED.search(text)
    if announced is None and not opened:
        return None
    told = _in_two_parts(text, seen, known, announced)
    if told is not None and not _related(*told, book):
        return _proposal(told[0]), _proposal(told[1])
    for i, first in enumerate(plain):
        for second in plain[i + 1 :]:
            if (
                first.value != second.value
                and _apart(first, second, opened, announced)
                and not _related(first, second, book)
            ):
                return _proposal(first), _proposal(second)
    return None


_ANNOUNCED = re.compile(
    r"\b(?:two|2) (?:things|complaints|matters|issues|problems|separate)\b", re.IGNORECASE
)


# "Two things. First ... Second ...": each part is of one matter, whatever words name it.
_SECOND = re.compile(
    r"(?<=[.!?;,\n])\s*(?:and )?(?:second|secondly|2nd|the second(?: one| thing)?|2[.)])\b", re.IGNORECASE
)


def _in_two_parts(
    text: str, seen: Sequence[Seen], known: tuple[str, ...], announced: re.Match[str] | None
) -> tuple[Seen, Seen] | None:
    """The subjects of the two parts that were announced; None where they are one, or a part names none or several."""
    second = None if announced is None else _SECOND.search(text, announced.end())
    if second is None:
        return None
    subjects = [one for one in seen if one.fact == _SUBJECT and one.value in known]
    first = _most([one for one in subjects if one.start < second.start()])
    last = _most([one for one in subjects if one.start >= second.start()])
    return (first, last) if first is not None and last is not None and first.value != last.value else None


def _most(seen: Sequence[Seen]) -> Seen | None:
    """What a part is about: what it says plainly, else what it mentions most."""
    left = [one for one in seen if one.plain] or list(seen)
    counts = {one.value: sum(other.value == one.value for other in left) for one in left}
    best = [value for value, count in counts.items() if count == max(counts.values())]
    return next(one for one in left if one.value == best[0]) if len(best) == 1 else None


def _apart(
    first: Seen, second: Seen, opened: Sequence[tuple[int, int]], announced: re.Match[str] | None
) -> bool:
    """Whether another matter is opened between the two, or both are announced before the first."""
    if second.start < first.end:
        return False
    between = any(first.end <= start and end <= second.end for start, end in opened)
    return between or (announced is not None and announced.start() < first.start)


# What these say is often only how another matter was handled: the tutor at the centre, the service about a mark.
_DETAILS = ("service", "product", "staff_member", "qualification_assessment")


def _related(first: Seen, second: Seen, book: CueBook) -> bool:
    """Whether one of the two is a mere detail of the other."""
    for one, other in ((first, second), (second, first)):
        if other.value in _DETAILS and other.value in book.beats.get((_SUBJECT, one.value), ()):
            return True
    return False


def _proposal(one: Seen) -> Proposal:
    return Proposal(one.value, one.start, one.end)
