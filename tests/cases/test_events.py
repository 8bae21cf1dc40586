"""What becomes of a case: each event, what it does to the clocks, and what it may not do."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from cases import audit_check, closing, events, notes, repeats, watch
from cases.effects import BadMoment, CannotHappen, NotAllowed
from cases.events import Moved, NoSuchCase
from cases.models import audit, case_events, cases, idempotency_keys
from cases.models import clocks as clock_rows
from cases.repeats import OtherRequest
from cases.store import Store
from cases.told import KINDS
from policy_rules.deadlines import Stop, due
from policy_rules.errors import ExtensionRefused
from policy_rules.pack import Clock
from tests.cases.afterlife import EXTENSION, RECEIVED, SYSTEM, at, clocks, file, flexible, pack, request, tell
from tests.cases.builders import REFERENCE, a_decision

ANSWERED = {
    "outcome": "upheld",
    "cause": "delay",
    "remedies": ["apology"],
    "lesson": "Check the post twice a day.",
}


def case(store: Store) -> Any:
    return store.read_sync(lambda conn: conn.execute(sa.select(cases)).one())


def run_out(store: Store, moment: datetime) -> None:
    """The watch has seen that promises were not kept."""
    calendar = pack().calendar
    until = watch.horizons(watch.today_of(moment, calendar), (), calendar)
    found = store.read_sync(lambda conn: watch.to_warn(conn, "cqm", until))
    store.write_sync(lambda conn: watch.warn(conn, found, moment))
    assert clocks(store)["respond"].state == "missed"


def listing(store: Store) -> list[dict[str, Any]]:
    return store.read_sync(lambda conn: events.listing(conn, "cqm", REFERENCE))


class TestKeptInTime:
    def test_an_acknowledgement_meets_its_clock_and_moves_the_case(self, store: Store) -> None:
        file(store)
        kept = tell(store, "acknowledged", at(29))
        assert (kept["number"], kept["version"], kept["progress"]) == (1, 2, "acknowledged")
        (moved,) = kept["clocks"]
        assert (moved["kind"], moved["was"], moved["state"]) == ("acknowledge", "running", "met")
        row = clocks(store)["acknowledge"]
        assert (row.state, row.met_at) == ("met", at(29))
        assert (case(store).version, case(store).progress) == (2, "acknowledged")

    @pytest.mark.parametrize(
        ("moment", "state"),
        [(at(30, 23, 59, second=59), "met"), (at(31, 0, 0), "missed")],
    )
    def test_a_promise_lasts_until_its_last_day_is_over(
        self, store: Store, moment: datetime, state: str
    ) -> None:
        file(store)
        tell(store, "acknowledged", moment)
        assert clocks(store)["acknowledge"].state == state

    def test_in_summer_the_day_ends_an_hour_before_midnight_in_greenwich(self, store: Store) -> None:
        july = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
        clock = {**a_decision()["clocks"][0], "due": "2026-07-03"}
        file(store, received_at=july, first_told_at=july, decision=a_decision(clocks=[clock]))
        tell(store, "acknowledged", datetime(2026, 7, 3, 23, 30, tzinfo=UTC))
        assert clocks(store)["acknowledge"].state == "missed"

    def test_what_was_done_in_time_and_told_late_was_kept(self, store: Store) -> None:
        file(store)
        overdue = clock_rows.update().where(clock_rows.c.kind == "acknowledge").values(state="missed")
        store.write_sync(lambda conn: conn.execute(overdue))
        tell(store, "acknowledged", at(30), now=at(4, month=1))
        assert clocks(store)["acknowledge"].state == "met"
        assert listing(store)[0]["recorded_at"] == at(4, month=1).isoformat()

    def test_an_answer_acknowledges_too_and_opens_the_complainants_window(self, store: Store) -> None:
        file(store)
        tell(store, "responded", at(29))
        rows = clocks(store)
        assert (rows["acknowledge"].state, rows["respond"].state) == ("met", "met")
        # Ten calendar days from the day of the answer, which is not counted.
        assert (rows["escalate"].due, rows["escalate"].state) == (date(2027, 1, 8), "running")
        assert case(store).progress == "responded"

    def test_an_acknowledgement_told_after_the_answer_brings_nothing_back(self, store: Store) -> None:
        file(store)
        tell(store, "responded", at(29))
        tell(store, "acknowledged", at(28), now=at(30))
        assert case(store).progress == "responded"
        assert clocks(store)["acknowledge"].met_at == at(29)

    def test_a_clock_that_waits_for_the_acknowledgement_gets_its_day(self, store: Store) -> None:
        decision = a_decision()
        decision["clocks"][1] |= {"from": "acknowledged", "due": None, "amount": 5}
        file(store, decision=decision)
        tell(store, "acknowledged", at(29))
        assert clocks(store)["respond"].due == date(2027, 1, 6)

    def test_a_clock_of_the_packs_own_is_fulfilled_by_name(self, store: Store) -> None:
        decision = a_decision()
        decision["clocks"][1] |= {"kind": "inform_of_results"}
        file(store, decision=decision)
        tell(store, "fulfilled", clock="inform_of_results")
        assert clocks(store)["inform_of_results"].state == "met"
        with pytest.raises(CannotHappen, match="met already"):
            tell(store, "fulfilled", at(30), clock="inform_of_results")

    def test_an_early_exit_that_is_taken_in_time_ends_every_other_promise(self, store: Store) -> None:
        decision = a_decision()
        decision["clocks"][0] |= {"kind": "settle_early", "early_exit": True}
        file(store, decision=decision)
        tell(store, "resolved", at(30))
        assert {kind: row.state for kind, row in clocks(store).items() if row.by == "organisation"} == {
            "settle_early": "met",
            "respond": "stopped",
        }


class TestWhatCannotHappen:
    @pytest.mark.parametrize(
        ("moment", "now"), [(at(23), at(29)), (at(29, 10, 3), at(29, 10, 0))], ids=["before it came", "ahead"]
    )
    def test_an_event_lies_between_the_receipt_and_the_present(
        self, store: Store, moment: datetime, now: datetime
    ) -> None:
        file(store)
        with pytest.raises(BadMoment):
            tell(store, "acknowledged", moment, now=now)
        assert listing(store) == []
        assert case(store).version == 1

    def test_an_event_is_told_once(self, store: Store) -> None:
        file(store)
        tell(store, "acknowledged", at(29))
        with pytest.raises(CannotHappen, match="told before"):
            tell(store, "acknowledged", at(30))

    def test_a_case_that_is_not_there(self, store: Store) -> None:
        with pytest.raises(NoSuchCase):
            tell(store, "acknowledged")

    def test_a_case_of_another_organisation_is_not_there(self, store: Store) -> None:
        file(store)
        told = KINDS["acknowledged"].validate_python({"kind": "acknowledged"})
        other = repeats.Request("cim", "k", "a", "f", REFERENCE)
        with pytest.raises(NoSuchCase):
            store.write_sync(lambda conn: events.tell(conn, other, None, told, SYSTEM, at(29), pack()))

    def test_an_unknown_clock_is_told_with_the_nearest_one(self, store: Store) -> None:
        file(store)
        with pytest.raises(NotAllowed, match="Did you mean 'respond'") as refused:
            tell(store, "fulfilled", clock="respnd")
        assert refused.value.allowed == ("acknowledge", "respond")

    def test_nothing_happens_to_a_closed_case_but_reopening(self, store: Store) -> None:
        file(store)
        tell(store, "closed", closing=ANSWERED)
        for kind, more in (
            ("acknowledged", {}),
            ("closed", {"closing": ANSWERED}),
            ("paused", {"reason": "x"}),
        ):
            with pytest.raises(CannotHappen):
                tell(store, kind, at(30), **more)


class TestTheEnd:
    def test_an_answer_settles_every_clock_and_is_recorded(self, store: Store) -> None:
        file(store)
        tell(store, "closed", at(4, month=1), closing={**ANSWERED, "failure_in_assessment": True})
        rows = clocks(store)
        assert (rows["acknowledge"].state, rows["respond"].state) == ("missed", "met")
        assert rows["escalate"].due is not None
        found = store.read_sync(lambda conn: closing.find(conn, "cqm", REFERENCE))
        assert found is not None
        assert (found["outcome"], found["remedies"], found["failure_in_assessment"]) == (
            "upheld",
            ["apology"],
            True,
        )
        assert found["lesson"] == ANSWERED["lesson"]

    def test_without_an_answer_nothing_is_owed_any_more(self, store: Store) -> None:
        file(store)
        tell(store, "acknowledged", at(29))
        tell(store, "closed", at(30), closing={"outcome": "withdrawn"})
        rows = clocks(store)
        assert (rows["acknowledge"].state, rows["respond"].state) == ("met", "stopped")
        assert rows["respond"].met_at is None

    def test_a_reopened_case_is_where_it_was_and_its_days_are_the_same(self, store: Store) -> None:
        file(store)
        tell(store, "acknowledged", at(29))
        before = clocks(store)
        tell(store, "closed", at(30), closing={"outcome": "not_pursued"})
        kept = tell(store, "reopened", at(31), reason="She wrote again.")
        assert kept["progress"] == "acknowledged"
        assert clocks(store) == before
        assert store.read_sync(lambda conn: closing.find(conn, "cqm", REFERENCE)) is None
        tell(store, "responded", at(4, month=1))
        assert [event["kind"] for event in listing(store)] == [
            "acknowledged",
            "closed",
            "reopened",
            "responded",
        ]

    @pytest.mark.parametrize(
        ("told", "says"),
        [
            ({"outcome": "upheld"}, "needs a cause"),
            ({"outcome": "won"}, "Input should be"),
            ({"outcome": "resolved", "remedies": ["none", "refund"]}, "'none' alone"),
            ({"outcome": "resolved", "remedies": ["refund", "refund"]}, "each remedy once"),
            ({"outcome": "withdrawn", "failure_in_assessment": True}, "ended without an answer"),
            ({"outcome": "resolved", "lesson": "x" * 4001}, "at most 4000"),
            ({"outcome": "resolved", "mood": "good"}, "Extra inputs"),
        ],
    )
    def test_a_closing_is_checked(self, told: dict[str, Any], says: str) -> None:
        with pytest.raises(ValueError, match=says):
            closing.Closing.model_validate(told)


class TestStandingStill:
    def test_only_where_the_policy_lets_it(self, store: Store) -> None:
        file(store)
        with pytest.raises(NotAllowed, match="does not let any"):
            tell(store, "paused", reason="We wait for the centre.")

    def test_a_clock_that_may_not_stop_is_named(self, store: Store) -> None:
        file(store, decision=flexible())
        with pytest.raises(NotAllowed, match="'acknowledge'") as refused:
            tell(store, "paused", reason="We wait.", clocks=["acknowledge"])
        assert refused.value.allowed == ("respond",)

    @pytest.mark.parametrize(
        ("first", "until"),
        [
            (at(29), at(31)),
            (at(29), at(29, 15)),
            (at(4, month=1), at(28, month=1)),
            (at(25, month=1), at(3, month=2)),
        ],
        ids=["two days", "the same day", "past its day", "past its day from shortly before"],
    )
    def test_its_day_moves_as_the_policy_counts_and_the_first_one_is_kept(
        self, store: Store, first: datetime, until: datetime
    ) -> None:
        file(store, decision=flexible(due="2027-01-25", amount=19))
        tell(store, "paused", first, reason="We wait for the centre.")
        assert clocks(store)["respond"].state == "paused"
        tell(store, "resumed", until)
        clock = Clock.model_validate(
            {"id": "r", "kind": "respond", "clause": "c", "says": "s", "from": "received", "amount": 19,
             "unit": "working_day", "force": "will", "may_stop": True}
        )  # fmt: skip
        last = date.fromordinal(until.date().toordinal() - 1)
        stops = [Stop(first.date(), last)] if last >= first.date() else []
        calendar = pack().calendar
        assert due(clock, {"received": RECEIVED}, calendar) == date(2027, 1, 25)
        row = clocks(store)["respond"]
        assert (row.state, row.due) == ("running", due(clock, {"received": RECEIVED}, calendar, stops))
        assert row.promised == (date(2027, 1, 25) if stops else None)

    def test_an_answer_ends_a_standstill(self, store: Store) -> None:
        file(store, decision=flexible())
        tell(store, "paused", at(29), reason="We wait for the centre.")
        tell(store, "responded", at(30))
        row = clocks(store)["respond"]
        assert (row.state, row.paused_at, row.stops) == (
            "met",
            None,
            [{"first": "2026-12-29", "last": "2026-12-29"}],
        )

    @pytest.mark.parametrize("kind", ["responded", "closed"])
    def test_an_answer_during_a_long_standstill_is_in_time(self, store: Store, kind: str) -> None:
        """The last day moves on while the clock stands still, so it cannot have passed meanwhile."""
        file(store, decision=flexible())
        tell(store, "paused", at(25, month=1), reason="We wait for the centre.")
        more: dict[str, Any] = {"closing": ANSWERED} if kind == "closed" else {}
        tell(store, kind, at(5, month=2), **more)
        row = clocks(store)["respond"]
        assert (row.state, row.promised) == ("met", date(2027, 1, 26))
        # Two days were left on 25 January.
        assert row.due == date(2027, 2, 8)

    def test_closed_while_it_stood_still_it_has_the_days_that_were_left_when_it_runs_again(
        self, store: Store
    ) -> None:
        file(store, decision=flexible())
        tell(store, "paused", at(25, month=1), reason="We wait for the centre.")
        tell(store, "closed", at(27, month=1), closing={"outcome": "withdrawn"})
        ended = clocks(store)["respond"]
        assert (ended.state, ended.paused_at, ended.due) == ("stopped", None, date(2027, 1, 26))
        tell(store, "reopened", at(15, month=2), reason="She wrote again.")
        row = clocks(store)["respond"]
        assert (row.state, row.due, row.promised) == ("running", date(2027, 2, 16), date(2027, 1, 26))
        assert row.stops == [{"first": "2027-01-25", "last": "2027-02-14"}]
        # It can stand still again, and nothing is counted twice.
        tell(store, "paused", at(16, month=2), reason="We wait again.")
        tell(store, "resumed", at(17, month=2))
        assert clocks(store)["respond"].due == date(2027, 2, 17)

    def test_closed_and_reopened_on_the_day_on_which_it_stood_still_nothing_moves(self, store: Store) -> None:
        file(store, decision=flexible())
        tell(store, "paused", at(29, 9), reason="We wait.")
        tell(store, "closed", at(29, 10), closing={"outcome": "not_pursued"})
        tell(store, "reopened", at(29, 11), reason="It was closed by mistake.")
        row = clocks(store)["respond"]
        assert (row.state, row.due, row.promised, row.stops) == ("running", date(2027, 1, 26), None, [])

    def test_a_standstill_of_a_day_in_time_may_be_told_after_the_promise_ran_out(self, store: Store) -> None:
        file(store, decision=flexible())
        run_out(store, at(27, month=1))
        tell(store, "paused", at(25, month=1), now=at(28, month=1), reason="We wait for the centre.")
        assert clocks(store)["respond"].state == "paused"
        tell(store, "resumed", at(28, month=1), now=at(28, 12, month=1))
        assert clocks(store)["respond"].due == date(2027, 1, 29)
        assert clocks(store)["respond"].state == "running"

    def test_a_promise_that_was_broken_before_cannot_stand_still(self, store: Store) -> None:
        file(store, decision=flexible())
        run_out(store, at(27, month=1))
        with pytest.raises(CannotHappen, match="running"):
            tell(store, "paused", at(27, month=1), reason="We wait.")

    def test_the_same_days_are_not_stood_still_twice(self, store: Store) -> None:
        file(store, decision=flexible())
        tell(store, "paused", at(29), reason="We wait.")
        tell(store, "resumed", at(4, month=1))
        with pytest.raises(BadMoment, match="already"):
            tell(store, "paused", at(30), now=at(4, 12, month=1), reason="We waited.")
        tell(store, "paused", at(4, 12, month=1), reason="We wait again from the day on which it ran.")

    def test_a_clock_that_gets_its_day_while_it_stands_still_has_all_its_days_afterwards(
        self, store: Store
    ) -> None:
        decision = flexible(**{"from": "acknowledged", "due": None})
        file(store, decision=decision)
        tell(store, "paused", at(28), reason="We wait for the centre.")
        tell(store, "acknowledged", at(30))
        calendar = pack().calendar
        assert clocks(store)["respond"].due == calendar.add(date(2026, 12, 30), 20, "working_day")
        tell(store, "resumed", at(6, month=1))
        # Day 1 would have been 31 December: it stood still from there to 5 January, three working days.
        row = clocks(store)["respond"]
        assert row.due == calendar.add(date(2027, 1, 5), 20, "working_day")
        assert row.stops == [{"first": "2026-12-31", "last": "2027-01-05"}]

    def test_what_does_not_stand_still_cannot_be_resumed(self, store: Store) -> None:
        file(store, decision=flexible())
        with pytest.raises(CannotHappen, match="No clock"):
            tell(store, "resumed")


class TestExtended:
    def test_agreed_in_time_and_told_late_it_is_agreed(self, store: Store) -> None:
        file(store, decision=flexible())
        run_out(store, at(27, month=1))
        late = at(28, month=1)
        tell(
            store,
            "extended",
            at(26, 15, month=1),
            now=late,
            to="2027-02-05",
            reason="Two witnesses are away.",
        )
        row = clocks(store)["respond"]
        assert (row.state, row.due) == ("running", date(2027, 2, 5))

    def test_how_far_it_goes_is_counted_from_the_day_before_the_first_extension(self, store: Store) -> None:
        """A pause had moved that day already; what was promised first of all is not the measure."""
        twice = {**EXTENSION, "times": 2}
        file(store, decision=flexible(extension=twice))
        tell(store, "paused", at(29), reason="We wait.")
        tell(store, "resumed", at(6, month=1))
        before = clocks(store)["respond"].due
        assert before is not None
        limit = pack().calendar.add(before, 10, "working_day")
        tell(store, "extended", at(7, month=1), to="2027-02-05", reason="A witness is away.")
        late = date.fromordinal(limit.toordinal() + 1).isoformat()
        with pytest.raises(ExtensionRefused, match=str(limit)):
            tell(store, "extended", at(8, month=1), to=late, reason="Another one too.")
        tell(store, "extended", at(8, month=1), to=limit.isoformat(), reason="Another one too.")
        assert clocks(store)["respond"].due == limit

    def test_the_day_moves_and_the_first_promise_is_never_untold(self, store: Store) -> None:
        file(store, decision=flexible())
        kept = tell(store, "extended", at(29), to="2027-02-05", reason="Two witnesses are away.")
        assert kept["data"]["must_tell"] == ["the reason"]
        row = clocks(store)["respond"]
        assert (row.due, row.promised, row.extensions) == (date(2027, 2, 5), date(2027, 1, 26), 1)
        assert row.extended_reason == "Two witnesses are away."
        with pytest.raises(ExtensionRefused, match="the limit"):
            tell(store, "extended", at(30), to="2027-02-08", reason="More.")
        tell(store, "paused", at(30), reason="We wait.")
        tell(store, "resumed", at(31))
        assert clocks(store)["respond"].promised == date(2027, 1, 26)

    @pytest.mark.parametrize(
        ("decision", "to", "clock", "why"),
        [
            (flexible(), "2027-02-10", "respond", "last day that the policy allows"),
            (flexible(), "2027-01-26", "respond", "no later than"),
            (flexible(), "2027-01-05", "acknowledge", "has no extension"),
            (a_decision(), "2027-02-05", "respond", "has no extension"),
        ],
    )
    def test_only_as_far_as_the_policy_lets_it(
        self, store: Store, decision: dict[str, Any], to: str, clock: str, why: str
    ) -> None:
        file(store, decision=decision)
        with pytest.raises(ExtensionRefused, match=why):
            tell(store, "extended", to=to, reason="Because.", clock=clock)

    def test_a_promise_is_extended_before_it_is_broken(self, store: Store) -> None:
        file(store, decision=flexible())
        with pytest.raises(ExtensionRefused, match="ran out"):
            tell(store, "extended", at(27, month=1), to="2027-02-05", reason="Late.")


class TestSentAgain:
    def test_a_request_whose_answer_was_lost_is_done_once_and_answered_alike(self, store: Store) -> None:
        file(store)
        first = tell(store, "acknowledged", key="a", seen=frozenset({1}))
        # The case is at version 2 now: it is the answer that counts, not what the writer had seen.
        again = tell(store, "acknowledged", key="a", seen=frozenset({1}))
        assert again == first
        assert len(listing(store)) == 1

    def test_that_is_the_work_of_the_kept_answer(self, store: Store) -> None:
        file(store)
        tell(store, "fulfilled", key="a", clock="acknowledge")
        store.write_sync(lambda conn: conn.execute(idempotency_keys.delete()))
        with pytest.raises(CannotHappen):
            tell(store, "fulfilled", key="a", clock="acknowledge")

    def test_a_key_stands_for_one_request(self, store: Store) -> None:
        file(store)
        tell(store, "acknowledged", key="a")
        with pytest.raises(OtherRequest):
            tell(store, "closed", key="a", closing=ANSWERED)

    def test_an_answer_is_kept_for_four_days(self, store: Store) -> None:
        file(store)
        tell(store, "acknowledged", key="a")
        tell(store, "responded", at(4, month=1), key="a")
        assert len(listing(store)) == 2

    def test_a_refused_request_leaves_its_key_free(self, store: Store) -> None:
        file(store)
        with pytest.raises(Moved):
            tell(store, "acknowledged", key="a", seen=frozenset({7}))
        tell(store, "acknowledged", key="a", seen=frozenset({1}))

    def test_a_note_sent_again_is_written_once(self, store: Store) -> None:
        file(store)
        answers = [
            store.write_sync(
                lambda conn: notes.tell(conn, request("n"), None, "Rang her.", None, SYSTEM, at(29))
            )
            for _ in range(2)
        ]
        assert [answer.again for answer in answers] == [False, True]
        (note,) = store.read_sync(lambda conn: notes.listing(conn, "cqm", REFERENCE))
        assert (note["text"], note["by"]) == ("Rang her.", "Case system")

    def test_without_its_kept_answer_a_note_would_stand_there_twice(self, store: Store) -> None:
        file(store)
        for _ in range(2):
            store.write_sync(
                lambda conn: notes.tell(conn, request("n"), None, "Rang her.", None, SYSTEM, at(29))
            )
            store.write_sync(lambda conn: conn.execute(idempotency_keys.delete()))
        assert len(store.read_sync(lambda conn: notes.listing(conn, "cqm", REFERENCE))) == 2


class TestAtTheSameTime:
    def test_of_two_writers_who_saw_the_same_version_one_is_refused(self, store: Store) -> None:
        file(store)
        assert self._both(store, seen=frozenset({1}), key=lambda n: f"k{n}") == ["Moved", "kept"]
        assert len(listing(store)) == 1

    def test_the_same_request_twice_at_once_is_done_once(self, store: Store) -> None:
        file(store)
        assert self._both(store, seen=None, key=lambda n: "same") == ["kept", "kept"]
        assert len(listing(store)) == 1

    @staticmethod
    def _both(store: Store, *, seen: frozenset[int] | None, key: Any) -> list[str]:
        gate, ended = threading.Barrier(2), []

        def write(number: int) -> None:
            gate.wait()
            try:
                tell(store, "acknowledged", key=key(number), seen=seen)
                ended.append("kept")
            except Moved as refused:
                ended.append(type(refused).__name__)

        threads = [threading.Thread(target=write, args=(n,)) for n in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sorted(ended)


class TestForGood:
    def test_an_event_cannot_be_changed(self, store: Store) -> None:
        file(store)
        tell(store, "acknowledged")
        with pytest.raises(DBAPIError, match="never changed"):
            store.write_sync(lambda conn: conn.execute(case_events.update().values(by="nobody")))

    def test_the_trail_says_which_key_told_it_and_stays_whole(self, store: Store) -> None:
        file(store)
        tell(store, "acknowledged")
        entry = store.read_sync(
            lambda conn: conn.execute(sa.select(audit).order_by(audit.c.number.desc())).first()
        )
        assert entry is not None
        assert (entry.action, entry.actor, entry.caller) == ("case.acknowledged", "system", "abcdefgh")
        assert store.read_sync(lambda conn: audit_check.verify(conn)).breaks == []

    def test_another_caller_in_the_trail_is_found(self, store: Store) -> None:
        file(store)
        tell(store, "acknowledged")

        def tamper(conn: sa.Connection) -> None:
            if store.dialect == "postgresql":
                conn.exec_driver_sql("ALTER TABLE audit DISABLE TRIGGER USER")
            else:
                conn.exec_driver_sql("DROP TRIGGER audit_no_update")
            conn.exec_driver_sql("UPDATE audit SET caller = 'somebody' WHERE caller IS NOT NULL")
            if store.dialect == "postgresql":
                conn.exec_driver_sql("ALTER TABLE audit ENABLE TRIGGER USER")

        store.write_sync(tamper)
        assert len(store.read_sync(lambda conn: audit_check.verify(conn)).breaks) == 1

    def test_events_notes_and_answers_are_erased_with_a_case(self, store: Store) -> None:
        file(store)
        tell(store, "closed", closing=ANSWERED)

        def erase(conn: sa.Connection) -> None:
            events.erase(conn, "cqm", REFERENCE)
            notes.erase(conn, "cqm", REFERENCE)
            repeats.erase(conn, "cqm", REFERENCE)

        store.write_sync(erase)
        assert listing(store) == []
        assert store.read_sync(lambda conn: conn.execute(sa.select(idempotency_keys)).first()) is None
