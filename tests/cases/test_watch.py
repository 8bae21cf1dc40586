"""Clocks are watched: one warning for each clock and threshold, whoever looks and however often; paused ones are left."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from cases import audit_check, clock_moves, events, outbox, watch
from cases.audit import heads
from cases.clock_moves import ClockRow
from cases.models import cases
from cases.models import clocks as clock_rows
from cases.store import Store
from policy_rules.calendar import WorkingCalendar
from policy_rules.compiled import CompiledPack
from policy_rules.loader import Lines, LoadedPack
from tests.cases.afterlife import at, clocks, decided, file, flexible, pack, tell
from tests.cases.builders import REFERENCE

CALENDAR = pack().calendar
ACKNOWLEDGE, RESPOND = date(2026, 12, 30), date(2027, 1, 26)
PROCLAIMED = date(2027, 1, 11)
LATER = at(29)


def look(store: Store, moment: datetime, calendar: WorkingCalendar = CALENDAR) -> list[tuple[str, int]]:
    """One look at an instant: which clocks were told of, and how many working days before their last one."""
    found = due(store, moment, calendar)
    told = store.write_sync(lambda conn: watch.warn(conn, found, moment)) if found else 0
    assert told == len(found)
    return [(one.kind, one.days) for one in found]


def due(store: Store, moment: datetime, calendar: WorkingCalendar = CALENDAR) -> list[watch.Due]:
    until = watch.horizons(watch.today_of(moment, calendar), (3, 1), calendar)
    return store.read_sync(lambda conn: watch.to_warn(conn, "cqm", until))


def notices(store: Store) -> list[tuple[str, str, int]]:
    """(kind, clock, days) of what staff are to be told, in the order in which it was written."""
    claimed = store.write_sync(lambda conn: outbox.claim(conn, at(31, month=1), 50, timedelta(seconds=60)))
    mine = [item for item in claimed if item.target == "to-staff" and item.detail is not None]
    found = [(i.kind, str((i.detail or {})["clock"]), int((i.detail or {})["days"])) for i in mine]
    return sorted(found)


def with_closures(*days: date) -> CompiledPack:
    """The pack once bank holidays were proclaimed."""
    spec = pack().pack.calendar.model_copy(update={"closures": days})
    changed = pack().pack.model_copy(update={"calendar": spec})
    return CompiledPack(LoadedPack(changed, pack().sha256, Lines("cqm.yml")))


def recount(store: Store, compiled: CompiledPack, moment: datetime = LATER) -> list[int]:
    """Count again whatever needs it; how many days each case got anew."""
    key = watch.calendar_key(compiled.calendar)
    found = store.read_sync(lambda conn: watch.to_recount(conn, "cqm", key))
    return [
        store.write_sync(lambda conn, one=one: watch.recount(conn, one, compiled, moment))  # type: ignore[misc]
        for one in found
    ]


def past(store: Store) -> list[dict[str, Any]]:
    return store.read_sync(lambda conn: events.listing(conn, "cqm", REFERENCE))


def is_sound(store: Store) -> bool:
    return not store.read_sync(lambda conn: audit_check.verify(conn, heads(conn))).breaks


class TestWarned:
    def test_each_promise_is_spoken_of_before_it_is_due_and_once_it_was_missed(self, store: Store) -> None:
        file(store)
        said = {}
        for day in range(24, 31):
            said[f"{day} Dec"] = look(store, at(day, 9))
        for day in range(1, 31):
            said[f"{day} Jan"] = look(store, at(day, 9, month=1))
        assert {day: told for day, told in said.items() if told} == {
            # Two working days are too few for a warning three days ahead.
            "29 Dec": [("acknowledge", 1)],
            "1 Jan": [("acknowledge", watch.PASSED)],
            "21 Jan": [("respond", 3)],
            "25 Jan": [("respond", 1)],
            "27 Jan": [("respond", watch.PASSED)],
        }
        assert clocks(store)["acknowledge"].state == clocks(store)["respond"].state == "missed"
        assert [event["kind"] for event in past(store)] == ["missed", "missed"]
        assert notices(store) == [
            ("clock.due_soon", "acknowledge", 1),
            ("clock.due_soon", "respond", 1),
            ("clock.due_soon", "respond", 3),
            ("clock.missed", "acknowledge", -1),
            ("clock.missed", "respond", -1),
        ]

    @pytest.mark.parametrize(
        ("moment", "told"),
        [
            (datetime(2026, 12, 30, 23, 59, 59, tzinfo=UTC), [("acknowledge", 1)]),
            (datetime(2026, 12, 31, 0, 0, tzinfo=UTC), [("acknowledge", watch.PASSED)]),
        ],
    )
    def test_a_promise_lasts_until_the_end_of_its_last_day(
        self, store: Store, moment: datetime, told: list[tuple[str, int]]
    ) -> None:
        file(store)
        assert look(store, moment) == told

    def test_after_a_silence_of_ours_only_the_most_pressing_is_told(self, store: Store) -> None:
        file(store)
        assert look(store, at(28, month=1)) == [("acknowledge", -1), ("respond", -1)]
        assert look(store, at(28, month=1)) == []

    def test_what_was_done_stands_still_is_withdrawn_or_belongs_to_others_is_left(self, store: Store) -> None:
        file(store, decision=flexible())
        tell(store, "acknowledged", at(24, 18))
        tell(store, "paused", at(29), reason="The file is with the police.")
        assert due(store, at(31, month=1)) == []
        assert store.read_sync(lambda conn: watch.to_warn(conn, "cim", {-1: date(2028, 1, 1)})) == []

    def test_a_withdrawn_case_is_left_in_peace(self, store: Store) -> None:
        file(store)
        store.write_sync(lambda conn: conn.execute(cases.update().values(state="withdrawn")))
        assert due(store, at(31, month=1)) == []

    def test_a_promise_that_was_moved_is_warned_of_anew(self, store: Store) -> None:
        file(store, decision=flexible())
        assert ("respond", 1) in look(store, at(25, month=1))
        tell(store, "extended", at(25, 11, month=1), to="2027-02-05", reason="A witness is away.")
        assert look(store, at(26, month=1)) == []
        assert look(store, at(2, month=2).replace(year=2027)) == [("respond", 3)]

    def test_the_chain_of_the_audit_holds(self, store: Store) -> None:
        file(store)
        look(store, at(28, month=1))
        assert is_sound(store)


class TestTwoWorkers:
    def test_two_that_look_at_the_same_time_warn_once(self, store: Store) -> None:
        file(store)
        moment = at(28, month=1)
        first, second = due(store, moment), due(store, moment)
        with ThreadPoolExecutor(2) as threads:
            told = list(
                threads.map(
                    lambda found: store.write_sync(lambda conn: watch.warn(conn, found, moment)),
                    (first, second),
                )
            )
        assert sorted(told) == [0, 2]
        assert len(notices(store)) == 2
        assert [event["number"] for event in past(store)] == [1, 2]
        assert is_sound(store)

    def test_one_that_dies_half_way_leaves_nothing_and_the_next_one_does_it(self, store: Store) -> None:
        file(store)
        found = due(store, at(29))

        def die(conn: sa.Connection) -> None:
            watch.warn(conn, found, at(29))
            raise RuntimeError("killed")

        with pytest.raises(RuntimeError):
            store.write_sync(die)
        assert look(store, at(29, 11)) == [("acknowledge", 1)]
        assert notices(store) == [("clock.due_soon", "acknowledge", 1)]

    def test_one_that_was_met_since_it_was_read_is_not_told(self, store: Store) -> None:
        file(store)
        found = due(store, at(29))
        tell(store, "acknowledged", at(29))
        assert store.write_sync(lambda conn: watch.warn(conn, found, at(29))) == 0

    def test_a_planted_watcher_that_marks_nothing_would_warn_twice(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The mark on the clock is what keeps looks from finding it again; the outbox's id is the second net."""
        file(store)
        found = due(store, at(29))
        look(store, at(29))
        unmark = clock_rows.update().values(warned_due=None, warned_days=None)
        store.write_sync(lambda conn: conn.execute(unmark))
        assert due(store, at(29)) == found
        look(store, at(29, 12))
        assert notices(store) == [("clock.due_soon", "acknowledge", 1)]


