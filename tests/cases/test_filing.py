"""A case comes into being with its clocks and its outbox rows, or not at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from cases import models, outbox
from cases.conversations import DuplicateMessage, ReferenceTaken
from cases.store import Store
from tests.cases.builders import NOW, REFERENCE, a_decision, a_filing, a_record, file_a_case, say

LINKED = "CQM-1111-1111-1"


def _rows(store: Store, table: sa.Table) -> list[dict[str, Any]]:
    return store.read_sync(lambda conn: [dict(row._mapping) for row in conn.execute(sa.select(table))])


def test_a_case_has_its_row_its_clocks_and_one_delivery_for_each_target(store: Store) -> None:
    file_a_case(store, targets=("folder", "email"))
    (case,) = _rows(store, models.cases)
    assert (case["reference"], case["disposition"], case["stage"]) == (REFERENCE, "accept", "stage_1")
    assert (case["acknowledge_by"], case["respond_by"]) == (date(2026, 12, 30), date(2027, 1, 26))
    assert case["record"] == a_record().as_json()
    assert case["policy_sha256"] == "ab" * 32
    clocks = _rows(store, models.clocks)
    assert {(clock["kind"], clock["due"]) for clock in clocks} == {
        ("acknowledge", date(2026, 12, 30)),
        ("respond", date(2027, 1, 26)),
        ("escalate", None),
    }
    rows = _rows(store, models.outbox)
    assert {(row["target"], row["kind"], row["state"]) for row in rows} == {
        ("folder", "case.filed", "pending"),
        ("email", "case.filed", "pending"),
    }
    assert len({row["id"] for row in rows}) == 2


def test_two_matters_become_two_linked_cases(store: Store) -> None:
    first, second = a_filing(linked=[LINKED]), a_filing(reference=LINKED, linked=[REFERENCE])
    say(store, state="filed", cases=(first, second), targets=("folder",))
    assert {row["conversation_reference"] for row in _rows(store, models.cases)} == {REFERENCE}
    assert len(_rows(store, models.outbox)) == 2
    assert len(_rows(store, models.clocks)) == 6


def test_a_signposted_person_who_still_complains_keeps_the_reference(store: Store) -> None:
    away = a_filing(state="signposted", decision=a_decision(disposition="signpost", clocks=[]))
    say(store, state="signposted", cases=(away,), targets=("folder",))
    later = NOW + timedelta(minutes=5)
    say(
        store,
        expected_version=1,
        message_id="m2",
        state="filed",
        cases=(a_filing(still_complain=True),),
        targets=("folder",),
        at=later,
    )
    (case,) = _rows(store, models.cases)
    assert (case["state"], case["created_at"], case["record"]["still_complain"]) == ("filed", NOW, True)
    assert len(_rows(store, models.clocks)) == 3
    assert [row["kind"] for row in _rows(store, models.outbox)] == ["case.signposted", "case.filed"]


def test_words_that_are_added_to_a_case_leave_its_clocks_as_they_stand(store: Store) -> None:
    file_a_case(store)
    met = models.clocks.update().where(models.clocks.c.kind == "acknowledge").values(state="met", met_at=NOW)
    store.write_sync(lambda conn: conn.execute(met))
    before = _rows(store, models.clocks)
    added = replace(a_filing(flags=["harm"]), event="case.updated")
    here = {"conversation_id": f"c-{REFERENCE}", "key_hash": f"k-{REFERENCE}"}
    say(store, **here, expected_version=1, message_id="m2", state="filed", cases=(added,))
    assert _rows(store, models.clocks) == before
    (case,) = _rows(store, models.cases)
    assert (case["record"]["flags"], case["version"]) == (["harm"], 2)


def test_a_linked_case_cannot_take_a_reference_in_use(store: Store) -> None:
    say(store, conversation_id="other", key_hash="other", reference=LINKED)
    with pytest.raises(ReferenceTaken):
        say(store, state="filed", cases=(a_filing(), a_filing(reference=LINKED)), targets=("folder",))
    assert _rows(store, models.cases) == []
    assert _rows(store, models.outbox) == []
    assert [row["id"] for row in _rows(store, models.conversations)] == ["other"]


def test_a_case_that_cannot_be_written_takes_the_whole_turn_with_it(store: Store) -> None:
    clock = a_decision()["clocks"][0]
    double = a_filing(decision=a_decision(clocks=[clock, clock]))
    with pytest.raises(sa.exc.IntegrityError):
        say(store, state="filed", cases=(double,), targets=("folder",))
    for table in (models.conversations, models.messages, models.cases, models.clocks, models.outbox):
        assert _rows(store, table) == [], table.name


def test_a_case_without_a_receipt_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="no receipt"):
        say(store, state="filed", cases=(a_filing(received_at=None),))


def test_a_repeated_filing_turn_makes_no_second_delivery(store: Store) -> None:
    file_a_case(store)
    with pytest.raises(DuplicateMessage):
        file_a_case(store)
    assert store.read_sync(lambda conn: outbox.waiting(conn, NOW)).due == 1
