"""Days counted from today: three weeks ago on Monday, last Tuesday, the Friday before last, yesterday, this morning."""

from __future__ import annotations

from datetime import date

from bot.understanding.days.dated import months_after
from bot.understanding.days.page import Day, Page, back_months, closes, made, shifted
from bot.understanding.days.words import (
    ORDINALS,
    SHORT_WEEKDAYS,
    WEEKDAYS,
    WEEKDAYS_PLURAL,
    count_before,
)
from bot.understanding.tokens import Tokens

_DAYS = {"day": 1, "days": 1, "week": 7, "weeks": 7, "wk": 7, "wks": 7, "fortnight": 14, "fortnights": 14}
_MONTHS_LONG = {"month": 1, "months": 1, "mth": 1, "mths": 1, "year": 12, "years": 12, "yr": 12, "yrs": 12}
# "Over a year ago" names no day; "about three weeks ago" names one, but not to be put on record unasked.
_NOT_EXACT = frozenset(
    "over than nearly almost least under within past last these few several many some".split()
)
_ABOUT = frozenset(
    "about around roughly approximately approx some circa ish maybe perhaps say probably".split()
)
_NOT_BACK = frozenset("my the those these your his her their our get give want take took have".split())
_TIMES = frozenset("morning afternoon evening night lunchtime lunch tea teatime mid early late first".split())


# --------------------------------------------------------------------------------------------------------- ago


def find_ago(page: Page) -> None:
    """Keep "a fortnight ago", "two weeks ago yesterday", "two Fridays ago", "a week last Tuesday"."""
    tokens = page.tokens
    for at in page.anchors:
        word, found = tokens.words[at], None
        if word == "ago" or (word == "back" and closes(tokens, at + 1) and tokens.at(at + 1) != "in"):
            found = _ago(page, at)
        elif word in _DAYS and word not in ("day", "days"):
            found = _week_before(page, at) or _this_time(page, at)
        if found is not None and page.free(found.first, found.last):
            page.keep(found)


def _ago(page: Page, at: int) -> Day | None:
    tokens = page.tokens
    unit = tokens.at(at - 1)
    if unit in WEEKDAYS_PLURAL:
        count = count_before(tokens, at - 1)
        if count is None:
            return None
        day = shifted(_last(page.today, WEEKDAYS_PLURAL[unit]), -7 * (count[0] - 1))
        return Day(day, count[1], at + 1, "weekday") if day is not None else None
    working = tokens.at(at - 2) in ("working", "business", "school")
    end = at - 2 if working else at - 1
    count = count_before(tokens, end)
    if count is None or count[0] == 0:
        return None
    first, before = count[1], tokens.at(count[1] - 1)
    if before in _NOT_EXACT or (tokens.words[at] == "back" and before in _NOT_BACK):
        return None
    day = _counted(page.today, count[0], unit, working=working)
    if day is None:
        return None
    last, day = _to_weekday(page, at + 1, day) if unit not in ("day", "days") else (at + 1, day)
    if tokens.at(last) in ("today", "tonight"):
        last += 1
    return Day(day, first, last, "ago", vague=before in _ABOUT)


def _counted(today: date, count: int, unit: str, *, working: bool) -> date | None:
    if unit in _MONTHS_LONG:
        return back_months(today, count * _MONTHS_LONG[unit])
    if unit not in _DAYS:
        return None
    if not working:
        return shifted(today, -count * _DAYS[unit])
    day: date | None = today
    while count > 0 and day is not None:
        day = shifted(day, -1)
        count -= day is not None and day.weekday() < 5
    return day


def _to_weekday(page: Page, at: int, day: date) -> tuple[int, date]:
    """The day moved by what follows "ago": yesterday, or that week's Monday."""
    tokens = page.tokens
    if tokens.at(at) == "yesterday":
        return at + 1, shifted(day, -1) or day
    start = at + 1 if tokens.at(at) == "on" else at
    if tokens.at(start) in ("last", "this"):
        start += 1
        weekday = WEEKDAYS.get(tokens.at(start))
        if weekday is not None and tokens.at(start - 1) == "last":
            # "A year ago last Tuesday" is that date a year ago; so many weeks before it fall on a Tuesday anyway.
            return start + 1, shifted(_last(page.today, weekday), (day - page.today).days) or day
    weekday = WEEKDAYS.get(tokens.at(start))
    return (at, day) if weekday is None else (start + 1, shifted(day, weekday - day.weekday()) or day)


