"""Which days count, against what GOV.UK published; and the sum over them, against numpy's."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_rules.calendar import OutsideCalendar, WorkingCalendar

PUBLISHED = json.loads((Path(__file__).parent / "govuk_bank_holidays.json").read_text("utf-8"))
DIVISIONS = {
    "england": "england-and-wales",
    "wales": "england-and-wales",
    "scotland": "scotland",
    "northern_ireland": "northern-ireland",
}
ENGLAND = WorkingCalendar(("england", "wales"), month_end="last_day")
FIRST, LAST = date(2019, 1, 1), date(2027, 12, 31)


@pytest.mark.parametrize("nation", DIVISIONS)
def test_every_weekday_off_is_one_that_was_published(nation: str) -> None:
    published = set(PUBLISHED["days"][DIVISIONS[nation]]) | set(PUBLISHED["later"].get(nation, []))
    ours = WorkingCalendar((nation,))
    day = FIRST
    while day <= LAST:
        if day.weekday() < 5:
            assert ours.is_working(day) == (day.isoformat() not in published), day
        day += timedelta(days=1)


def test_a_calendar_of_bare_great_britain_would_be_caught() -> None:
    # The planted fault: `holidays` without a subdivision knows neither Easter Monday nor the August holiday.
    import holidays

    bare = holidays.country_holidays("GB", years=[2026])
    assert date(2026, 4, 6) not in bare
    assert not ENGLAND.is_working(date(2026, 4, 6))
    assert date(2026, 8, 31) not in bare
    assert not ENGLAND.is_working(date(2026, 8, 31))


@given(
    start=st.dates(date(2019, 1, 1), date(2027, 6, 1)),
    amount=st.integers(1, 40),
)
def test_adding_working_days_agrees_with_numpy(start: date, amount: int) -> None:
    off = list(PUBLISHED["days"]["england-and-wales"])
    # Rolling backward first is numpy's way of keeping a receipt on a day off: the next working day is day 1.
    expected = np.busday_offset(start.isoformat(), amount, roll="backward", holidays=off)
    assert ENGLAND.add_working_days(start, amount) == expected.astype(date)


@pytest.mark.parametrize(
    ("start", "amount", "unit", "first_day", "due"),
    [
        ("2026-12-24", 2, "working_day", "next", "2026-12-30"),  # 25 and 28 are off
        ("2026-12-28", 1, "working_day", "next", "2026-12-29"),  # Boxing Day in lieu
        ("2026-04-02", 2, "working_day", "next", "2026-04-08"),  # over Easter
        ("2026-11-28", 2, "working_day", "next", "2026-12-01"),  # a Saturday is kept; Monday is day 1
        ("2026-11-28", 0, "working_day", "same", "2026-11-30"),  # the same day, on a day off
        ("2026-11-27", 0, "working_day", "same", "2026-11-27"),
        ("2026-11-27", 1, "working_day", "same", "2026-11-27"),
        ("2026-11-28", 1, "working_day", "same", "2026-11-30"),
        ("2026-11-01", 10, "calendar_day", "next", "2026-11-11"),
        ("2026-11-01", 10, "calendar_day", "same", "2026-11-10"),
        ("2026-11-01", 2, "week", "next", "2026-11-15"),
        ("2026-01-31", 1, "month", "next", "2026-02-28"),
        ("2027-12-15", 2, "month", "next", "2028-02-15"),
        ("2026-03-31", 1, "month", "same", "2026-04-29"),
    ],
)
def test_sums(start: str, amount: int, unit: str, first_day: str, due: str) -> None:
    assert ENGLAND.add(date.fromisoformat(start), amount, unit, first_day=first_day) == date.fromisoformat(
        due
    )


def test_a_closure_is_a_day_off_and_changes_the_version() -> None:
    closed = WorkingCalendar(("england",), closures=frozenset({date(2026, 12, 29)}))
    assert closed.add_working_days(date(2026, 12, 24), 1) == date(2026, 12, 30)
    assert closed.version != WorkingCalendar(("england",)).version


def test_any_of_the_nations_holidays_is_a_day_off() -> None:
    both = WorkingCalendar(("england", "scotland"))
    assert not both.is_working(date(2026, 11, 30))  # St Andrew's Day
    assert ENGLAND.is_working(date(2026, 11, 30))


def test_a_year_without_known_holidays_is_refused_rather_than_guessed() -> None:
    with pytest.raises(OutsideCalendar, match="2100"):
        ENGLAND.is_working(date(2100, 1, 1))
