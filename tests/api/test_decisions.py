"""The decisions API: the fixed JSON, what it refuses, and that it keeps nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from policy_rules.shelf import PackShelf
from tests.channels.servers import STRANGER, Running, problem_in

RECEIVED = "2026-12-24T16:45:00+00:00"
SETTLED = {
    "organisation", "settled", "needs", "disposition", "handler", "stage", "stage_name", "acknowledge_by",
    "respond_by", "clocks", "escalate_to", "escalate_within", "contact", "duties", "reasons", "why_not", "assumed",
    "warnings", "policy_version", "policy_sha256", "calendar_version", "readings",
}  # fmt: skip


def decide(server: Running, organisation: str, facts: dict[str, Any], **more: Any) -> dict[str, Any]:
    body = {"facts": facts, "received_at": RECEIVED, **more}
    answer = server.http.post(f"/api/v1/organisations/{organisation}/decisions", json=body)
    assert answer.status_code == 200, answer.text
    decision: dict[str, Any] = answer.json()
    return decision


class TestDecisions:
    @pytest.mark.parametrize("organisation", ["cim", "cipfa", "cmi", "cms", "cqm"])
    def test_with_assume_every_organisation_decides_an_ordinary_complaint(
        self, server: Running, organisation: str
    ) -> None:
        decision = decide(server, organisation, {}, assume=True)
        assert set(decision) == SETTLED
        assert (decision["organisation"], decision["settled"], decision["needs"]) == (organisation, True, [])
        assert set(decision["contact"]) == {"email", "phone", "post", "url"}
        assert decision["assumed"]

    def test_without_assume_it_names_what_it_needs_in_asking_order(self, server: Running) -> None:
        decision = decide(server, "cim", {"nature": "complaint"})
        order = PackShelf().get("cim").pack.ask_order
        assert decision["settled"] is False
        assert decision["needs"] == [fact for fact in order if fact in decision["needs"]]
        assert "assumed" not in decision

    def test_booleans_dates_and_null_are_read_as_json_has_them(self, server: Running) -> None:
        facts = {
            "nature": "complaint",
            "subject": "study_centre",
            "centre_procedure_exhausted": False,
            "previous_response_at": "2026-12-01",
            "nation": None,
        }
        assert decide(server, "cim", facts, assume=True)["disposition"] == "signpost"
        facts["centre_procedure_exhausted"] = True
        assert decide(server, "cim", facts, assume=True)["disposition"] == "accept"

    def test_the_receipt_of_an_escalation_and_of_the_complaint_may_differ(self, server: Running) -> None:
        facts = {"stage_reached": "stage_1"}
        early = decide(server, "cqm", facts, assume=True, original_received_at="2026-10-01T09:00:00+01:00")
        assert early["settled"] is True

    def test_what_has_happened_since_dates_the_clocks_that_wait_for_it(self, server: Running) -> None:
        waiting = decide(server, "cqm", {"nature": "complaint"}, assume=True)
        answered = {"response_received_at": "2027-01-08", "acknowledged_at": None}
        dated = decide(server, "cqm", {"nature": "complaint"}, assume=True, events=answered)
        window = [clock for clock in waiting["clocks"] if clock["from"] == "response_received"]
        assert [clock["due"] for clock in window] == [None]
        # Fifteen working days after Friday 8 January 2027.
        assert [c["due"] for c in dated["clocks"] if c["from"] == "response_received"] == ["2027-01-29"]
        assert {k: v for k, v in dated.items() if k != "clocks"} == {
            k: v for k, v in waiting.items() if k != "clocks"
        }

    def test_nothing_is_stored(self, server: Running) -> None:
        before = server.stored()
        decide(server, "cim", {}, assume=True)
        assert server.stored() == before


BAD: list[tuple[str, Any, int, str | None, str | None]] = [
    ("unknown fact", {"facts": {"subjct": "service"}}, 422, "facts.subjct", "subject"),
    ("unknown value", {"facts": {"subject": "exam_resul"}}, 422, "facts.subject", "exam_result"),
    ("value of the wrong type", {"facts": {"subject": 3}}, 422, "facts.subject", None),
    ("value a list", {"facts": {"subject": ["service"]}}, 422, "facts.subject", None),
    ("value an object", {"facts": {"subject": {"a": 1}}}, 422, "facts.subject", None),
    (
        "a word for a date",
        {"facts": {"previous_response_at": "soon"}},
        422,
        "facts.previous_response_at",
        None,
    ),
    (
        "a year out of range",
        {"facts": {"previous_response_at": "0001-01-01"}},
        422,
        "facts.previous_response_at",
        None,
    ),
    ("NUL in a value", {"facts": {"subject": "ser\x00vice"}}, 422, "facts.subject", "service"),
    ("NUL in a name", {"facts": {"sub\x00ject": "service"}}, 422, "facts.sub\x00ject", "subject"),
    ("facts of the wrong type", {"facts": ["subject"]}, 422, "facts", None),
    ("no facts", {"facts": ...}, 422, "facts", None),
    ("no receipt", {"received_at": ...}, 422, "received_at", None),
    ("receipt without offset", {"received_at": "2026-12-24T16:45:00"}, 422, "received_at", None),
    ("receipt a date", {"received_at": "2026-12-24"}, 422, "received_at", None),
    ("receipt a number", {"received_at": 1766594700}, 422, "received_at", None),
    ("first told without offset", {"first_told_at": "2026-12-24T16:45:00"}, 422, "first_told_at", None),
    (
        "an unknown event",
        {"events": {"acknowleged_at": "2026-12-29"}},
        422,
        "events.acknowleged_at",
        "acknowledged_at",
    ),
    (
        "an event without offset",
        {"events": {"acknowledged_at": "2026-12-29T09:00:00"}},
        422,
        "events.acknowledged_at",
        None,
    ),
    ("an event that is no time", {"events": {"resolved_at": 3}}, 422, "events.resolved_at", None),
    ("events of the wrong type", {"events": ["acknowledged_at"]}, 422, "events", None),
    ("assume a word", {"assume": "yes"}, 422, "assume", None),
    ("assume a number", {"assume": 1}, 422, "assume", None),
    ("an unknown field", {"asume": True}, 422, "asume", "assume"),
]


class TestBadInput:
    @pytest.mark.parametrize(
        ("change", "status", "where", "nearest"), [row[1:] for row in BAD], ids=[row[0] for row in BAD]
    )
    def test_it_is_named_with_its_place_and_the_nearest_right_one(
        self, server: Running, change: dict[str, Any], status: int, where: str | None, nearest: str | None
    ) -> None:
        body = {"facts": {}, "received_at": RECEIVED, **change}
        body = {name: value for name, value in body.items() if value is not ...}
        problem = problem_in(server.http.post("/api/v1/organisations/cim/decisions", json=body), status)
        assert (problem.get("where"), problem.get("nearest")) == (where, nearest)

    def test_an_unknown_organisation_is_a_404_with_the_nearest(self, server: Running) -> None:
        body = {"facts": {}, "received_at": RECEIVED}
        problem = problem_in(server.http.post("/api/v1/organisations/cqn/decisions", json=body), 404)
        assert problem["nearest"] == "cqm"

    @pytest.mark.parametrize(
        "body", [b"{", b"", b"hello", b'{"facts": {}, "received_at": "x"', b"[]", b"null"]
    )
    def test_a_body_that_is_no_json_object_is_refused(self, server: Running, body: bytes) -> None:
        answer = server.http.post(
            "/api/v1/organisations/cim/decisions", content=body, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code in (400, 422)
        problem_in(answer, answer.status_code)

    def test_bytes_that_are_no_text_are_refused(self, server: Running) -> None:
        answer = server.http.post(
            "/api/v1/organisations/cim/decisions",
            content=b'{"facts": {"subject": "\xff\xfe"}, "received_at": "x"}',
            headers={"Content-Type": "application/json"},
        )
        problem_in(answer, 400)

    def test_a_megabyte_is_refused(self, server: Running) -> None:
        body = {"facts": {"subject": "x" * 1_000_000}, "received_at": RECEIVED}
        problem_in(server.http.post("/api/v1/organisations/cim/decisions", json=body), 413)

    def test_a_stranger_is_refused_before_the_body_is_read(self, server: Running) -> None:
        answer = server.http.post(
            "/api/v1/organisations/cim/decisions", content=b"{", headers={"X-Forwarded-For": STRANGER}
        )
        problem_in(answer, 401)


class TestOrganisations:
    def test_each_is_listed_with_its_contacts_and_hours(self, server: Running) -> None:
        found = server.http.get("/api/v1/organisations").json()
        assert [one["id"] for one in found] == PackShelf().ids()
        cim = next(one for one in found if one["id"] == "cim")
        assert set(cim) == {"id", "name", "short_name", "contacts", "hours"}
        assert set(cim["contacts"]["complaints"]) == {"name", "email", "phone", "post", "url"}
        assert "rule" not in json.dumps(found)
