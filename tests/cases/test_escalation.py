"""The next stage of a case: what is known for it, what is counted from where, and how the two come to name each other."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from cases import afterwards, audit_check, escalation
from cases.models import cases
from cases.record import CaseRecord
from cases.store import Store
from policy_rules.decide import decide
from policy_rules.decision import Decision
from policy_rules.shelf import PackShelf
from tests.cases.afterlife import tell
from tests.cases.builders import NOW, REFERENCE, a_decision, a_record, file_a_case

SECOND, THIRD = "CQM-0000-0001-1", "CQM-0000-0002-2"
PACKS = PackShelf()


def standing(store: Store, reference: str = REFERENCE) -> afterwards.Standing:
    return store.read_sync(lambda conn: afterwards.standing(conn, "cqm", reference))


def step_of(store: Store, organisation: str = "cqm") -> escalation.NextStep:
    seen = standing(store)
    original = store.read_sync(lambda conn: escalation.original_received_at(conn, seen.record))
    return escalation.next_step(seen.record, seen.events, original, PACKS.get(organisation))


def stage(name: str | None) -> dict[str, Any]:
    return {"decision": a_decision(stage=name)}


class TestWhatIsKnown:
    def test_the_day_of_the_answer_is_that_of_its_event(self, store: Store) -> None:
        file_a_case(store)
        # Half an hour before midnight in summer time is the next day in London.
        tell(store, "responded", datetime(2027, 4, 5, 23, 30, tzinfo=UTC))
        step = step_of(store)
        assert (step.stage_reached, step.previous_response_at) == ("stage_1", "2027-04-06")

    def test_without_an_event_the_person_has_to_say(self, store: Store) -> None:
        file_a_case(store)
        tell(store, "acknowledged")
        assert step_of(store).previous_response_at is None

    def test_an_end_with_an_answer_is_an_answer(self, store: Store) -> None:
        file_a_case(store)
        closing = {"outcome": "not_upheld"}
        tell(store, "closed", datetime(2027, 1, 5, 10, 0, tzinfo=UTC), closing=closing)
        assert step_of(store).previous_response_at == "2027-01-05"

    def test_an_end_without_one_is_none(self, store: Store) -> None:
        file_a_case(store)
        tell(store, "closed", closing={"outcome": "not_pursued"})
        assert step_of(store).previous_response_at is None

    @pytest.mark.parametrize(
        ("organisation", "answered", "reached"),
        [
            ("cqm", "stage_1", "stage_1"),
            ("cqm", "stage_2", "stage_2"),
            ("cqm", "final", "final"),
            ("cipfa", "stage_2", "stage_2"),
            ("cipfa", "stage_3", "final"),
            ("cms", "stage_1", "stage_1"),
            ("cms", "appeal", "final"),
            ("cim", "single", "final"),
            ("cmi", "single", "final"),
        ],
    )
    def test_a_stage_with_no_step_left_counts_as_final(
        self, organisation: str, answered: str, reached: str
    ) -> None:
        record = a_record(**stage(answered))
        assert escalation.stage_after(record, PACKS.get(organisation)) == reached

    @pytest.mark.parametrize(
        ("handler", "who"),
        [
            ("Managing Director (MD)", "md"),
            ("Instructus Chief Executive", "chief_executive"),
            ("Chair of CQM (or nominee)", "chair"),
            ("Director concerned", "director"),
            ("Relevant department manager", "manager"),
            ("Complaints team", None),
        ],
    )
    def test_who_answered_is_read_from_the_handler(self, handler: str, who: str | None) -> None:
        record = a_record(decision=a_decision(handler=handler))
        assert escalation.next_step(record, [], NOW, PACKS.get("cqm")).previous_response_by == who

    def test_nothing_that_was_told_is_asked_again(self) -> None:
        record = a_record(
            facts={"subject": "service", "channel": "phone", "stage_reached": "none", "apprenticeship": True},
            representation={"on_behalf_of": "other", "basis": "none", "consent": "given"},
        )
        known = escalation.seed(record)
        assert known["contact_email"] == "ann@example.org"
        assert (known["subject"], known["apprenticeship"]) == ("service", "true")
        # They have agreed meanwhile; and how this stage comes in is its own.
        assert known["representative_basis"] == "consent"
        assert not {"channel", "stage_reached"} & set(known)


class TestOverallTime:
    def test_cipfas_fifteen_days_run_from_the_first_complaint(self, store: Store) -> None:
        first = datetime(2026, 12, 14, 9, 0, tzinfo=UTC)
        file_a_case(store, received_at=first)
        file_a_case(
            store,
            reference=SECOND,
            conversation_reference=SECOND,
            escalated_from=REFERENCE,
            received_at=datetime(2026, 12, 18, 9, 0, tzinfo=UTC),
        )
        record = standing(store, SECOND).record
        original = store.read_sync(lambda conn: escalation.original_received_at(conn, record))
        assert original == first
        facts = {"nature": "complaint", "subject": "service", "stage_reached": "stage_2"}
        now = datetime(2026, 12, 21, 9, 0, tzinfo=UTC)
        decided = decide(PACKS.get("cipfa"), facts, now, assume=True, original_received_at=original)
        from_now = decide(PACKS.get("cipfa"), facts, now, assume=True, original_received_at=now)
        assert isinstance(decided, Decision)
        assert isinstance(from_now, Decision)
        (aim,) = [clock.due for clock in decided.clocks if clock.kind == "resolve_aim"]
        (late,) = [clock.due for clock in from_now.clocks if clock.kind == "resolve_aim"]
        assert aim is not None
        assert late is not None
        # Fifteen working days after Monday 14 December; a count that began anew would give a later day.
        assert aim.isoformat() == "2027-01-07"
        assert late > aim

    def test_a_chain_that_leads_nowhere_ends_where_it_is(self, store: Store) -> None:
        file_a_case(store, escalated_from=THIRD)
        record = standing(store).record
        assert store.read_sync(lambda conn: escalation.original_received_at(conn, record)) == NOW


class TestBothNameEachOther:
    def test_the_earlier_case_names_the_later_and_is_handed_over_again(self, store: Store) -> None:
        file_a_case(store)
        file_a_case(
            store,
            reference=SECOND,
            conversation_reference=SECOND,
            escalated_from=REFERENCE,
            linked=[REFERENCE],
        )
        first, second = standing(store).record, standing(store, SECOND).record
        assert (first.linked, second.linked, second.escalated_from) == ([SECOND], [REFERENCE], REFERENCE)
        assert store.read_sync(audit_check.verify).breaks == []

    def test_the_earlier_case_knows_its_next_stage_unless_that_was_withdrawn(self, store: Store) -> None:
        file_a_case(store)
        assert standing(store).taken_further is None
        names: dict[str, Any] = {"reference": SECOND, "conversation_reference": SECOND}
        file_a_case(store, **names, escalated_from=REFERENCE, linked=[REFERENCE])
        assert standing(store).taken_further == SECOND
        assert standing(store, SECOND).taken_further is None
        gone = cases.update().where(cases.c.reference == SECOND).values(state="withdrawn")
        store.write_sync(lambda conn: conn.execute(gone))
        assert standing(store).taken_further is None

    def test_a_case_that_was_erased_meanwhile_keeps_nobody_from_filing(self, store: Store) -> None:
        file_a_case(store, escalated_from=THIRD, linked=[THIRD])
        assert standing(store).record.state == "filed"

    def test_a_record_of_before_has_neither(self) -> None:
        """The schema grew by fields that may be missing: what is stored already is still read."""
        kept = a_record().as_json()
        del kept["escalated_from"], kept["possible_duplicates"]
        record = CaseRecord.model_validate(kept)
        assert (record.escalated_from, record.possible_duplicates) == (None, [])
