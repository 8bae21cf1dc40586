"""A day and a month in words, in any order and spelling: the 3rd of March, March 3rd, three march twenty twenty six."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from bot.understanding.days.figures import short_year, weekday_before
from bot.understanding.days.page import Day, Page, back_months, closes, labelled, latest, made
from bot.understanding.days.words import (
    MONTHS,
    WEEKDAYS,
    Number,
    number_after,
    number_before,
    spoken_year,
)
from bot.understanding.tokens import Tokens

# Months that are also words or names: in small letters, with bare figures, more must speak for a date.
_WORDS_TOO = frozenset("may march mar jan dec sun august".split())
_MONTH_ONLY = frozenset("in during of late early mid around till".split())
_STREETS = frozenset(
    "street road avenue lane drive terrace gardens crescent square court grove walk mews house".split()
)
_NOT_AFTER_MAY = frozenset(
    "be have not i we you they he she it need also well take get only apply never help seem resit sit still "
    "want go come".split()
)
_UNITS = frozenset(
    "day days week weeks month months year years hour hours minute minutes min mins am pm people times "
    "miles calls emails of per percent pounds points marks others more learners students members "
    "apprentices working candidates units".split()
)
_COUNTS = frozenset("only all these those any just another other both least most about".split())
_JOINERS = frozenset(("and", "&", "or", ",", "to", "-", "–", "—", "/", "until", "till", "through", "thru"))
_RANGES = _JOINERS - {",", "&"}


def find_dated(page: Page) -> None:
    """Keep every day that names its month, those that share a month with another included."""
    tokens = page.tokens
    for at in page.anchors:
        month = MONTHS.get(tokens.words[at])
        if month is None or not page.free(at, at + 1):
            continue
        for read in (_day_first, _month_first):
            found = read(page, at, month)
            if found is not None:
                page.keep(found)
                for other in (_sharing if read is _day_first else _following)(page, found, month):
                    page.keep(other)
                break
    _share_years(page)


def _day_first(page: Page, at: int, month: int) -> Day | None:
    """3 March, the 3rd of March, 3-Mar-26, the third day of March."""
    tokens = page.tokens
    end, of = at, False
    if tokens.at(end - 1) in ("of", "fo", "off"):
        end, of = end - 1, True
        if tokens.at(end - 1) == "day":
            end -= 1
    elif tokens.at(end - 1) in ("-", "/", ".", ",", "("):
        end -= 1
    number = number_before(tokens, end)
    if number is None or not page.free(number.first, at):
        return None
    last, year = _year(page, at + 1)
    if tokens.at(at - 1) == "," and number.style == "figures" and year is None:
        return None
    if not _plainly(page, number, at, last, of=of, year=year):
        return None
    return _made(page, number, month, year, number.first, last)


def _plainly(page: Page, number: Number, at: int, last: int, *, of: bool, year: int | None) -> bool:
    """Whether a number before a month's name is its day, and not the number of something else."""
    tokens = page.tokens
    if number.style == "figures" and labelled(tokens, number.first):
        return False
    if tokens.at(last) in _STREETS and (tokens.capital(at) or number.style == "figures") and year is None:
        return False
    if of or year is not None or page.asked:
        return True
    if number.style in ("word", "spoken"):
        # "The first march" and "one may say": a day in words needs a year, or a word that asks for a date.
        before = tokens.at(number.first - 1)
        return before in ("on", "dated", "since") or before in WEEKDAYS
    if number.style == "ordinal" or tokens.capital(at) or tokens.words[at] not in _WORDS_TOO:
        return True
    # "All 12 may resit", "only 3 march in step", "12 august governors".
    before, after = tokens.at(number.first - 1), tokens.at(last)
    if tokens.words[at] == "may" and after in _NOT_AFTER_MAY:
        return False
    return before not in _COUNTS and (before in ("on", "of", "the") or closes(tokens, last))


