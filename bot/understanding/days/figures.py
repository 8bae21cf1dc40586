"""Dates in figures: 3/3/26, 03.03.2026, 2026-03-03, and 12/10 where the words beside it say so."""

from __future__ import annotations

import re
from bisect import bisect_left
from datetime import date

from bot.understanding.days.page import Day, Page, closes, labelled, latest, made
from bot.understanding.days.words import SHORT_WEEKDAYS, WEEKDAYS
from bot.understanding.tokens import Tokens

_FULL = re.compile(
    r"(?<![\w£$€/.#-])(?:"
    r"(?P<d>\d{1,2})\s?(?P<sep>[/.-])\s?(?P<m>\d{1,2})\s?(?P=sep)\s?(?P<y>\d{4}|\d\d)(?!\w|\s?[/.-]\s?\d)"
    r"|(?P<iy>(?:19|20)\d\d)(?P<isep>[/.-])(?P<im>\d\d?)(?P=isep)(?P<id>\d\d?)(?=T\d|\W|_|$)(?![/.-]\d)"
    r"|(?P<sd>\d\d?) (?P<sm>\d\d?) (?P<sy>(?:19|20)\d\d)(?!\w|[ /.-]\d)"
    r")",
    re.IGNORECASE,
)
_PART = re.compile(r"(?<![\w£$€/.#-])(\d\d?)/(\d\d?)(?![\w/%]|[.-]\d)")
_SAYS_DATE = frozenset("on dated date since from until of sent received logged opened".split())
_FRACTIONS = frozenset(("1/2", "1/3", "2/3", "1/4", "3/4", "24/7", "50/50"))
_DIGITS = re.compile(r"\d\s?[/.-]\s?\d|\d \d")


def find_figures(page: Page) -> None:
    """Keep every date in figures, with the weekday before it."""
    text = page.tokens.text
    if _DIGITS.search(text) is None:
        return
    for match in _FULL.finditer(text):
        first = _index(page.tokens, match.start())
        if labelled(page.tokens, first) or (match["sd"] and not _says_date(page, first)):
            continue
        day = _day(match, page.today)
        if day is not None:
            _keep(page, day, match, dated_year=True)
    for match in _PART.finditer(text):
        first = _index(page.tokens, match.start())
        last = _index(page.tokens, match.end())
        if match.group() in _FRACTIONS or not page.free(first, last) or not _says_date(page, first):
            continue
        if not (page.asked or closes(page.tokens, last)):
            continue
        day = latest(page.today, int(match[2]), int(match[1]))
        if day is not None:
            _keep(page, day, match, dated_year=False)


def _keep(page: Page, day: date, match: re.Match[str], *, dated_year: bool) -> None:
    first, last = _index(page.tokens, match.start()), _index(page.tokens, match.end())
    first = weekday_before(page.tokens, first)
    if page.free(first, last):
        page.keep(Day(day, first, last, "figures", dated_year=dated_year))


def _says_date(page: Page, first: int) -> bool:
    before = page.tokens.at(first - 1)
    if before in (":", "-", "–") or before == "":
        return page.asked
    return before in _SAYS_DATE or before in WEEKDAYS or before in SHORT_WEEKDAYS or page.asked


def _day(match: re.Match[str], today: date) -> date | None:
    if match["iy"]:
        return made(int(match["iy"]), int(match["im"]), int(match["id"]))
    day, month, year = (match["d"], match["m"], match["y"]) if match["d"] else match.group("sd", "sm", "sy")
    if len(year) == 2 and match["sep"] == "." and " " in match.group():
        return None
    full = int(year) if len(year) == 4 else short_year(int(year), today)
    found = made(full, int(month), int(day))
    # 03/23/2026 names no day but one.
    return (
        found if found is not None or int(month) <= 12 or len(year) != 4 else made(full, int(day), int(month))
    )


def short_year(year: int, today: date) -> int:
    """The year of two figures: one of this century up to the next few years, or one of the last."""
    return 2000 + year if 2000 + year <= today.year + 5 else 1900 + year


def weekday_before(tokens: Tokens, first: int) -> int:
    """Where the weekday that leads a date begins, "Tuesday, " or "Tues (", or `first` where none does."""
    at = first - 1
    if tokens.at(at) == "the":
        at -= 1
    if tokens.at(at) in (",", ".", "(") and not tokens.breaks(at):
        at -= 1
    # "Sat 21 July" is a Saturday, and "sat 21 July" is an exam.
    said = tokens.at(at) != "sat" or tokens.capital(at)
    return at if tokens.at(at) in WEEKDAYS or (said and tokens.at(at) in SHORT_WEEKDAYS) else first


def _index(tokens: Tokens, place: int) -> int:
    return bisect_left(tokens.starts, place)
