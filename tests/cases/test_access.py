"""A person is found by what they would give, and what is held of them is gathered without what is not theirs."""

from __future__ import annotations

import json

import pytest

from cases.access import Wanted, export, find
from cases.erasure import place_hold
from cases.models import contact_changes
from cases.references import UnknownReference
from cases.store import Store
from tests.cases.builders import NOW, REFERENCE, file_a_case, say


@pytest.fixture
def people(store: Store) -> Store:
    file_a_case(
        store,
        complainant={"name": "Ann  Evans", "email": "Ann@Example.org", "phone": "+44 (0)1604 555 012"},
    )
    file_a_case(
        store,
        reference="CQM-2",
        conversation_reference="CQM-2",
        complainant={"name": "Bob Lee", "email": "bob@example.org"},
        representation={"on_behalf_of": "other", "representative_name": "Ann Evans"},
    )
    draft = {"answers": {"contact_email": "ann@example.org", "complainant_name": "A. Evans"}}
    say(store, conversation_id="c3", key_hash="k3", reference="CQM-3", data=draft)
    said = "Write to ann@example.org or ring 01604 555012, she knows."
    say(store, conversation_id="c4", key_hash="k4", reference="CQM-4", said=said)
    return store


def found(store: Store, **wanted: str) -> dict[str, tuple[str, ...]]:
    return {match.reference: match.by for match in store.read_sync(lambda conn: find(conn, Wanted(**wanted)))}


def test_a_person_is_found_by_e_mail_in_cases_drafts_and_words(people: Store) -> None:
    assert found(people, email=" ANN@example.org") == {
        REFERENCE: ("email",),
        "CQM-3": ("email",),
        "CQM-4": ("mentioned",),
    }


@pytest.mark.parametrize("phone", ["01604 555012", "+44 1604 555012", "00441604555012"])
def test_a_telephone_number_is_the_same_however_it_is_written(people: Store, phone: str) -> None:
    assert found(people, phone=phone) == {REFERENCE: ("phone",), "CQM-4": ("mentioned",)}


def test_a_name_finds_whoever_complained_or_wrote_for_somebody(people: Store) -> None:
    assert found(people, name="ann evans") == {REFERENCE: ("name",), "CQM-2": ("name",)}


def test_name_and_reference_together_say_what_each_found(people: Store) -> None:
    assert found(people, name="Ann Evans", reference=REFERENCE) == {
        REFERENCE: ("name", "reference"),
        "CQM-2": ("name",),
    }
    assert found(people, reference="CQM-99") == {}


def test_a_request_about_nobody_is_refused_with_what_is_wanted(people: Store) -> None:
    with pytest.raises(ValueError, match="say whom"):
        found(people)
    with pytest.raises(ValueError, match="too few digits"):
        found(people, phone="999")


def test_an_address_that_was_put_right_since_is_still_found(people: Store) -> None:
    change = {"organisation": "cqm", "case_reference": "CQM-2", "number": 1, "field": "email"}
    row = {**change, "old": "old@example.org", "new": "bob@example.org", "at": NOW}
    people.write_sync(lambda conn: conn.execute(contact_changes.insert(), row))
    assert found(people, email="Old@example.org") == {"CQM-2": ("mentioned",)}


def test_a_percent_sign_finds_nobody_else(people: Store) -> None:
    assert found(people, email="%") == {}


def test_a_hold_is_shown_with_the_match(people: Store) -> None:
    people.write_sync(lambda conn: place_hold(conn, "CQM-3", "a claim", "Zoe", NOW))
    matches = people.read_sync(lambda conn: find(conn, Wanted(email="ann@example.org")))
    assert {match.reference: match.held for match in matches} == {
        REFERENCE: False,
        "CQM-3": True,
        "CQM-4": False,
    }


def test_the_export_holds_the_words_the_record_and_who_was_told_and_no_secret(people: Store) -> None:
    people.write_sync(lambda conn: place_hold(conn, REFERENCE, "the claim that we fear", "Zoe", NOW))
    whole = people.read_sync(lambda conn: export(conn, [REFERENCE, "CQM-3", REFERENCE], NOW))
    assert whole["references"] == [REFERENCE, "CQM-3"]
    first = whole["conversations"][0]
    assert first["records"][0]["complainant"]["name"] == "Ann  Evans"
    assert first["messages"][0]["text"] == "My tutor lost my work."
    assert [row["target"] for row in first["rest"]["outbox"]] == ["folder"]
    text = json.dumps(whole)
    assert "key_hash" not in text
    assert "the claim that we fear" not in text
    assert "Bob" not in text


def test_an_export_of_what_is_not_there_is_refused(people: Store) -> None:
    with pytest.raises(UnknownReference):
        people.read_sync(lambda conn: export(conn, ["CQM-99"], NOW))