def _month_first(page: Page, at: int, month: int) -> Day | None:
    """March 3rd, March the third, Aug 5, 2026."""
    tokens = page.tokens
    start = at + 1
    if tokens.at(start) in (".", ",", "-"):
        start += 1
    the = tokens.at(start) == "the"
    number = number_after(tokens, start + the)
    if number is None or (tokens.breaks(start) and tokens.at(start - 1) != "."):
        return None
    last, year = _year(page, number.last)
    if number.style == "figures" and year is None and not page.asked:
        if tokens.at(at - 1) in _MONTH_ONLY or (the and not closes(tokens, last)):
            return None
        # "The March 26 cohort" is of a year; "on March 26" is a day.
        if abs(2000 + number.value - page.today.year) <= 3 and not _on(tokens, at):
            return None
        if tokens.at(last) in _UNITS or tokens.at(last) in MONTHS or _decimal(tokens, last):
            return None
        if tokens.words[at] in _WORDS_TOO and not closes(tokens, last):
            return None
    if number.style == "word" and year is None and not page.asked:
        return None
    if number.style == "spoken" and not the and year is None and not page.asked:
        return None
    if tokens.at(last) in ("time", "attempt", "year", "floor", "class", "party", "sitting") and not the:
        return None
    return _made(page, number, month, year, at, last)


def _on(tokens: Tokens, at: int) -> bool:
    return tokens.at(at - 1) == "on" or weekday_before(tokens, at) < at


def _decimal(tokens: Tokens, last: int) -> bool:
    """Whether a number goes on behind its first figures: 3.50, 3:30, 3/4."""
    return (
        tokens.at(last) in (".", ":", "/", ",") and tokens.touches(last) and tokens.at(last + 1).isdecimal()
    )


def _made(page: Page, number: Number, month: int, year: int | None, first: int, last: int) -> Day | None:
    tokens = page.tokens
    day = (
        _latest_or_next(page, month, number.value, first) if year is None else made(year, month, number.value)
    )
    if day is None:
        return None
    return Day(day, weekday_before(tokens, first), last, "dated", dated_year=year is not None)


# "My resit is on 4 December" lies ahead; all else without a year was the last time that there was such a day.
_AHEAD = frozenset(("is", "are", "be", "closes", "starts", "begins", "ends", "due"))
_AHEAD_BY = frozenset("on for by until booked scheduled arranged due moved postponed to the".split())
_SOON = 200  # days


def _latest_or_next(page: Page, month: int, day: int, first: int) -> date | None:
    tokens = page.tokens
    at = weekday_before(tokens, first) - 1
    steps = 0
    while steps < 3 and tokens.at(at) in _AHEAD_BY:
        at, steps = at - 1, steps + 1
    past = latest(page.today, month, day)
    if tokens.at(at) not in _AHEAD:
        return past
    ahead = made(page.today.year, month, day)
    if ahead is not None and ahead < page.today:
        ahead = made(page.today.year + 1, month, day)
    return ahead if ahead is not None and (ahead - page.today).days <= _SOON else past


def _year(page: Page, at: int) -> tuple[int, int | None]:
    """Where a date ends whose month and day end at `at`, and its year if it is said."""
    tokens = page.tokens
    start = at
    if tokens.at(start) in (",", "-", "/", ".", "of", "in"):
        start += 1
    word = tokens.at(start)
    if word.isdecimal() and len(word) == 4 and word[:2] in ("19", "20"):
        return start + 1, int(word)
    if word in ("'", "’") and len(tokens.at(start + 1)) == 2 and tokens.at(start + 1).isdecimal():
        return start + 2, short_year(int(tokens.at(start + 1)), page.today)
    spoken = spoken_year(tokens, start)
    if spoken is not None:
        return spoken[1], spoken[0]
    if len(word) == 2 and word.isdecimal() and tokens.at(start - 1) not in ("of", "in", "."):
        glued = tokens.at(start - 1) in ("-", "/") or tokens.touches(start)
        near = 0 <= page.today.year - 2000 - int(word) <= 15
        if near and (glued or closes(tokens, start + 1)) and not _decimal(tokens, start + 1):
            return start + 1, 2000 + int(word)
    return at, None