def _week_before(page: Page, at: int) -> Day | None:
    """Read "a week last Tuesday", "a fortnight last Monday", "a week yesterday"."""
    tokens = page.tokens
    count = count_before(tokens, at)
    if count is None:
        return None
    back = count[0] * _DAYS[tokens.words[at]]
    if tokens.at(at + 1) == "yesterday":
        day = shifted(page.today, -back - 1)
        return Day(day, count[1], at + 2, "ago") if day is not None else None
    start = at + 2 if tokens.at(at + 1) == "on" else at + 1
    weekday = WEEKDAYS.get(tokens.at(start + 1))
    if weekday is None or tokens.at(start) not in ("last", "past"):
        return None
    day = shifted(_last(page.today, weekday), -back)
    return Day(day, count[1], start + 2, "ago") if day is not None else None


def _this_time(page: Page, at: int) -> Day | None:
    """Read "this time last week", and none so long ago that nobody means the day."""
    tokens = page.tokens
    if tokens.words[at] != "week" or tokens.words[max(0, at - 3) : at] not in (
        ["this", "time", "last"],
        ["this", "day", "last"],
    ):
        return None
    day = shifted(page.today, -7)
    return Day(day, at - 3, at + 1, "ago") if day is not None else None


# ---------------------------------------------------------------------------------------------------- weekdays

_NEVER_AFTER = frozenset(
    "a an every each any most some alternate my our your his her their another one or by until till before "
    "after next coming good black easter ash whit palm shrove maundy cyber super holiday to than for at in "
    "of like except sheffield weekly called named regular usual normal following previous other same bloody "
    "wet the and".split()
)
_MAY_LEAD = frozenset(("on", "since", "from", "this", "past", "early", "late", "before"))
_LATER = frozenset("will ll shall wont next tomorrow upcoming please gonna due deadline".split())
_IS = frozenset("is are s re closes close starts start begins ends opens due be".split())
_ASKS = frozenset("ring call phone contact email text see".split())
_RANGE = frozenset(("to", "-", "–", "—", "through", "thru", "till", "until", "/"))


def find_weekdays(page: Page) -> None:
    """Keep every weekday that is one day: the last Tuesday, and neither "every Tuesday" nor "my Tuesday class"."""
    tokens, ranged = page.tokens, -1
    for at in page.anchors:
        word = tokens.words[at]
        weekday = WEEKDAYS.get(word)
        if weekday is None and word in SHORT_WEEKDAYS and _abbreviated(page, at):
            weekday = SHORT_WEEKDAYS[word]
        if (
            not page.asked
            and _is_weekday(tokens, at)
            and _is_weekday(tokens, at + 2)
            and tokens.at(at + 1) in _RANGE
        ):
            ranged = at + 2  # "Monday to Friday" is no day, and nor is its end
        elif weekday is not None and at != ranged and page.free(at, at + 1):
            found = _weekday(page, at, weekday)
            if found is not None and page.free(found.first, found.last):
                page.keep(found)


def _is_weekday(tokens: Tokens, at: int) -> bool:
    return tokens.at(at) in WEEKDAYS or tokens.at(at) in SHORT_WEEKDAYS


def _abbreviated(page: Page, at: int) -> bool:
    tokens, word = page.tokens, page.tokens.words[at]
    before = tokens.at(at - 1)
    if page.asked and (before == "" or before in ("on", "last")):
        return True
    wordlike = word in ("sat", "sun", "wed", "fri", "mon")
    if before not in ("last", "on", "since", "this") and tokens.at(at + 1) not in ("gone", "just"):
        return False
    return closes_day(tokens, at + 1) and (tokens.capital(at) or not wordlike or before == "last")


def closes_day(tokens: Tokens, at: int) -> bool:
    """Whether a day's name stands for the day there: an end, a time of day, or a word that cannot be its noun."""
    return closes(tokens, at) or tokens.at(at) in _TIMES


def _weekday(page: Page, at: int, weekday: int) -> Day | None:
    for read in (_of_a_month, _of_a_week, _before_last, _said_last):
        found = read(page, at, weekday)
        if found is not None:
            return found
    return Day(_last(page.today, weekday), at, at + 1, "weekday") if _bare(page, at) else None


