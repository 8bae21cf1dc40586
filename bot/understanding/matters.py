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
    if len({one.value for one in plain}) < 2:
        return None
    opened = [match.span() for match in _ANOTHER.finditer(text)]
    announced = _ANNOUNCED.search(text)
    if announced is None and not opened:
        return None
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
