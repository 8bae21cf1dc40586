"""Time travel: what is due goes, whole and with its files; what is held, open or on its way stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from cases import audit_check
from cases.erasure import OnHold, place_hold
from cases.models import cases, closings, conversations, evidence, metadata, outbox, tombstones
from cases.retention import Due, KeptBack, Periods, due, kept_back, months_before, purge
from cases.store import Store
from tests.cases.builders import NOW, a_filing, say

TWO_YEARS = Periods(closed_months=24, drafts_days=90)


def a_case(
    store: Store, name: str, *, closed_at: datetime | None = NOW, state: str = "filed", **changes: Any
) -> None:
    """A case under this name; closed then, if anything says so."""
    filing = a_filing(reference=name, conversation_reference=name, state=state, **changes)
    say(
        store,
        conversation_id=f"id-{name}",
        key_hash=name,
        reference=name,
        state=state,
        first_told_at=NOW,
        cases=(filing,),
    )
    if closed_at is not None:
        close(store, name, closed_at)


def close(store: Store, name: str, at: datetime) -> None:
    row = {
        "organisation": "cqm",
        "case_reference": name,
        "closed_at": at,
        "by": "staff",
        "outcome": "upheld",
        "remedies": [],
        "details": {},
        "failure_in_assessment": False,
    }

    def write(conn: sa.Connection) -> None:
        conn.execute(closings.insert(), row)
        conn.execute(cases.update().where(cases.c.reference == name).values(progress="closed"))

    store.write_sync(write)


def a_file(store: Store, conversation_id: str, name: str) -> None:
    row = {
        "organisation": "cqm",
        "id": name,
        "conversation_id": conversation_id,
        "name": "letter.pdf",
        "size": 3,
        "sha256": "0" * 64,
        "type": "application/pdf",
        "scan": "clean",
        "at": NOW,
    }
    store.write_sync(lambda conn: conn.execute(evidence.insert(), row))


def names(store: Store, now: datetime, periods: Periods = TWO_YEARS) -> list[str]:
    return [one.reference for one in store.read_sync(lambda conn: due(conn, "cqm", now, periods))]


def test_a_closed_case_goes_when_its_months_are_over_and_not_a_second_before(store: Store) -> None:
    a_case(store, "A", closed_at=NOW)
    over = datetime(2028, 12, 24, 16, 45, tzinfo=UTC)
    assert names(store, over - timedelta(seconds=1)) == []
    assert names(store, over) == ["A"]


def test_without_a_period_nothing_goes(store: Store) -> None:
    a_case(store, "A")
    assert names(store, NOW + timedelta(days=40_000), Periods(None, None)) == []


def test_an_open_case_stays_and_so_does_the_closed_one_from_the_same_conversation(store: Store) -> None:
    a_case(store, "A", closed_at=None)
    a_case(store, "B", closed_at=NOW)
    second = a_filing(reference="B2", conversation_reference="B")
    say(
        store,
        conversation_id="id-B",
        key_hash="B",
        reference="B",
        expected_version=1,
        message_id="m2",
        state="filed",
        cases=(second,),
    )
    later = NOW + timedelta(days=4000)
    assert names(store, later) == []
    close(store, "B2", NOW + timedelta(days=100))
    # From the later of the two.
    assert names(store, NOW + timedelta(days=800)) == []
    assert names(store, later) == ["B"]


@pytest.mark.parametrize("state", ["withdrawn", "signposted", "informal"])
def test_what_ended_without_an_answer_goes_by_when_it_ended(store: Store, state: str) -> None:
    a_case(store, "A", closed_at=None, state=state)
    assert names(store, NOW + timedelta(days=700)) == []
    assert names(store, NOW + timedelta(days=740)) == ["A"]


def test_drafts_go_earlier(store: Store) -> None:
    say(store, conversation_id="d1", key_hash="d1", reference="D", state="draft")
    say(store, conversation_id="d2", key_hash="d2", reference="E", state="abandoned")
    a_case(store, "A")
    assert names(store, NOW + timedelta(days=89)) == []
    assert sorted(names(store, NOW + timedelta(days=90))) == ["D", "E"]


def test_a_hold_and_a_delivery_that_has_not_arrived_keep_a_case_back(store: Store) -> None:
    for name in ("A", "B", "C"):
        a_case(store, name)
    store.write_sync(lambda conn: place_hold(conn, "A", "a claim at the county court", "Ann", NOW))
    waiting = {
        "organisation": "cqm",
        "id": "w",
        "case_reference": "B",
        "kind": "case.filed",
        "target": "rt",
        "state": "dead",
        "attempts": 10,
        "due_at": NOW,
        "created_at": NOW,
    }
    store.write_sync(lambda conn: conn.execute(outbox.insert(), waiting))
    later = NOW + timedelta(days=800)
    assert names(store, later) == ["C"]
    assert store.read_sync(lambda conn: kept_back(conn, "cqm", later, TWO_YEARS)) == [
        KeptBack("A", "hold"),
        KeptBack("B", "handover"),
    ]


def test_a_purge_leaves_a_line_without_a_person_and_a_chain_that_verifies(store: Store) -> None:
    a_case(store, "A", facts={"subject": "exam_result", "nature": "complaint", "centre": "x"})
    a_file(store, "id-A", "f1")
    say(store, conversation_id="d1", key_hash="d1", reference="D", first_told_at=NOW)
    later = NOW + timedelta(days=800)
    found = store.read_sync(lambda conn: due(conn, "cqm", later, TWO_YEARS))
    erased = store.write_sync(lambda conn: purge(conn, found, later))
    assert erased.references == ("A", "D")
    assert erased.files == (("cqm", "f1"),)
    left = store.read_sync(rows_with_words)
    assert left == []
    kept = store.read_sync(lambda conn: conn.execute(sa.select(tombstones).order_by("reference")).all())
    assert [(row.reference, row.because, row.state) for row in kept] == [
        ("A", "retention", "filed"),
        ("D", "retention", "draft"),
    ]
    assert kept[0].facts == {"subject": "exam_result", "nature": "complaint"}
    assert store.read_sync(audit_check.verify).breaks == []


def rows_with_words(conn: sa.Connection) -> list[str]:
    """The tables that still hold something which was told."""
    found = []
    for table in metadata.sorted_tables:
        for row in conn.execute(sa.select(table)):
            if any(word in repr(row) for word in ("tutor", "Ann Evans", "ann@example.org", "letter.pdf")):
                found.append(table.name)
    return found


def test_evidence_may_go_before_its_case_and_the_record_says_so(store: Store) -> None:
    a_case(store, "A", evidence=[{"id": "f1", "name": "letter.pdf"}, {"description": "a letter"}])
    a_file(store, "id-A", "f1")
    periods = Periods(closed_months=24, drafts_days=None, evidence_months=6)
    later = NOW + timedelta(days=200)
    found = store.read_sync(lambda conn: due(conn, "cqm", later, periods))
    assert found == [Due("evidence", "cqm", "id-A", "A", NOW)]
    erased = store.write_sync(lambda conn: purge(conn, found, later))
    assert (erased.references, erased.files) == ((), (("cqm", "f1"),))
    record = store.read_sync(lambda conn: conn.execute(sa.select(cases.c.record)).scalar_one())
    assert [entry["description"] for entry in record["evidence"]] == ["a letter"]
    assert store.read_sync(lambda conn: due(conn, "cqm", later, periods)) == []
    assert store.read_sync(audit_check.verify).breaks == []


def test_a_hold_that_is_placed_meanwhile_stops_the_whole_page(store: Store) -> None:
    a_case(store, "A")
    a_case(store, "B")
    later = NOW + timedelta(days=800)
    found = store.read_sync(lambda conn: due(conn, "cqm", later, TWO_YEARS))
    store.write_sync(lambda conn: place_hold(conn, "B", "a claim", "Ann", later))
    with pytest.raises(OnHold, match="hearout privacy release B"):
        store.write_sync(lambda conn: purge(conn, found, later))
    count = sa.select(sa.func.count()).select_from(conversations)
    assert store.read_sync(lambda conn: conn.execute(count).scalar()) == 2


def test_a_chain_from_which_a_case_went_without_an_entry_is_seen(store: Store) -> None:
    """The planted fault: rows removed by hand."""
    a_case(store, "A")

    def plant(conn: sa.Connection) -> None:
        for table in reversed(metadata.sorted_tables):
            # Tables of the rules can only be added to, and hold nothing of a case.
            if table.name not in ("audit", "audit_heads") and not table.name.startswith("rule_"):
                conn.execute(table.delete())

    store.write_sync(plant)
    breaks = store.read_sync(audit_check.verify).breaks
    assert len(breaks) == 1
    assert "no entry says that it was erased" in breaks[0].what


@pytest.mark.parametrize(
    ("now", "months", "then"),
    [
        (datetime(2027, 3, 31, tzinfo=UTC), 1, datetime(2027, 2, 28, tzinfo=UTC)),
        (datetime(2028, 2, 29, tzinfo=UTC), 12, datetime(2027, 2, 28, tzinfo=UTC)),
        (datetime(2027, 1, 15, tzinfo=UTC), 1, datetime(2026, 12, 15, tzinfo=UTC)),
        (datetime(2027, 12, 15, tzinfo=UTC), 72, datetime(2021, 12, 15, tzinfo=UTC)),
    ],
)
def test_months_are_counted_by_the_calendar(now: datetime, months: int, then: datetime) -> None:
    assert months_before(now, months) == then
