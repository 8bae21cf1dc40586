"""A misrouted case goes where it belongs, with its receipt, its first promises and what was done already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from cases import audit_check, clock_moves, events, outbox, rerouting
from cases.clock_moves import ClockRow
from cases.effects import CannotHappen, NotAllowed
from cases.events import Writer
from cases.models import cases
from cases.record import CaseRecord
from cases.rerouting import NothingChanges
from cases.store import Store
from cases.told import KINDS
from policy_rules.decide import decide, parse_facts
from policy_rules.decision import Decision
from policy_rules.errors import UnknownValue
from policy_rules.shelf import PackShelf
from tests.cases.builders import REFERENCE, file_a_case

PACK = PackShelf().get("cqm")
RECEIVED = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
LATER = RECEIVED + timedelta(days=2)
STAFF = Writer("R. Ahmed", "staff", "abcdefgh")
SERVICE = {"nature": "complaint", "subject": "service", "stage_reached": "none"}


def decided(facts: Mapping[str, str]) -> Decision:
    found = decide(PACK, parse_facts(PACK, dict(facts)), RECEIVED, assume=True)
    assert isinstance(found, Decision)
    return found


def file(store: Store, facts: Mapping[str, str] = SERVICE) -> None:
    decision = decided(facts)
    file_a_case(
        store,
        received_at=RECEIVED,
        first_told_at=RECEIVED,
        facts=dict(facts),
        decision=decision.as_json(),
        calendar_version=decision.calendar_version,
    )


def reroute(store: Store, reason: str = "It is about a director", **changes: str) -> dict[str, Any]:
    return store.write_sync(
        lambda conn: rerouting.reroute(
            conn, events.lock(conn, "cqm", REFERENCE), changes, reason, STAFF, LATER, PACK, ("folder",)
        )
    )


def tell(store: Store, kind: str, **more: Any) -> None:
    told = KINDS[kind].validate_python({"kind": kind, "at": LATER, **more})
    store.write_sync(
        lambda conn: events.record(conn, events.lock(conn, "cqm", REFERENCE), told, STAFF, LATER, PACK)
    )


def clocks(store: Store) -> dict[str, ClockRow]:
    return clock_moves.by_kind(store.read_sync(lambda conn: clock_moves.rows_of(conn, "cqm", REFERENCE)))


def row(store: Store) -> Any:
    return store.read_sync(lambda conn: conn.execute(sa.select(cases)).one())


def test_the_case_is_as_if_it_had_been_sent_there_at_its_receipt(store: Store) -> None:
    file(store)
    expected = decided({**SERVICE, "subject": "director"})
    assert expected.handler != decided(SERVICE).handler  # or this would show nothing
    event = reroute(store, subject="director")
    kept = row(store)
    record = CaseRecord.model_validate(kept.record)
    assert (kept.handler, kept.respond_by, kept.version) == (
        expected.handler,
        expected.respond_by,
        event["version"],
    )
    assert kept.received_at == RECEIVED
    assert record.facts["subject"] == "director"
    assert record.decision == expected.as_json()
    assert "about_director" in record.restricted_because
    assert event["data"]["facts"] == {"subject": {"was": "service", "is": "director"}}
    assert event["data"]["was"]["handler"] == decided(SERVICE).handler
    assert event["data"]["reason"] == "It is about a director"
    assert store.read_sync(lambda conn: events.listing(conn, "cqm", REFERENCE))[0]["kind"] == "rerouted"


def test_every_clock_is_the_new_decisions_and_first_promises_stay(store: Store) -> None:
    file(store)
    before = clocks(store)
    reroute(store, subject="director")
    wanted = {clock.kind: clock for clock in decided({**SERVICE, "subject": "director"}).clocks}
    after = clocks(store)
    for kind, clock in wanted.items():
        assert after[kind].due == clock.due, kind
        if kind in before and before[kind].due != clock.due:
            assert after[kind].promised == before[kind].due, kind
    for kind in before.keys() - wanted.keys():
        if before[kind].by == "organisation":
            assert after[kind].state == "stopped", kind


def test_what_was_done_already_stays_done(store: Store) -> None:
    file(store)
    tell(store, "acknowledged")
    done = clocks(store)["acknowledge"]
    reroute(store, subject="director")
    assert clocks(store)["acknowledge"] == done


def test_a_clock_that_was_missed_runs_again_where_the_new_day_is_still_to_come(store: Store) -> None:
    file(store)
    late = replace(clocks(store)["respond"], state="missed", due=date(2026, 12, 2))
    first = list(clocks(store).values())
    store.write_sync(
        lambda conn: clock_moves.write(
            conn, "cqm", REFERENCE, first, [late if one.kind == "respond" else one for one in first]
        )
    )
    reroute(store, subject="director")
    again = clocks(store)["respond"]
    assert (again.state, again.promised) == ("running", date(2026, 12, 2))


ELSEWHERE = {"nature": "enquiry"}


@pytest.mark.parametrize("kind", ["acknowledged", "responded", "resolved", "recorded"])
def test_what_happens_after_a_promise_was_dropped_is_kept_all_the_same(store: Store, kind: str) -> None:
    """The record tells of the new decision's clocks alone; the rows of the others are still there."""
    file(store)
    reroute(store, **ELSEWHERE)
    dropped = clocks(store)
    assert {row.state for row in dropped.values()} == {"stopped"}, "or this would show nothing"
    tell(store, kind)
    tell(store, "closed", closing={"outcome": "resolved"})
    tell(store, "reopened", reason="She wrote again.")
    assert clocks(store) == dropped


