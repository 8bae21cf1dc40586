"""The days that a report is about, and those that it is compared with. Days are local, and both ends count."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from cases.reports.gather import beginning
from policy_rules.errors import Refusal

# Reports of longer spans would hold more of what was erased than anybody needs, and take their time.
LONGEST = timedelta(days=366 * 3)
# A write has its instant a moment before it is on disk: what is younger may still change.
SETTLED = timedelta(minutes=1)


class BadPeriod(Refusal):
    kind = "bad-period"
    title = "There is no report of these days"


@dataclass(frozen=True, slots=True)
class Period:
    """From `first` to `last`."""

    first: date
    last: date

    @property
    def before(self) -> Period:
        """As long before it: whole months before whole months, else as many days."""
        if self.months:
            return Period(_months_earlier(self.first, self.months), self.first - timedelta(days=1))
        days = self.last - self.first + timedelta(days=1)
        return Period(self.first - days, self.first - timedelta(days=1))

    @property
    def months(self) -> int:
        """How many whole months it is; 0 where it begins or ends within one."""
        after = self.last + timedelta(days=1)
        if not self.first.day == after.day == 1:
            return 0
        return (after.year - self.first.year) * 12 + after.month - self.first.month

    @property
    def is_year(self) -> bool:
        """Whether it is a calendar year."""
        return (self.first, self.last) == (date(self.first.year, 1, 1), date(self.first.year, 12, 31))

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


def year(number: int) -> Period:
    """A calendar year."""
    return Period(date(number, 1, 1), date(number, 12, 31))


def checked(first: date, last: date, as_of: datetime, now: datetime) -> Period:
    """The period. BadPeriod (422) where it ends before it begins, is too long, or nothing of it was over or known."""
    if last < first:
        raise BadPeriod("The last day must not be before the first.", where="to")
    if last - first > LONGEST:
        raise BadPeriod("A report is of three years at most.", where="to")
    if as_of > now - SETTLED:
        raise BadPeriod("A report says what was known a minute ago at the latest.", where="as_of")
    if beginning(first) > as_of:
        raise BadPeriod("At that instant none of these days had begun.", where="from")
    return Period(first, last)


def latest(now: datetime) -> datetime:
    """The latest instant that a report can be as of, at a whole minute."""
    return (now - SETTLED).replace(second=0, microsecond=0)


def _months_earlier(day: date, months: int) -> date:
    years, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(years, month + 1, 1)
