"""Working days: which days count, and the sum over them. The days come from `holidays`, always by subdivision."""

from __future__ import annotations

import calendar as month_lengths
from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache
from importlib.metadata import version
from zoneinfo import ZoneInfo

from policy_rules.lean import folders_of, left_out

# `holidays` loads the calendars of all its 250 countries with the first, and that is a tenth of a second.
with left_out({"holidays.countries": folders_of("holidays.countries")}, of="holidays.countries"):
    from holidays.countries.united_kingdom import UnitedKingdom

# Read once: looking it up opens the files of the installed distribution.
_HOLIDAYS = version("holidays")
SUBDIVISIONS = {"england": "ENG", "wales": "WLS", "scotland": "SCT", "northern_ireland": "NIR"}

# Beyond these years `holidays` knows no proclaimed days, and silently returns none after 2100.
FIRST_YEAR, LAST_YEAR = 1990, 2099


class OutsideCalendar(ValueError):
    """A sum that leaves the years for which bank holidays are known."""


@cache
def _bank_holidays(nation: str, year: int) -> frozenset[date]:
    # Bare "GB" would omit Easter Monday and the August holiday, hence the subdivision.
    days: Iterable[date] = UnitedKingdom(subdiv=SUBDIVISIONS[nation], years=year)  # type: ignore[no-untyped-call]
    return frozenset(days)


class WorkingCalendar:
    """Monday to Friday less the bank holidays of any of the pack's nations, in one time zone.

    `closures` are further days off (a later proclamation, a local closure), given as dates. `month_end` says where a
    month from the 31st ends if that month is shorter: `last_day` (its own last day) or `next_day` (the day after).
    """

    def __init__(
        self,
        nations: tuple[str, ...],
        timezone: str = "Europe/London",
        closures: frozenset[date] = frozenset(),
        month_end: str | None = None,
    ) -> None:
        self.nations = nations
        self.zone = ZoneInfo(timezone)
        self.closures = closures
        self.month_end = month_end
        self._off: dict[int, frozenset[date]] = {}
        extra = f"+{len(closures)}" if closures else ""
        self.version = f"{'+'.join(nations)}/holidays-{_HOLIDAYS}{extra}"

    def days_off(self, year: int) -> frozenset[date]:
        """The bank holidays and closures of one year (weekends are not listed)."""
        days = self._off.get(year)
        if days is None:
            if not FIRST_YEAR <= year <= LAST_YEAR:
                raise OutsideCalendar(
                    f"Bank holidays are known from {FIRST_YEAR} to {LAST_YEAR}, not for {year}."
                )
            days = frozenset().union(*(_bank_holidays(nation, year) for nation in self.nations))
            days |= {day for day in self.closures if day.year == year}
            self._off[year] = days
        return days

    def is_working(self, day: date) -> bool:
        return day.weekday() < 5 and day not in self.days_off(day.year)

    def on_or_after(self, day: date) -> date:
        """`day` itself if it is a working day, else the next one."""
        while not self.is_working(day):
            day += timedelta(days=1)
        return day

    def add_working_days(self, start: date, amount: int, *, first_day: str = "next") -> date:
        """The `amount`-th working day after `start` (`first_day` next) or counting `start` itself (same).

        Zero days is `start`, moved on to a working day. A start on a day off is kept: the next working day is
        day 1 under either way of counting.
        """
        if amount == 0:
            return self.on_or_after(start)
        day = start if first_day == "same" else start + timedelta(days=1)
        remaining = amount
        while True:
            if self.is_working(day):
                remaining -= 1
                if remaining == 0:
                    return day
            day += timedelta(days=1)

    def add(self, start: date, amount: int, unit: str, *, first_day: str = "next") -> date:
        """`start` plus `amount` of `unit` (working_day, calendar_day, week, month), as a date.

        With `first_day` same, `start` is day 1, so a period ends a day sooner. A month ends on the day of the
        same number, and where it has no such day by the rule `month_end`; ValueError if there is none.
        """
        if unit == "working_day":
            return self.add_working_days(start, amount, first_day=first_day)
        back = timedelta(days=1 if first_day == "same" and amount else 0)
        if unit == "month":
            return self._add_months(start, amount) - back
        return start + timedelta(days=amount * (7 if unit == "week" else 1)) - back

    def _add_months(self, start: date, amount: int) -> date:
        if self.month_end not in ("last_day", "next_day"):
            raise ValueError("Months are counted only by a calendar that says how a short month ends.")
        year, month = divmod(start.year * 12 + start.month - 1 + amount, 12)
        last = month_lengths.monthrange(year, month + 1)[1]
        if start.day <= last:
            return date(year, month + 1, start.day)
        return date(year, month + 1, last) + timedelta(days=1 if self.month_end == "next_day" else 0)
