"""Days that have a name: Boxing Day, Good Friday, St David's Day, the August bank holiday."""

from __future__ import annotations

import re
from bisect import bisect_left
from datetime import date, timedelta

from dateutil.easter import easter

from bot.understanding.days.page import Day, Page, latest, made

# A look at the words is far cheaper than the search, which is made only where one of these stands, or two together.
_ALONE = frozenset(
    "christmas xmas boxing halloween hallowe bonfire fawkes burns remembrance armistice valentine "
    "valentines saint easter maundy palm pancake shrove whit mothering holiday friday eve".split()
)
_WITH_DAY = frozenset("year years may mother mothers father fathers st ash".split())
_FEAST = re.compile(
    r"\b(?:(?P<fixed>(?:christmas|xmas)\s+(?:day|eve)|boxing\s+day|new\s+year['’]?s?['’]?\s+(?:day|eve)|hallowe['’]?en"
    r"|bonfire\s+night|guy\s+fawkes\s+(?:night|day)|burns['’]?\s+night|armistice\s+day|valentine['’]?s?\s+day"
    r"|(?:st\.?|saint)\s+(?:david|patrick|andrew|george)['’]?s\s+day|may\s+day(?!\s+bank)|remembrance\s+day)"
    r"|(?P<easter>easter\s+(?:sunday|monday|saturday|day)|good\s+friday|maundy\s+thursday|palm\s+sunday|ash\s+wednesday"
    r"|shrove\s+tuesday|pancake\s+day|whit\s+(?:sunday|monday)|mothering\s+sunday|mother['’]?s['’]?\s+day)"
    r"|(?P<moving>remembrance\s+sunday|father['’]?s['’]?\s+day|(?:(?:early\s+)?may(?:\s+day)?|(?:late\s+may|spring|whitsun)"
    r"|(?:late\s+|summer\s+|end\s+of\s+)?august)\s+bank\s+holiday(?:\s+monday)?|summer\s+bank\s+holiday))"
    r"(?:\s+(?:of\s+|in\s+)?(?P<year>(?:19|20)\d\d))?\b(?!\s+(?:weekend|week)\b)",
    re.IGNORECASE,
)
_FIXED = {
    "christmas day": (12, 25), "christmas eve": (12, 24), "boxing day": (12, 26), "new years day": (1, 1),
    "new years eve": (12, 31), "halloween": (10, 31), "bonfire night": (11, 5), "guy fawkes night": (11, 5),
    "guy fawkes day": (11, 5), "burns night": (1, 25), "armistice day": (11, 11), "remembrance day": (11, 11),
    "valentines day": (2, 14), "david day": (3, 1), "patrick day": (3, 17), "andrew day": (11, 30),
    "george day": (4, 23), "may day": (5, 1),
}  # fmt: skip
# Days after Easter Sunday.
_EASTER = {
    "good friday": -2, "easter saturday": -1, "easter sunday": 0, "easter day": 0, "easter monday": 1,
    "maundy thursday": -3, "palm sunday": -7, "ash wednesday": -46, "shrove tuesday": -47, "pancake day": -47,
    "whit sunday": 49, "whit monday": 50, "mothering sunday": -21, "mothers day": -21,
}  # fmt: skip


def find_feasts(page: Page) -> None:
    """Keep every feast, in the year that is said or else the last one that there was."""
    words = frozenset(page.tokens.words)
    if words.isdisjoint(_ALONE) and (words.isdisjoint(_WITH_DAY) or words.isdisjoint(("day", "wednesday"))):
        return
    starts = page.tokens.starts
    for match in _FEAST.finditer(page.tokens.text):
        first, last = bisect_left(starts, match.start()), bisect_left(starts, match.end())
        day = _day(match, page.today)
        if day is not None and page.free(first, last):
            page.keep(Day(day, first, last, "feast", dated_year=match["year"] is not None))


def _day(match: re.Match[str], today: date) -> date | None:
    kind = next(kind for kind in ("fixed", "easter", "moving") if match[kind])
    name = _plain(match[kind])
    year = int(match["year"]) if match["year"] else None
    if kind == "fixed":
        month, number = _FIXED[name]
        return latest(today, month, number) if year is None else made(year, month, number)
    in_year = _of_easter if kind == "easter" else _moving
    years = [year] if year is not None else [today.year, today.year - 1]
    return next((day for one in years if (day := in_year(name, one)) <= today or year is not None), None)


def _plain(name: str) -> str:
    name = re.sub(r"['’.]", "", " ".join(name.lower().split())).replace("xmas", "christmas")
    name = re.sub(r"^(?:st|saint) (\w+)s day$", r"\1 day", name)
    return {
        "new year day": "new years day",
        "new year eve": "new years eve",
        "valentine day": "valentines day",
    }.get(name, name)


def _of_easter(name: str, year: int) -> date:
    return easter(year) + timedelta(days=_EASTER["mothers day" if name == "mother day" else name])


def _moving(name: str, year: int) -> date:
    if name == "remembrance sunday":
        return _weekday_from(date(year, 11, 8), 6)
    if name.startswith("father"):
        return _weekday_from(date(year, 6, 15), 6)
    if "august" in name or "summer" in name:
        return _weekday_from(date(year, 8, 25), 0)
    late = any(word in name for word in ("late", "spring", "whitsun"))
    return _weekday_from(date(year, 5, 25 if late else 1), 0)


def _weekday_from(start: date, weekday: int) -> date:
    """The first such weekday on or after a day."""
    return start + timedelta(days=(weekday - start.weekday()) % 7)
