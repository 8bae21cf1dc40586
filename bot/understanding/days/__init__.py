"""Days named in running text, in every wording that people in Britain use.

A grammar of its own: a parser of dates that is let loose on free text reads "sat", "we" and "march on" as days. A year
that is not said is that of the last such day; every date is echoed back to the person.
"""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.understanding.days.dated import find_dated
from bot.understanding.days.feasts import find_feasts
from bot.understanding.days.figures import find_figures
from bot.understanding.days.nth import INST, find_nths
from bot.understanding.days.page import Day, Page, shifted
from bot.understanding.days.relative import RELATIVE, find_ago, find_near, find_weekdays
from bot.understanding.days.spoken import NOUGHTS, STROKES, find_spoken
from bot.understanding.days.words import MONTHS, ORDINALS, SUFFIXES
from bot.understanding.spans import Span
from bot.understanding.tokens import Tokens, tokens_of

_LONDON = ZoneInfo("Europe/London")
_LONGEST_ANSWER = 400
_ANCHORS = RELATIVE | MONTHS.keys() | ORDINALS.keys() | SUFFIXES | INST.keys() | STROKES | NOUGHTS


class FutureDateError(ValueError):
    """The text names a time after today."""


def local_day(now: datetime) -> date:
    """The day it is in the United Kingdom; a naive `now` is taken as local."""
    return now.astimezone(_LONDON).date() if now.tzinfo else now.date()


def find_days(tokens: Tokens, today: date, *, asked: bool = False) -> list[Day]:
    """Every day that the text names, in its order; `asked` when it answers a question for a date."""
    page = Page(tokens, today, asked, [at for at, word in enumerate(tokens.words) if word in _ANCHORS])
    for find in (
        find_figures,
        find_spoken,
        find_dated,
        find_feasts,
        find_ago,
        find_nths,
        find_weekdays,
        find_near,
    ):
        find(page)
    page.days.sort(key=lambda day: day.first)
    for day in page.days:
        _shift(page, day)
    return page.days


def _shift(page: Page, day: Day) -> None:
    """Move a date to the day after it in "the day after Boxing Day"."""
    words = page.tokens.words
    lead = words[max(0, day.first - 3) : day.first]
    beside = lead[:2] in (["the", "day"], ["very", "day"]) and lead[-1] in ("before", "after")
    if beside and day.kind in ("feast", "dated"):
        moved = shifted(day.day, 1 if lead[-1] == "after" else -1)
        if moved is not None:
            day.day, day.first = moved, day.first - 3


def find_dates(text: str, now: datetime) -> list[Span]:
    """Every day that a text names, as an ISO date with its place; none for a month or a year alone."""
    tokens = tokens_of(text)
    days = find_days(tokens, local_day(now))
    return [Span(day.day.isoformat(), tokens.starts[day.first], tokens.ends[day.last - 1]) for day in days]


_AHEAD = frozenset(("next", "coming"))
_PERIODS = frozenset("week month year days weeks months years fortnight".split())


def read_date(text: str, now: datetime) -> str | None:
    """The one day that an answer names, as an ISO date; None for none, for two, or for a month alone.

    Raises FutureDateError for "next week" and the like, which name no day but say that none has come yet.
    """
    tokens = tokens_of(text[:_LONGEST_ANSWER])
    days = {day.day.isoformat() for day in find_days(tokens, local_day(now), asked=True)}
    if len(days) == 1:
        return days.pop()
    if not days and _ahead(tokens.words):
        raise FutureDateError
    return None


def _ahead(words: list[str]) -> bool:
    """Whether a time to come is named: next week, next Tuesday, in two weeks."""
    for at, word in enumerate(words):
        if (
            word in _AHEAD
            and at + 1 < len(words)
            and (words[at + 1] in _PERIODS or words[at + 1].endswith("day"))
        ):
            return True
        if (
            word == "in"
            and at + 2 < len(words)
            and words[at + 2] in _PERIODS
            and words[at + 1] not in ("the", "last")
        ):
            return True
    return False