def _last(today: date, weekday: int) -> date:
    """The last such weekday before today."""
    return date.fromordinal(today.toordinal() - ((today.weekday() - weekday - 1) % 7 + 1))


def _monday(today: date, weeks: int) -> date:
    return date.fromordinal(today.toordinal() - today.weekday() - 7 * weeks)


_WHICH = {name: place for name, place in ORDINALS.items() if place <= 5} | {"last": -1}


def _of_a_month(page: Page, at: int, weekday: int) -> Day | None:
    """The first Monday of September, the last Friday in October 2025."""
    tokens = page.tokens
    which = _WHICH.get(tokens.at(at - 1))
    first = at - 1
    if which is None and tokens.at(at - 1) in ("st", "nd", "rd", "th") and tokens.at(at - 2).isdecimal():
        which, first = int(tokens.at(at - 2)), at - 2
    if which is None or which > 5 or tokens.at(at + 1) not in ("of", "in"):
        return None
    named = months_after(page, at + 2)
    if named is None:
        return None
    last, month, year = named
    years = [year] if year is not None else [page.today.year, page.today.year - 1]
    for one in years:
        days = [d for n in range(1, 32) if (d := made(one, month, n)) is not None and d.weekday() == weekday]
        if which > len(days):
            return None
        day = days[which - 1 if which > 0 else -1]
        if year is not None or day <= page.today:
            return Day(day, first, last, "weekday", dated_year=year is not None)
    return None


def _of_a_week(page: Page, at: int, weekday: int) -> Day | None:
    """Tuesday last week, on Tuesday of last week, last week on Tuesday, the week before last on Tuesday."""
    tokens = page.tokens
    start = at + 2 if tokens.at(at + 1) in ("of", ",") else at + 1
    if tokens.at(start) in _TIMES:
        start += 1
    back = _week_named(tokens, start)
    if back is not None:
        return Day(_in_week(page.today, back[1], weekday), at, back[0], "weekday")
    end = at - 1 if tokens.at(at - 1) in ("on", ",") else at
    end = end - 1 if tokens.at(end - 1) == "," else end
    for size in (2, 4):
        back = _week_named(tokens, end - size) if end >= size else None
        if back is not None and back[0] == end and (size == 2 or tokens.at(end - 1) == "last"):
            day = _in_week(page.today, back[1], weekday)
            return Day(day, end - size, at + 1, "weekday") if day <= page.today else None
    return None


def _week_named(tokens: Tokens, at: int) -> tuple[int, int] | None:
    """Where "last week", "this week" or "the week before last" ends, and how many weeks back it is."""
    if tokens.at(at + 1) == "week" and tokens.at(at) in ("last", "this"):
        return at + 2, 1 if tokens.at(at) == "last" else 0
    start = at + 1 if tokens.at(at) == "the" else at
    if tokens.words[start : start + 3] == ["week", "before", "last"] and start >= 0:
        return start + 3, 2
    return None


def _in_week(today: date, back: int, weekday: int) -> date:
    return date.fromordinal(_monday(today, back).toordinal() + weekday)


def _before_last(page: Page, at: int, weekday: int) -> Day | None:
    """The Friday before last: a week before the last one."""
    tokens = page.tokens
    if tokens.words[at + 1 : at + 3] != ["before", "last"]:
        return None
    day = shifted(_last(page.today, weekday), -7)
    return Day(day, at, at + 3, "weekday") if day is not None else None


def _said_last(page: Page, at: int, weekday: int) -> Day | None:
    """Last Tuesday, this past Tuesday, Tuesday gone, Tuesday just gone, Tuesday last, Friday past."""
    tokens = page.tokens
    day = _last(page.today, weekday)
    end = at + 2 if tokens.at(at + 1) == "just" else at + 1
    if tokens.at(end) in ("gone", "past") and (tokens.at(at + 1) == "just" or _no_time(tokens, end + 1)):
        return Day(day, at, end + 1, "weekday")
    if tokens.at(at + 1) == "last" and closes_day(tokens, at + 2):
        return Day(day, at, at + 2, "weekday")
    if tokens.at(at - 1) in ("last", "past"):
        if tokens.at(at + 1) != "week":
            return Day(day, at - 1, at + 1, "weekday")
        before = shifted(day, -7)
        return Day(before, at - 1, at + 2, "weekday") if before is not None else None
    return None


