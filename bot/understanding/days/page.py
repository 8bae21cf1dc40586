"""What the finders of days share: the text with the day it is read on, and what was found in it so far."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass, field
from datetime import date

from bot.understanding.tokens import Tokens

MOST = 40  # days of one text; a page of figures is not a diary


@dataclass(slots=True)
class Day:
    """A day named by `words[first:last]`.

    `kind` is the form it has: figures, dated (a day and a month), nth, feast, ago, weekday or near (yesterday).
    `vague` marks "about three weeks ago"; `dated_year` that the year was said too.
    """

    day: date
    first: int
    last: int
    kind: str
    vague: bool = False
    dated_year: bool = False


@dataclass(slots=True)
class Page:
    """A text read on the day `today`; `asked` when it answers a question for a date, and may be curt.

    `anchors` are the places of the words that a day may be named by: nothing else is looked at.
    """

    tokens: Tokens
    today: date
    asked: bool
    anchors: list[int]
    days: list[Day] = field(default_factory=list)
    taken: set[int] = field(default_factory=set)

    def free(self, first: int, last: int) -> bool:
        """Whether none of the words is part of a day that was found."""
        return self.taken.isdisjoint(range(first, last))

    def keep(self, day: Day) -> None:
        """Add a day, unless there are more than enough."""
        if len(self.days) < MOST:
            self.days.append(day)
            self.taken.update(range(day.first, day.last))


# What may follow a number that counts nothing: in "on the 12th I rang" it is a day, in "on the 12th floor" it is not.
_FOLLOWS = frozenset(
    "i we he she they it you my our his her their your this that these there the a an and but or so because "
    "as since when while which who where if then than to for at in on by with from about after before until "
    "till again also only still was were is are had has have did do does not no nobody noone someone "
    "somebody one everyone without via per around just even instead onwards me us him them its both all "
    "nothing it's im ive weve having being am pm please thanks inst ult though although whilst during "
    "between when's".split()
)


def closes(tokens: Tokens, index: int) -> bool:
    """Whether what stands at `index` cannot be what a number before it counts."""
    word = tokens.at(index)
    return not word or word in _FOLLOWS or tokens.breaks(index) or not (word.isalnum() or word in "%£$€#")


# A number behind one of these is its name: "level 3", "room 12/4", "version 10.3.26".
LABELS = frozenset(
    "level levels lvl unit units module modules room rooms rm question questions q page pages pp pg chapter "
    "ch section sections part parts stage stages step steps number numbers no nos version versions v ver "
    "release build paper papers group groups option options task tasks lesson lessons exercise assignment "
    "table figure appendix gate platform seat row building block floor flat band grade age aged clause "
    "clauses para paragraph paragraphs article schedule rule item ticket order ref reference code account "
    "invoice batch case criterion criteria outcome score mark scored cohort team line form ip server ios "
    "windows score ratio aged apartment suite box sort".split()
)


def labelled(tokens: Tokens, index: int) -> bool:
    """Whether the number at `index` names something: "room 12/4", "order no. 12.03.26", "ref: 12/03/26"."""
    before = index - 1
    while before >= 0 and tokens.words[before] in (".", ":", "#", "(") and index - before < 4:
        before -= 1
    word = tokens.at(before)
    # "Invoice of 3 March" and "on the invoice 3 March" are dates all the same: only the bare word is a label.
    return word in LABELS


def made(year: int, month: int, day: int) -> date | None:
    """The date, or None where the calendar has no such day."""
    if not (1900 <= year <= 2099 and 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]):
        return None
    return date(year, month, day)


def latest(today: date, month: int, day: int) -> date | None:
    """The last such day up to today; 29 February may lie four years back."""
    tried = (made(today.year - back, month, day) for back in range(9))
    return next((one for one in tried if one is not None and one <= today), None)


def back_months(today: date, months: int) -> date | None:
    """The same day so many months ago, or the last day of a shorter month."""
    place = today.year * 12 + today.month - 1 - months
    year, month = divmod(place, 12)
    if year < 1900:
        return None
    return date(year, month + 1, min(today.day, monthrange(year, month + 1)[1]))


def shifted(today: date, days: int) -> date | None:
    """The day so many days away, None beyond the calendar that people live in."""
    place = today.toordinal() + days
    return date.fromordinal(place) if place >= date(1900, 1, 1).toordinal() else None


SAME_SENTENCE = re.compile(r"[.!?;]\s|\n")
