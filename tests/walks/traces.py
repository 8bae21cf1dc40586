"""The dates and contacts in a text, so that each can be traced to the decision or the pack that it is from."""

from __future__ import annotations

import re
from datetime import date
from typing import Literal, overload

_MONTHS = (
    "January February March April May June July August September October November December".split()
)
_DATE = re.compile(rf"(?:(\w+day) )?\b(\d{{1,2}}) ({'|'.join(_MONTHS)}) (\d{{4}})\b")
_ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_URL = re.compile(r"https?://\S+")
# A telephone number: a plus or a nought, and at least nine digits; short help lines are three to six alone.
_PHONE = re.compile(r"(?<![\w.])(?:\+|\(?0)[\d ()]{8,}\d")


@overload
def dates_in(text: str, *, weekdays: Literal[True]) -> list[tuple[str, date]]: ...
@overload
def dates_in(text: str) -> list[date]: ...
def dates_in(text: str, *, weekdays: bool = False) -> list[date] | list[tuple[str, date]]:
    """The days that a text names, in words or as ISO dates; with `weekdays`, those with their weekday beside them."""
    worded = [
        (weekday, day)
        for weekday, number, month, year in _DATE.findall(text)
        if (day := _day(int(year), _MONTHS.index(month) + 1, int(number))) is not None
    ]
    if weekdays:
        return [(weekday, day) for weekday, day in worded if weekday]
    iso = [_day(int(y), int(m), int(d)) for y, m, d in _ISO.findall(text)]
    return [day for _, day in worded] + [day for day in iso if day is not None]


def contacts_in(text: str) -> set[str]:
    """E-mail addresses in lower case, web addresses, and telephone numbers as their last nine digits."""
    found = {address.lower().rstrip(".") for address in _EMAIL.findall(text)}
    found |= {url.rstrip(".,;)") for url in _URL.findall(text)}
    without_urls = _URL.sub(" ", text)
    found |= {re.sub(r"\D", "", number)[-9:] for number in _PHONE.findall(without_urls)}
    return found


def _day(year: int, month: int, number: int) -> date | None:
    try:
        return date(year, month, number)
    except ValueError:
        return None
