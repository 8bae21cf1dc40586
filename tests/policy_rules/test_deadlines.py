"""Periods: how months end, what waits for an event, what may be extended and by how much, and days that stand still."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from policy_rules.calendar import WorkingCalendar
from policy_rules.deadlines import Stop, due, extend, extension_limit, start_of
from policy_rules.errors import ExtensionRefused
from policy_rules.pack import Clock

LAST_DAY = WorkingCalendar(("england",), month_end="last_day")
NEXT_DAY = WorkingCalendar(("england",), month_end="next_day")
MONDAY = date(2026, 11, 2)


def clock(amount: int = 10, unit: str = "working_day", *, since: str = "received", **more: Any) -> Clock:
    base = {"id": "answer", "kind": "respond", "clause": "Times", "says": "It is answered.", "force": "must"}
    return Clock.model_validate({**base, "from": since, "amount": amount, "unit": unit, **more})


def extensible(**more: Any) -> Clock:
    allowed = {"amount": 10, "unit": "working_day", "clause": "Times", "says": "Ten more.", **more}
    return clock(extension=allowed)


class TestMonths:
    @pytest.mark.parametrize(
        ("start", "months", "first_day", "last_day", "next_day"),
        [
            ("2026-01-31", 1, "next", "2026-02-28", "2026-03-01"),
            ("2028-01-31", 1, "next", "2028-02-29", "2028-03-01"),
            ("2026-01-28", 1, "next", "2026-02-28", "2026-02-28"),
            ("2026-03-31", 1, "next", "2026-04-30", "2026-05-01"),
            ("2026-03-31", 1, "same", "2026-04-29", "2026-04-30"),
            ("2026-11-02", 6, "same", "2027-05-01", "2027-05-01"),
            ("2028-02-29", 12, "next", "2029-02-28", "2029-03-01"),
            ("2026-01-01", 12, "next", "2027-01-01", "2027-01-01"),
            ("2026-08-31", 6, "next", "2027-02-28", "2027-03-01"),
            ("2026-12-31", 2, "next", "2027-02-28", "2027-03-01"),
            ("2026-12-31", 0, "next", "2026-12-31", "2026-12-31"),
        ],
    )
    def test_a_month_that_lacks_the_day_ends_by_the_rule_that_was_chosen(
        self, start: str, months: int, first_day: str, last_day: str, next_day: str
    ) -> None:
        day = date.fromisoformat(start)
        assert str(LAST_DAY.add(day, months, "month", first_day=first_day)) == last_day
        assert str(NEXT_DAY.add(day, months, "month", first_day=first_day)) == next_day

    def test_without_a_rule_months_are_not_counted(self) -> None:
        with pytest.raises(ValueError, match="short month"):
            WorkingCalendar(("england",)).add(MONDAY, 1, "month")

    @given(start=st.dates(date(2000, 1, 1), date(2090, 1, 1)), months=st.integers(0, 60))
    def test_the_rules_are_a_day_apart_at_most_and_agree_where_the_day_exists(
        self, start: date, months: int
    ) -> None:
        sooner, later = (calendar.add(start, months, "month") for calendar in (LAST_DAY, NEXT_DAY))
        assert later - sooner == timedelta(days=0 if sooner.day == start.day else 1)
        assert (sooner.year * 12 + sooner.month) - (start.year * 12 + start.month) == months

    @given(
        start=st.dates(date(2000, 1, 1), date(2090, 1, 1)),
        months=st.integers(0, 60),
        rule=st.sampled_from([LAST_DAY, NEXT_DAY]),
    )
    def test_a_later_start_never_ends_sooner(self, start: date, months: int, rule: WorkingCalendar) -> None:
        assert rule.add(start, months, "month") <= rule.add(start + timedelta(days=1), months, "month")


class TestEvents:
    def test_a_clock_whose_event_is_to_come_has_no_date(self) -> None:
        waiting = clock(since="acknowledged")
        assert due(waiting, {"received": MONDAY}, LAST_DAY) is None
        assert due(waiting, {"received": MONDAY, "acknowledged": date(2026, 11, 4)}, LAST_DAY) == date(
            2026, 11, 18
        )

    @pytest.mark.parametrize(
        ("events", "start"),
        [
            ({}, None),
            ({"happened": date(2026, 1, 5)}, date(2026, 1, 5)),
            ({"known_about": date(2026, 3, 5)}, date(2026, 3, 5)),
            ({"happened": date(2026, 1, 5), "known_about": date(2026, 3, 5)}, date(2026, 3, 5)),
            ({"happened": date(2026, 4, 5), "known_about": date(2026, 3, 5)}, date(2026, 4, 5)),
        ],
    )
    def test_of_two_events_the_later_known_one_counts(self, events: Any, start: date | None) -> None:
        either = clock(12, "month", since="happened", or_later="known_about")
        assert start_of(either, events, LAST_DAY) == start

    def test_a_date_and_an_instant_are_compared_by_their_local_day(self) -> None:
        either = clock(1, "month", since="happened", or_later="known_about")
        late = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)  # already July in London
        assert due(either, {"happened": date(2026, 6, 30), "known_about": late}, LAST_DAY) == date(2026, 8, 1)


class TestExtending:
    def test_a_reason_moves_it_as_far_as_the_limit(self) -> None:
        part = extensible(needs_reason=True, must_tell=["the new day"], contact="ombudsman")
        limit = extension_limit(part, date(2026, 11, 18), LAST_DAY)
        assert limit == date(2026, 12, 2)
        moved = extend(
            part, [date(2026, 11, 18)], limit, on=MONDAY, calendar=LAST_DAY, reason="A witness is away."
        )
        assert (moved.due, moved.must_tell, moved.contact) == (limit, ("the new day",), "ombudsman")

    @pytest.mark.parametrize(
        ("allowed", "promised", "to", "on", "more", "says"),
        [
            ({}, ["2026-11-18"], "2026-12-03", "2026-11-10", {}, "2026-12-02 is the last day"),
            ({}, ["2026-11-18", "2026-11-25"], "2026-12-03", "2026-11-20", {}, "2026-12-02 is the last day"),
            ({"times": 1}, ["2026-11-18", "2026-11-25"], "2026-11-27", "2026-11-20", {}, "extended 1 times"),
            ({}, ["2026-11-18"], "2026-11-20", "2026-11-19", {}, "ran out on 2026-11-18"),
            ({}, ["2026-11-18"], "2026-11-18", "2026-11-10", {}, "no later than 2026-11-18"),
            ({}, ["2026-11-18"], "2026-11-17", "2026-11-10", {}, "no later than 2026-11-18"),
            (
                {"needs_reason": True},
                ["2026-11-18"],
                "2026-11-20",
                "2026-11-10",
                {"reason": "  "},
                "a reason",
            ),
            (
                {"needs_consent": True},
                ["2026-11-18"],
                "2026-11-20",
                "2026-11-10",
                {"reason": "x"},
                "to agree",
            ),
        ],
    )
    def test_it_is_refused_beyond_what_the_policy_allows(
        self, allowed: dict[str, Any], promised: list[str], to: str, on: str, more: dict[str, Any], says: str
    ) -> None:
        days = [date.fromisoformat(day) for day in promised]
        with pytest.raises(ExtensionRefused, match=says) as refused:
            extend(
                extensible(**allowed),
                days,
                date.fromisoformat(to),
                on=date.fromisoformat(on),
                calendar=LAST_DAY,
                **more,
            )
        assert refused.value.problem()["where"] == "answer"

    def test_a_promise_with_no_extension_cannot_be_moved(self) -> None:
        with pytest.raises(ExtensionRefused, match="no extension"):
            extend(
                clock(),
                [MONDAY],
                MONDAY + timedelta(1),
                on=MONDAY,
                calendar=LAST_DAY,
                reason="x",
                agreed=True,
            )

    def test_by_consent_it_may_be_moved_as_far_as_was_agreed(self) -> None:
        part = clock(
            6, "month", extension={"needs_consent": True, "clause": "Times", "says": "By agreement."}
        )
        assert extension_limit(part, MONDAY, LAST_DAY) is None
        moved = extend(part, [MONDAY], date(2028, 1, 1), on=MONDAY, calendar=LAST_DAY, agreed=True)
        assert moved.due == date(2028, 1, 1)

    @given(
        first=st.dates(date(2026, 1, 1), date(2027, 12, 1)),
        moves=st.lists(st.integers(-5, 25), min_size=1, max_size=6),
        before=st.integers(-3, 3),
    )
    def test_extending_never_brings_a_date_forward_nor_past_the_limit(
        self, first: date, moves: list[int], before: int
    ) -> None:
        part = extensible(times=3)
        limit = extension_limit(part, first, LAST_DAY)
        assert limit is not None
        promised = [first]
        for move in moves:
            to, on = promised[-1] + timedelta(days=move), promised[-1] - timedelta(days=before)
            try:
                moved = extend(part, promised, to, on=on, calendar=LAST_DAY)
            except ExtensionRefused:
                continue
            assert moved.due > promised[-1]
            promised.append(moved.due)
        assert promised == sorted(promised)
        assert promised[-1] <= max(limit, first)
        assert len(promised) <= 4


class TestStandingStill:
    def stopped(self, *stops: Stop, **more: Any) -> date | None:
        return due(clock(may_stop=True, **more), {"received": MONDAY}, LAST_DAY, stops)

    @pytest.mark.parametrize(
        ("stops", "expected"),
        [
            ([], "2026-11-16"),
            ([("2026-11-05", "2026-11-06")], "2026-11-18"),  # Thursday and Friday
            ([("2026-11-07", "2026-11-08")], "2026-11-16"),  # a weekend was not counted anyway
            (
                [("2026-11-06", "2026-11-09"), ("2026-11-09", "2026-11-10")],
                "2026-11-19",
            ),  # three days, one twice
            ([("2026-11-16", "2026-11-16")], "2026-11-17"),  # the last day itself
            ([("2026-11-13", "2026-11-17")], "2026-11-19"),  # across the last day: 13, 16 and 17
            ([("2026-11-13", "2026-11-13"), ("2026-11-17", "2026-11-17")], "2026-11-18"),
            ([("2026-11-02", "2026-11-02")], "2026-11-16"),  # the day of receipt is not counted
            ([("2026-11-17", "2026-11-30")], "2026-11-16"),  # it had run out
            ([("2026-10-01", "2026-11-03")], "2026-11-17"),  # it began while it stood still
        ],
    )
    def test_a_stopped_day_is_not_counted(self, stops: list[tuple[str, str]], expected: str) -> None:
        spans = [Stop(date.fromisoformat(first), date.fromisoformat(last)) for first, last in stops]
        assert str(self.stopped(*spans)) == expected

    def test_while_nobody_knows_until_when_there_is_no_date(self) -> None:
        assert self.stopped(Stop(date(2026, 11, 5))) is None
        assert self.stopped(Stop(date(2026, 11, 13), date(2026, 11, 13)), Stop(date(2026, 11, 17))) is None
        assert self.stopped(Stop(date(2026, 11, 17))) == date(2026, 11, 16)

    def test_only_a_clock_that_may_stop_does(self) -> None:
        stop = Stop(date(2026, 11, 5), date(2026, 11, 6))
        assert due(clock(), {"received": MONDAY}, LAST_DAY, [stop]) == date(2026, 11, 16)

    def test_days_weeks_and_months_count_every_day(self) -> None:
        weekend = Stop(date(2026, 11, 7), date(2026, 11, 8))
        for amount, unit, expected in ((10, "calendar_day", 14), (2, "week", 18)):
            assert self.stopped(weekend, amount=amount, unit=unit) == date(2026, 11, expected)
        assert self.stopped(weekend, amount=1, unit="month") == date(2026, 12, 4)
        assert self.stopped(weekend, amount=6, unit="calendar_day", first_day="same") == date(2026, 11, 9)

    @given(
        received=st.dates(date(2026, 1, 1), date(2027, 12, 1)),
        amount=st.integers(1, 30),
        begins=st.integers(1, 30),
        length=st.integers(1, 30),
    )
    def test_a_stop_of_n_working_days_moves_it_by_exactly_n_working_days(
        self, received: date, amount: int, begins: int, length: int
    ) -> None:
        part = clock(amount, may_stop=True)
        plain = due(part, {"received": received}, LAST_DAY)
        assert plain is not None
        first = LAST_DAY.add_working_days(received, begins)
        assume(first <= plain)
        stop = Stop(first, LAST_DAY.add_working_days(first, length - 1) if length > 1 else first)
        moved = due(part, {"received": received}, LAST_DAY, [stop])
        assert moved == LAST_DAY.add_working_days(plain, length)

    @given(
        received=st.dates(date(2026, 1, 1), date(2027, 12, 1)),
        unit=st.sampled_from(["working_day", "calendar_day", "week", "month"]),
        amount=st.integers(0, 8),
        first_day=st.sampled_from(["next", "same"]),
        stops=st.lists(st.tuples(st.integers(-20, 60), st.integers(0, 20)), max_size=4),
    )
    def test_standing_still_never_brings_a_date_forward_and_no_due_day_stands_still(
        self, received: date, unit: str, amount: int, first_day: str, stops: list[tuple[int, int]]
    ) -> None:
        spans = [
            Stop(received + timedelta(days=begins), received + timedelta(days=begins + length))
            for begins, length in stops
        ]
        part = clock(amount, unit, may_stop=True, first_day=first_day)
        plain = due(part, {"received": received}, LAST_DAY)
        moved = due(part, {"received": received}, LAST_DAY, spans)
        assert plain is not None
        assert moved is not None
        assert moved >= plain
        if moved > plain:
            assert not any(span.covers(moved) for span in spans)
