"""Dates read out as figures: "oh three oh three twenty twenty six", "three slash three slash twenty six"."""

from __future__ import annotations

from bot.understanding.days.page import Day, Page, closes, latest, made
from bot.understanding.days.words import (
    ORDINALS,
    SUFFIXES,
    below_hundred,
    number_after,
    number_before,
    spoken_year,
)
from bot.understanding.tokens import Tokens

STROKES = frozenset("slash stroke oblique".split())
NOUGHTS = frozenset(("oh", "zero", "o", "nought"))


def find_spoken(page: Page) -> None:
    """Keep every date that is told figure by figure."""
    tokens = page.tokens
    for at in page.anchors:
        word, found = tokens.words[at], None
        if word in STROKES:
            found = _stroked(page, at)
        elif word in NOUGHTS:
            found = _noughts(page, at)
        elif (word in ORDINALS or word in SUFFIXES) and tokens.words[at + 1 : at + 3] == ["of", "the"]:
            found = _third_of_the_third(page, at + 1)
        if found is not None and page.free(found.first, found.last):
            page.keep(found)


def _figure(tokens: Tokens, at: int) -> tuple[int, int] | None:
    """A number that begins at `at`, "oh three" included, and where it ends."""
    nought = tokens.at(at) in NOUGHTS
    number = number_after(tokens, at + nought)
    if number is None or (nought and number.value > 9):
        return None
    return number.value, number.last


def _stroked(page: Page, at: int) -> Day | None:
    tokens = page.tokens
    day = number_before(tokens, at)
    month = _figure(tokens, at + 1)
    if day is None or month is None or tokens.at(month[1]) not in STROKES:
        return None
    year = _year(page, month[1] + 1)
    if year is None:
        return None
    found = made(year[0], month[0], day.value)
    first = day.first - 1 if tokens.at(day.first - 1) in NOUGHTS else day.first
    return Day(found, first, year[1], "figures", dated_year=True) if found is not None else None


def _noughts(page: Page, at: int) -> Day | None:
    tokens = page.tokens
    day = _figure(tokens, at)
    month = _figure(tokens, day[1]) if day is not None else None
    year = spoken_year(tokens, month[1]) if month is not None else None
    if day is None or month is None or year is None:
        return None
    found = made(year[0], month[0], day[0])
    return Day(found, at, year[1], "figures", dated_year=True) if found is not None else None


def _third_of_the_third(page: Page, at: int) -> Day | None:
    """The third of the third: only with a year, or where nothing but a date can follow "on the"."""
    tokens = page.tokens
    day, month = number_before(tokens, at), number_after(tokens, at + 2)
    if (
        day is None
        or month is None
        or "figures" in (day.style, month.style)
        or "word" in (day.style, month.style)
    ):
        return None
    year = _year(page, month.last)
    if year is not None:
        found = made(year[0], month.value, day.value)
        return Day(found, day.first, year[1], "figures", dated_year=True) if found is not None else None
    if tokens.words[max(0, day.first - 2) : day.first] != ["on", "the"] or not closes(tokens, month.last):
        return None
    found = latest(page.today, month.value, day.value) if month.value <= 12 else None
    return Day(found, day.first, month.last, "figures") if found is not None else None


def _year(page: Page, at: int) -> tuple[int, int] | None:
    tokens = page.tokens
    if (said := spoken_year(tokens, at)) is not None:
        return said
    word = tokens.at(at)
    if word.isdecimal() and len(word) in (2, 4) and tokens.at(at).isascii():
        return (int(word) if len(word) == 4 else 2000 + int(word)), at + 1
    short = below_hundred(tokens, at)
    return (2000 + short[0], short[1]) if short is not None and short[0] >= 10 else None
