"""The 12th, with no month: that of the words around it, or the last 12th that there was."""

from __future__ import annotations

from datetime import date

from bot.understanding.days.dated import month_named
from bot.understanding.days.figures import weekday_before
from bot.understanding.days.page import Day, Page, back_months, closes, latest, made
from bot.understanding.days.words import (
    MONTHS,
    ORDINALS,
    SHORT_WEEKDAYS,
    SUFFIXES,
    WEEKDAYS,
    Number,
    number_after,
    number_before,
)
from bot.understanding.tokens import Tokens

_LEADS = frozenset("on since dated from until till of again to".split())
INST = {"inst": 0, "instant": 0, "ult": 1, "ultimo": 1}
_THIS = {"this": 0, "last": 1}
_NEAR = 40  # words that a month may lie away from the day that belongs to it
_SPOKEN_FROM = 4  # "on the first" and "on the third" count things more often than days


def find_nths(page: Page) -> None:
    """Keep every "12th" that is a day by the words beside it."""
    tokens = page.tokens
    for at in page.anchors:
        word = tokens.words[at]
        if word in SUFFIXES and tokens.at(at - 1).isdecimal():
            number = number_before(tokens, at + 1)
        elif word in ORDINALS:
            number = number_after(tokens, _tens_before(tokens, at))
        elif word in INST:
            number = number_before(tokens, at)
        else:
            continue
        if number is not None and page.free(number.first, number.last):
            day = _nth(page, number)
            if day is not None:
                page.keep(day)


def _tens_before(tokens: Tokens, at: int) -> int:
    start = at - 2 if tokens.at(at - 1) == "-" else at - 1
    return start if tokens.at(start) in ("twenty", "thirty") else at


def _nth(page: Page, number: Number) -> Day | None:
    tokens, at = page.tokens, number.last
    if tokens.at(at) in INST:
        return _of_month(page, number, INST[tokens.at(at)], at + 1)
    if tokens.at(at) == "of" and number.style in ("ordinal", "spoken"):
        if tokens.at(at + 1) in _THIS and tokens.at(at + 2) == "month":
            return _of_month(page, number, _THIS[tokens.at(at + 1)], at + 3)
        if tokens.words[at + 1 : at + 3] == ["the", "month"]:
            return None
    if number.style not in ("ordinal", "spoken"):
        return None
    first = weekday_before(tokens, number.first)
    if first < number.first and (number.style == "ordinal" or number.value >= _SPOKEN_FROM or page.asked):
        return Day(_on_weekday(page, first, number.value), first, at, "nth")
    if not _is_day(page, number):
        return None
    day = _understood(page, number)
    return Day(day, number.first, at, "nth") if day is not None else None


def _of_month(page: Page, number: Number, back: int, last: int) -> Day | None:
    month = back_months(page.today.replace(day=1), back)
    day = made(month.year, month.month, number.value) if month is not None else None
    return Day(day, number.first, last, "nth") if day is not None else None


def _is_day(page: Page, number: Number) -> bool:
    """Whether "the 12th" is a day: led like one, and counting nothing."""
    tokens = page.tokens
    if page.asked:
        return number.style == "ordinal" or tokens.at(number.first - 1) == "the"
    lead = number.first - 1
    the = tokens.at(lead) == "the"
    lead -= the
    if tokens.at(lead) not in _LEADS and not _listed(page, number.first, lead):
        return False
    if number.style == "spoken" and (number.value < _SPOKEN_FROM or not the):
        return False
    if tokens.at(lead) in ("of", "to", "from", "again") and not the:
        return False
    return _nothing_counted(tokens, number.last)


def _listed(page: Page, first: int, lead: int) -> bool:
    """Whether the day goes on a list: "on the 3rd, 4th and the 9th"."""
    tokens = page.tokens
    at = lead if tokens.at(lead) in ("and", ",", "&") else -1
    if at < 0:
        return False
    if tokens.at(at - 1) == ",":
        at -= 1
    return any(day.last == at and day.kind in ("nth", "dated", "figures") for day in page.days)


def _nothing_counted(tokens: Tokens, at: int) -> bool:
    """Whether nothing follows that the number counts, at the end of the list that it stands in."""
    while tokens.at(at) in ("and", ",", "&", "or", "to", "-") and (
        number := number_after(tokens, _past_the(tokens, at + 1))
    ):
        at = number.last
    if tokens.at(at) in ("of",):
        return tokens.at(at + 1) in MONTHS
    return closes(tokens, at)


def _past_the(tokens: Tokens, at: int) -> int:
    return at + 1 if tokens.at(at) == "the" else at


def _understood(page: Page, number: Number) -> date | None:
    """The nth of the month that the words around it speak of, else the last one that there was."""
    near = [
        d for d in page.days if d.kind in ("dated", "figures", "nth") and abs(d.first - number.first) <= _NEAR
    ]
    ahead = [d for d in near if d.first > number.first and _one_sentence(page, number.last, d.first)]
    for other in ahead[:1]:
        day = made(other.day.year, other.day.month, number.value)
        if day is not None and day < other.day and other.kind == "dated":
            return day
    before = [d for d in near if d.last <= number.first]
    if before:
        return _after(page, max(before, key=lambda d: d.last).day, number.value)
    month = month_named(page, number.first - _NEAR, number.first)
    if month is not None:
        return latest(page.today, month, number.value)
    for back in range(3):
        month_ago = back_months(page.today.replace(day=1), back)
        day = made(month_ago.year, month_ago.month, number.value) if month_ago is not None else None
        if day is not None and day <= page.today:
            return day
    return None


def _one_sentence(page: Page, first: int, last: int) -> bool:
    return not any(page.tokens.breaks(at) for at in range(first, last + 1))


def _after(page: Page, earlier: date, value: int) -> date | None:
    """The nth of the month that a tale has come to, or of the next where it has gone past it by half a month."""
    same = made(earlier.year, earlier.month, value)
    if same is not None and (earlier - same).days <= 14:
        return same if same <= page.today else None
    following = made(earlier.year + earlier.month // 12, earlier.month % 12 + 1, value)
    return following if following is not None and following <= page.today else same


def _on_weekday(page: Page, first: int, value: int) -> date:
    """The last month in which the nth fell on that weekday; a weekday that fits no month of late is a slip."""
    word = page.tokens.words[first]
    weekday = WEEKDAYS.get(word, SHORT_WEEKDAYS.get(word, -1))
    found: list[date] = []
    for back in range(7):
        month = back_months(page.today.replace(day=1), back)
        day = made(month.year, month.month, value) if month is not None else None
        if day is not None and day <= page.today:
            found.append(day)
    return next((day for day in found if day.weekday() == weekday), found[0])