def _no_time(tokens: Tokens, at: int) -> bool:
    """Not "Tuesday gone five", which tells the time."""
    return not tokens.at(at).isdecimal()


def _bare(page: Page, at: int) -> bool:
    """Whether a weekday on its own is the last one there was."""
    tokens = page.tokens
    before, after = tokens.at(at - 1), tokens.at(at + 1)
    if after in ("week", "fortnight", "next", "coming", "mornings", "evenings", "afternoons", "nights"):
        return False
    if tokens.at(at + 2) in ("mornings", "evenings", "afternoons", "nights"):
        return False
    if page.asked:
        return before not in ("next", "every", "each", "a", "most", "coming")
    if before == "and":
        return any(day.kind == "weekday" and 0 < at - day.last <= 3 for day in page.days) and closes_day(
            tokens, at + 1
        )
    if before not in _MAY_LEAD:
        if before in _NEVER_AFTER or not closes_day(tokens, at + 1):
            return False
        if not before.isalpha() and after == "and" and _is_weekday(tokens, at + 2):
            return False
    elif before != "on" and not closes_day(tokens, at + 1):
        return False
    return not _to_come(tokens, at)


def _to_come(tokens: Tokens, at: int) -> bool:
    """Whether the sentence speaks of a day ahead: "the visit is on Friday", "please ring me on Monday"."""
    start = at
    while start > 0 and at - start < 9 and not tokens.breaks(start):
        start -= 1
    lead = tokens.words[max(start, 0) : at]
    if not _LATER.isdisjoint(lead):
        return True
    near = [word for word in lead[-3:] if word not in ("on", "this", "booked", "for", "due")]
    if near and near[-1] in _IS:
        return True
    return len(lead) < 6 and any(word in _ASKS for word in lead[:2])


# -------------------------------------------------------------------------------------------------------- near

_NEAR = frozenset(("today", "tonight", "tomorrow", "night"))
_YESTERDAY = frozenset("yesterday yday yesteday yesturday yesterdy yesterady ystrday yesterdays".split())
_PARTS = frozenset(("morning", "afternoon", "evening", "lunchtime"))
_NOT_TODAY = frozenset(
    "world age society climate market standards money technology environment terms".split()
)


def find_near(page: Page) -> None:
    """Keep today, yesterday, this morning, last night, the day before yesterday, tomorrow."""
    tokens = page.tokens
    for at in page.anchors:
        word, found = tokens.words[at], None
        if word in _YESTERDAY:
            found = _yesterday(page, at)
        elif word in ("today", "tonight"):
            worldly = tokens.at(at + 1) in ("'", "’") and tokens.at(at + 3) in _NOT_TODAY
            found = None if worldly else (page.today, at, at + 1)
        elif word == "tomorrow":
            after = tokens.words[max(0, at - 2) : at] == ["day", "after"]
            day = shifted(page.today, 2 if after else 1)
            found = (day, at - 2 if after else at, at + 1) if day is not None else None
        elif word in _PARTS and tokens.at(at - 1) == "this":
            found = (page.today, at - 1, at + 1)
        elif word in ("night", "evening") and tokens.at(at - 1) == "last":
            day = shifted(page.today, -1)
            found = (day, at - 1, at + 1) if day is not None else None
        elif word == "night" and tokens.words[at + 1 : at + 3] == ["before", "last"]:
            day = shifted(page.today, -2)
            found = (day, at, at + 3) if day is not None else None
        if found is not None and page.free(found[1], found[2]):
            page.keep(Day(*found, "near"))


def _yesterday(page: Page, at: int) -> tuple[date, int, int] | None:
    tokens = page.tokens
    if tokens.at(at - 1) == "born":
        return None
    before = tokens.words[max(0, at - 2) : at] in (["day", "before"], ["night", "before"])
    day = shifted(page.today, -2 if before else -1)
    return (day, at - 2 if before else at, at + 1) if day is not None else None


# What a day that is counted from today is found by.
RELATIVE = (
    frozenset(("ago", "back"))
    | _DAYS.keys()
    | WEEKDAYS.keys()
    | SHORT_WEEKDAYS.keys()
    | _YESTERDAY
    | _PARTS
    | _NEAR
)
