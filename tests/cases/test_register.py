"""The register shows every conversation that has a reference, whatever became of it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from cases.record import CaseRecord
from cases.references import UnknownReference
from cases.register import list_cases, show
from cases.store import Store
from tests.cases.builders import NOW, REFERENCE, a_filing, file_a_case, say

LINKED = "CQM-1111-1111-1"
LATER = "CIM-2222-2222-2"


def test_drafts_cases_and_linked_cases_of_all_organisations_are_listed(store: Store) -> None:
    first, second = a_filing(linked=[LINKED]), a_filing(reference=LINKED, linked=[REFERENCE])
    say(store, state="filed", cases=(first, second), first_told_at=NOW)
    say(store, organisation="cim", reference=LATER, state="withdrawn", at=NOW + timedelta(days=1))
    listed = json.loads(json.dumps(store.read_sync(list_cases)))
    assert [(case["reference"], case["state"], case["linked"]) for case in listed] == [
        (REFERENCE, "filed", [LINKED]),
        (LINKED, "filed", [REFERENCE]),
        (LATER, "withdrawn", []),
    ]
    assert listed[0]["respond_by"] == "2027-01-26"
    assert listed[0]["received_at"] == "2026-12-24T16:45:00+00:00"
    assert listed[1]["conversation_reference"] == REFERENCE
    assert (listed[2]["organisation"], listed[2]["received_at"], listed[2]["handler"]) == ("cim", None, None)


def test_nothing_kept_is_an_empty_list(store: Store) -> None:
    assert store.read_sync(list_cases) == []


def test_a_case_is_shown_with_every_word_of_its_conversation(store: Store) -> None:
    file_a_case(store)
    shown = json.loads(json.dumps(store.read_sync(lambda conn: show(conn, REFERENCE))))
    assert shown["narrative"] == a_filing().record.narrative
    assert shown["messages"] == [
        {
            "seq": 1,
            "role": "complainant",
            "text": "My tutor lost my work.",
            "at": "2026-12-24T16:45:00+00:00",
        },
        {"seq": 2, "role": "assistant", "text": "When did that happen?", "at": "2026-12-24T16:45:00+00:00"},
    ]
    assert set(shown) == {*CaseRecord.model_fields, "messages"}


def test_a_linked_case_is_shown_with_the_same_conversation(store: Store) -> None:
    say(store, state="filed", cases=(a_filing(), a_filing(reference=LINKED)))
    shown = store.read_sync(lambda conn: show(conn, LINKED))
    assert shown["reference"] == LINKED
    assert len(shown["messages"]) == 2


def test_a_draft_has_the_same_keys_filled_with_what_is_known(store: Store) -> None:
    data = {
        "facts": {"subject": "service", "on_behalf_of": "self"},
        "answers": {"story": "It  was\nlate.", "complainant_name": "Ann", "custom_question": "yes"},
        "flags": ["harm"],
        "language": "cy",
        "whatever_else_the_dialogue_keeps": {"pending": "effect"},
    }
    say(store, data=data, first_told_at=NOW, recorded_by="Sam", channel="phone", said_role="staff")
    shown = store.read_sync(lambda conn: show(conn, REFERENCE))
    assert set(shown) == {*CaseRecord.model_fields, "messages"}
    assert (shown["state"], shown["channel"], shown["recorded_by"], shown["language"]) == (
        "draft",
        "phone",
        "Sam",
        "cy",
    )
    assert shown["narrative"] == "It  was\nlate."
    assert shown["complainant"]["name"] == "Ann"
    assert shown["answers"] == {"custom_question": "yes"}
    assert shown["flags"] == ["harm"]
    assert shown["first_told_at"] == "2026-12-24T16:45:00+00:00"
    assert shown["privacy_notice_version"] == "1"
    for unknown in ("received_at", "filed_at", "decision", "effect", "still_complain"):
        assert shown[unknown] is None
    assert shown["messages"][0]["role"] == "staff"


def test_an_unknown_reference_says_so(store: Store) -> None:
    with pytest.raises(UnknownReference, match="CQM-9999"):
        store.read_sync(lambda conn: show(conn, "CQM-9999-9999-9"))