class TestProclaimed:
    def test_a_later_day_leaves_the_earlier_promise_standing(self, store: Store) -> None:
        file(store)
        assert recount(store, pack()) == [0]
        assert recount(store, pack()) == []
        assert recount(store, with_closures(PROCLAIMED)) == [1]
        assert recount(store, with_closures(PROCLAIMED)) == []
        row = clocks(store)["respond"]
        assert (row.due, row.promised) == (date(2027, 1, 27), RESPOND)
        assert clocks(store)["acknowledge"].due == ACKNOWLEDGE
        (event,) = past(store)
        assert event["kind"] == "redated"
        assert event["data"]["days"] == [{"clock": "respond", "was": "2027-01-26", "is": "2027-01-27"}]
        (letter,) = [one for one in standing(store) if one["kind"] == "respond"]
        assert letter["due"] == RESPOND.isoformat(), "what people may count on is what they were told"
        assert is_sound(store)

    def test_warnings_go_by_the_day_that_the_person_was_told(self, store: Store) -> None:
        file(store)
        proclaimed = with_closures(PROCLAIMED)
        tell(store, "acknowledged", at(29))
        recount(store, proclaimed)
        assert look(store, at(22, month=1), proclaimed.calendar) == [("respond", 3)]
        (found,) = due(store, at(25, month=1), proclaimed.calendar)
        assert (found.day, found.due, found.days) == (RESPOND, date(2027, 1, 27), 1)
        look(store, at(25, month=1), proclaimed.calendar)
        assert look(store, at(27, month=1), proclaimed.calendar) == [], "the policy's own day is not over"
        assert look(store, at(28, month=1), proclaimed.calendar) == [("respond", -1)]

    def test_another_set_of_as_many_days_is_another_calendar(self, store: Store) -> None:
        file(store)
        recount(store, with_closures(PROCLAIMED))
        assert recount(store, with_closures(date(2027, 3, 1))) == [1]
        assert clocks(store)["respond"].due == RESPOND

    @pytest.mark.parametrize(
        "before",
        [
            lambda store: tell(store, "extended", at(29), to="2027-02-05", reason="A witness is away."),
            lambda store: [tell(store, "paused", at(29), reason="x"), tell(store, "resumed", at(31))],
            lambda store: tell(store, "responded", at(29)),
        ],
        ids=["extended", "paused before", "answered"],
    )
    def test_a_day_that_was_agreed_or_kept_is_left(
        self, store: Store, before: Callable[[Store], object]
    ) -> None:
        file(store, decision=flexible())
        before(store)
        was = clocks(store)
        assert sum(recount(store, with_closures(PROCLAIMED), at(31))) == 0
        assert clocks(store) == was

    def test_a_policy_that_counts_for_other_nations_now_changes_no_older_case(self, store: Store) -> None:
        file(store, calendar_version="scotland/holidays-0.108")
        was = clocks(store)
        assert recount(store, with_closures(PROCLAIMED)) == [0]
        assert clocks(store) == was
        assert recount(store, with_closures(PROCLAIMED)) == []

    def test_the_persons_own_window_gets_the_day_too_and_both_are_kept(self, store: Store) -> None:
        decision = decided()
        decision["clocks"][2] |= {"unit": "working_day"}
        file(store, decision=decision)
        tell(store, "responded", at(4, month=1))
        assert clocks(store)["escalate"].due == date(2027, 1, 18)
        recount(store, with_closures(PROCLAIMED), at(5, month=1))
        row = clocks(store)["escalate"]
        assert (row.due, row.promised) == (date(2027, 1, 19), date(2027, 1, 18))

    def test_a_window_that_is_over_stays_as_it_was(self, store: Store) -> None:
        decision = decided()
        decision["clocks"][2] |= {"unit": "working_day"}
        file(store, decision=decision)
        tell(store, "responded", at(4, month=1))
        recount(store, with_closures(PROCLAIMED), at(19, month=1))
        assert clocks(store)["escalate"].promised is None

    def test_a_time_that_runs_from_the_first_case_of_the_matter_is_counted_from_there(
        self, store: Store
    ) -> None:
        decision = decided()
        whole = {**decision["clocks"][1], "kind": "overall", "from": "original_received"}
        file(store, decision={**decision, "clocks": [*decision["clocks"], whole]})
        recount(store, with_closures(PROCLAIMED))
        assert clocks(store)["overall"].due == date(2027, 1, 27)

    def test_where_that_is_not_known_its_day_is_left(self, store: Store) -> None:
        """Somebody told of the first stage, which was never a case here."""
        decision = decided()
        whole = {**decision["clocks"][1], "kind": "overall", "from": "original_received", "due": "2027-01-12"}
        facts = {"subject": "service", "stage_reached": "stage_1"}
        file(store, facts=facts, decision={**decision, "clocks": [*decision["clocks"], whole]})
        recount(store, with_closures(PROCLAIMED))
        assert clocks(store)["overall"].due == date(2027, 1, 12)

    def test_a_clock_that_waits_has_nothing_to_count(self, store: Store) -> None:
        file(store, decision=decided())
        recount(store, with_closures(PROCLAIMED))
        assert clocks(store)["escalate"].due is None