def test_a_dropped_promise_may_not_be_put_off(store: Store) -> None:
    file(store)
    reroute(store, **ELSEWHERE)
    with pytest.raises(CannotHappen, match="is stopped"):
        tell(store, "extended", to="2027-02-01", reason="A witness is away.")
    with pytest.raises(NotAllowed):
        tell(store, "paused", reason="We wait.")


def test_each_place_is_handed_the_case_again_and_the_trail_holds(store: Store) -> None:
    file(store)
    reroute(store, subject="director")
    kinds = [one["kind"] for one in store.read_sync(outbox.listing)]
    assert kinds.count("case.rerouted") == 1
    assert store.read_sync(audit_check.verify).breaks == []


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [({"subject": "service"}, NothingChanges), ({"subject": "directr"}, UnknownValue)],
)
def test_what_changes_nothing_or_is_unknown_is_refused_and_nothing_is_kept(
    store: Store, changes: dict[str, str], refusal: type[Exception]
) -> None:
    file(store)
    before = row(store)
    with pytest.raises(refusal):
        reroute(store, **changes)
    assert row(store) == before


def test_a_closed_case_stays_where_it_is(store: Store) -> None:
    file(store)
    tell(store, "closed", closing={"outcome": "upheld", "cause": "unknown"})
    with pytest.raises(CannotHappen, match="reopen it first"):
        reroute(store, subject="director")


def test_a_look_at_what_would_come_of_it_changes_nothing(store: Store) -> None:
    file(store)
    record = CaseRecord.model_validate(row(store).record)
    assert rerouting.proposed(record, {"subject": "director"}, PACK) == decided(
        {**SERVICE, "subject": "director"}
    )
    assert row(store).version == 1


def test_a_decision_made_as_of_today_would_be_caught(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def as_of_today(compiled: Any, facts: Any, received_at: datetime, **more: Any) -> Any:
        return decide(compiled, facts, received_at + timedelta(days=2), **more)

    monkeypatch.setattr(rerouting, "decide", as_of_today)
    file(store)
    reroute(store, subject="director")
    assert row(store).respond_by != decided({**SERVICE, "subject": "director"}).respond_by