def _sharing(page: Page, found: Day, month: int) -> Iterator[Day]:
    """The days before a date that share its month: "the 3rd, 4th and 5th of March", "between 3 and 7 March"."""
    gathered: list[Number] = []
    at, least = found.first, found.day.day
    while len(gathered) < 12 and (number := _one_before(page, at)) is not None and number.value < least:
        gathered.append(number)
        at, least = number.first, number.value
    for number in gathered:
        if (day := made(found.day.year, month, number.value)) is not None:
            yield Day(day, number.first, number.last, "dated", dated_year=found.dated_year)


def _following(page: Page, found: Day, month: int) -> Iterator[Day]:
    """The days after a date that share its month: "June 5 or 6", "June 5-7"."""
    tokens = page.tokens
    at, least = found.last, found.day.day
    while not found.dated_year and tokens.at(at) in _JOINERS and tokens.at(at) != "/":
        number = number_after(tokens, at + 1)
        if number is None or number.style not in ("figures", "ordinal") or number.value <= least:
            return
        day = made(found.day.year, month, number.value)
        if (
            day is None
            or not closes(tokens, number.last)
            or tokens.at(number.last) in _UNITS
            or tokens.at(number.last) in MONTHS
        ):
            return
        yield Day(day, number.first, number.last, "dated")
        at, least = number.last, number.value


def _one_before(page: Page, at: int) -> Number | None:
    """The number before a joining word that ends at `at`: "3rd and", "3 -", "3rd to the"."""
    tokens = page.tokens
    end = at - 1 if tokens.at(at - 1) in ("the", "on") else at
    end = end - 1 if tokens.at(end - 1) in ("the", "on") else end
    if tokens.at(end - 1) not in _JOINERS:
        return None
    end -= 1
    if tokens.at(end - 1) == ",":
        end -= 1
    number = number_before(tokens, end)
    if number is None or number.style in ("word",) or not page.free(number.first, number.last):
        return None
    return None if number.style == "figures" and labelled(tokens, number.first) else number


def _share_years(page: Page) -> None:
    """Give the year of "1 July until 30 September 2025" to its first day too."""
    dated = sorted((day for day in page.days if day.kind == "dated"), key=lambda day: day.first)
    for one, other in pairwise(dated):
        between = page.tokens.words[one.last : other.first]
        joined = 1 <= len(between) <= 2 and between[0] in _RANGES | {"and"}
        if joined and other.dated_year and not one.dated_year:
            shared = made(other.day.year, one.day.month, one.day.day)
            if shared is not None and shared <= other.day:
                one.day = shared


def month_named(page: Page, first: int, last: int) -> int | None:
    """The month that stands alone among some words, "in March", where it can be nothing else."""
    tokens = page.tokens
    for at in range(last - 1, max(first, 0) - 1, -1):
        word = tokens.words[at]
        if word in MONTHS and tokens.at(at - 1) in ("in", "during", "of", "since", "last"):
            return MONTHS[word]
    return None


def months_after(page: Page, at: int) -> tuple[int, int, int | None] | None:
    """The month that stands at `at`, this or last month included: where it ends, which, and its year if said."""
    tokens = page.tokens
    start = at + 1 if tokens.at(at) in ("the", "this", "last") else at
    if tokens.at(start) == "month" and tokens.at(at) in ("this", "last"):
        month = back_months(page.today.replace(day=1), int(tokens.at(at) == "last"))
        return (start + 1, month.month, month.year) if month is not None else None
    if tokens.at(at) not in MONTHS:
        return None
    last, year = _year(page, at + 1)
    return last, MONTHS[tokens.at(at)], year