def standing(store: Store) -> list[dict[str, Any]]:
    return store.read_sync(lambda conn: watch.standing(conn, "cqm", REFERENCE))


def test_the_open_promises_of_an_organisation_are_listed_by_day(store: Store) -> None:
    file(store)
    listed = store.read_sync(lambda conn: watch.open_clocks(conn, "cqm", True))
    assert [(one["kind"], one["day"]) for one in listed] == [
        ("acknowledge", ACKNOWLEDGE),
        ("respond", RESPOND),
    ]
    one = timedelta(days=1)
    for day, counts in (
        (ACKNOWLEDGE - one, (0, 0, 2)),
        (ACKNOWLEDGE, (0, 1, 1)),
        (ACKNOWLEDGE + one, (1, 0, 1)),
        (RESPOND + one, (2, 0, 0)),
    ):
        counted = store.read_sync(
            lambda conn, d=day: watch.count_owed(conn, "cqm", True, d, RESPOND + one)  # type: ignore[misc]
        )
        assert counted == counts
    only = store.read_sync(lambda conn: watch.open_clocks(conn, "cqm", True, 9, RESPOND, RESPOND))
    assert [row["kind"] for row in only] == ["respond"]
    tell(store, "acknowledged", at(29))
    listed = store.read_sync(lambda conn: watch.open_clocks(conn, "cqm", True))
    assert [one["kind"] for one in listed] == ["respond"]
    rows: list[ClockRow] = store.read_sync(lambda conn: clock_moves.rows_of(conn, "cqm", REFERENCE))
    assert {row.kind: row.state for row in rows}["acknowledge"] == "met"
