"""The dates and contacts in a text, so that each can be traced to the decision or the pack that it is from."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

_ENGLISH = "January February March April May June July August September October November December".split()
_WELSH = "Ionawr Chwefror Mawrth Ebrill Mai Mehefin Gorffennaf Awst Medi Hydref Tachwedd Rhagfyr".split()
_MONTHS = {name: number for names in (_ENGLISH, _WELSH) for number, name in enumerate(names, 1)}
_DATE = re.compile(rf"(?:(\w+day|dydd \w+) )?\b(\d{{1,2}}) ({'|'.join(_MONTHS)}) (\d{{4}})\b")
_ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_URL = re.compile(r"https?://\S+")
# A telephone number: a plus or a nought, and at least nine digits; short help lines are three to six alone.
_PHONE = re.compile(r"(?<![\w.])(?:\+|\(?0)[\d ()]{8,}\d")


@lru_cache(4096)
def dates_in(text: str) -> frozenset[date]:
    """The days that a text names, in words or as ISO dates."""
    iso = [_day(int(y), int(m), int(d)) for y, m, d in _ISO.findall(text)]
    return frozenset(day for day in [*iso, *(day for _, day in _worded(text))] if day is not None)


def weekdays_in(text: str) -> list[tuple[str, date]]:
    """The days that a text names with their weekday, and that weekday."""
    return [(weekday, day) for weekday, day in _worded(text) if weekday and day is not None]


@lru_cache(4096)
def contacts_in(text: str) -> frozenset[str]:
    """E-mail addresses in lower case, web addresses, and telephone numbers as their last nine digits."""
    found = {address.lower().rstrip(".") for address in _EMAIL.findall(text)}
    found |= {url.rstrip(".,;)") for url in _URL.findall(text)}
    without_urls = _URL.sub(" ", text)
    found |= {re.sub(r"\D", "", number)[-9:] for number in _PHONE.findall(without_urls)}
    return frozenset(found)


def _worded(text: str) -> list[tuple[str, date | None]]:
    return [
        (weekday, _day(int(year), _MONTHS[month], int(number)))
        for weekday, number, month, year in _DATE.findall(text)
    ]


def _day(year: int, month: int, number: int) -> date | None:
    try:
        return date(year, month, number)
    except ValueError:
        return None
