"""The published case record: its schema is committed, every key is always there."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from pydantic import ValidationError

from cases import record
from cases.record import CaseRecord, record_fields
from tests.cases.builders import a_filing, a_record

SCHEMA = Path(record.__file__).with_name("case.schema.json")


def test_the_committed_schema_is_the_models() -> None:
    assert json.loads(SCHEMA.read_text()) == record.case_schema(), (
        "cases/case.schema.json is out of date; write it anew from cases.record.case_schema()"
    )


def test_a_record_satisfies_the_schema_with_every_key() -> None:
    made = a_record().as_json()
    jsonschema.validate(made, json.loads(SCHEMA.read_text()), format_checker=jsonschema.FormatChecker())
    assert set(made) == set(CaseRecord.model_fields)
    assert made["received_at"] == "2026-12-24T16:45:00+00:00"
    assert made["effect"] is None


def test_an_unknown_key_is_refused_by_model_and_schema() -> None:
    with pytest.raises(ValidationError):
        a_record(mood="cross")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**a_record().as_json(), "mood": "cross"}, json.loads(SCHEMA.read_text()))


def test_a_receipt_without_offset_is_refused() -> None:
    with pytest.raises(ValidationError):
        a_record(received_at="2026-12-24T16:45:00")


def test_clocks_come_from_the_decision() -> None:
    rows = a_filing().clock_rows()
    assert [(row["kind"], row["by"], str(row["due"])) for row in rows] == [
        ("acknowledge", "organisation", "2026-12-30"),
        ("respond", "organisation", "2027-01-26"),
        ("escalate", "complainant", "None"),
    ]
    assert {row["state"] for row in rows} == {"running"}


def test_answers_fill_their_fields_and_the_rest_stays_by_question_id() -> None:
    fields = record_fields(
        {"on_behalf_of": "other", "representative_basis": "deceased", "complainant_type": "public"},
        {
            "story": "Verbatim. ",
            "complainant_name": "Ann",
            "contact_email": "ann@example.org",
            "representative_name": "Bob",
            "effect": None,
            "adjustments": "",
            "evidence": "letters",
            "still_complain": "true",
            "shoe_size": "9",
        },
    )
    made = a_record(**fields)
    assert made.narrative == "Verbatim. "
    assert made.complainant.name == "Ann"
    assert made.complainant.email == "ann@example.org"
    assert made.complainant.type == "public"
    assert made.representation.representative_name == "Bob"
    assert made.representation.consent == "not_needed"
    assert (made.effect, made.adjustments) == (None, None)
    assert made.evidence[0].description == "letters"
    assert made.still_complain is True
    assert made.answers == {"shoe_size": "9"}


@pytest.mark.parametrize(
    ("facts", "consent"),
    [
        ({}, None),
        ({"on_behalf_of": "self"}, "not_needed"),
        ({"on_behalf_of": "other"}, "pending"),
        ({"on_behalf_of": "other", "representative_basis": "none"}, "pending"),
        ({"on_behalf_of": "other", "representative_basis": "consent"}, "given"),
        ({"on_behalf_of": "other", "representative_basis": "unable"}, "not_needed"),
    ],
)
def test_consent_is_pending_until_it_is_shown(facts: dict[str, str], consent: str | None) -> None:
    assert record_fields(facts, {})["representation"]["consent"] == consent
